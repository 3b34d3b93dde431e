"""Item: what is encoded, a text, a picture, or both."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evidense.boundary.files import regular
from evidense.errors import InvalidInput

Modality = Literal["text", "image", "image+text"]


PICTURE_ENDINGS = frozenset(
    (
        ".png",
        ".jpg",
        ".jpeg",
        ".jfif",
        ".webp",
        ".gif",
        ".bmp",
        ".tif",
        ".tiff",
        ".svg",
        ".avif",
        ".ppm",
        ".pgm",
        ".ico",
    )
)
"""Endings of file names that show that a file is a picture."""


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file inside an archive that is not packed: a range of the archive's bytes."""

    archive: Path
    name: str
    start: int
    size_bytes: int
    changed_ns: int
    """When the archive was last changed, as it was opened, in nanoseconds."""

    def __str__(self) -> str:
        return f"{self.archive}/{self.name}"

    def read(self) -> bytes:
        """Return the bytes.

        Raises:
            InvalidInput: the archive cannot be read, or has changed since it was opened.
        """
        with regular(self.archive, "a tar archive") as file:
            if os.fstat(file.fileno()).st_mtime_ns != self.changed_ns:
                raise InvalidInput(
                    f"{self.archive} changed while it was being read (the time of its last change is another); expected the same file; start again"
                )
            file.seek(self.start)
            return file.read(self.size_bytes)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as encoded bytes (PNG, JPEG, SVG …), in memory, or in a file or an archive that is read on access."""

    source: Path | ArchiveMember | bytes

    def read(self) -> bytes:
        """Return the encoded bytes, unchanged.

        Raises:
            InvalidInput: the file is not there, cannot be read, or is a device or pipe, which need not end.
        """
        if isinstance(self.source, bytes):
            return self.source
        if isinstance(self.source, ArchiveMember):
            return self.source.read()
        with regular(self.source, "an image file") as file:
            return file.read()

    def sha256(self) -> str:
        """Return the sha256 of the encoded bytes, in hexadecimal."""
        return hashlib.sha256(self.read()).hexdigest()


@dataclass(frozen=True, slots=True)
class Item:
    """One query or one document.

    >>> Item("q1", "a text").modality
    'text'
    """

    id: str
    text: str | None = None
    picture: Picture | None = None

    @property
    def modality(self) -> Modality:
        """Say which of text and picture this item has.

        Raises:
            InvalidInput: it has neither.
        """
        match (self.text is not None, self.picture is not None):
            case (True, False):
                return "text"
            case (False, True):
                return "image"
            case (True, True):
                return "image+text"
        raise InvalidInput(f"item '{self.id}' has neither text nor picture; expected one or both; drop it or fill it")

    @property
    def is_empty(self) -> bool:
        """Say whether it has a text of nothing but white space, and no picture."""
        return self.text is not None and not self.text.strip() and self.picture is None

    def content_key(self) -> str:
        """Return a sha256 of what is encoded (not of the id): equal keys are encoded once."""
        return self.digest().hex()

    def digest(self) -> bytes:
        """Return the bytes of `content_key`."""
        if self.picture is None and self.text is not None:
            return text_digest(self.text)
        text = b"t" + self.text.encode() if self.text is not None else b"-"
        picture = b"\0p" + bytes.fromhex(self.picture.sha256()) if self.picture is not None else b"\0-"
        return hashlib.sha256(text + picture).digest()


def text_digest(text: str) -> bytes:
    """Return the `digest` of an item with this text and no picture."""
    return hashlib.sha256(b"t%b\0-" % text.encode()).digest()
