"""WebDataset: reads tar archives of samples, each a few members that follow each other and share the name up to the first dot."""

import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from evidense.boundary.files import MIB, opened, regular
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput, UnsafeInput
from evidense.reading.lines import LONGEST_LINE, decoded
from evidense.reading.tables.delimited import listed
from evidense.reading.tables.rows import json_object
from evidense.values.item import PICTURE_ENDINGS

PICTURE = "picture"
"""Column of a row with the place of a picture: name of the member, first byte, bytes, time of the archive's last change in nanoseconds."""
_WHAT = "a tar archive"
_NAME = re.compile(r"(?!__[^/.]*__[/.])((?:.*/)?[^./][^./]*)\.([^/]*)", re.DOTALL)
_LONGEST_HEADER = MIB
_HEADERS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)  # fmt: skip
_COPY = "fetch or write the archive again"


def rows(path: Path, mistakes: list[str]) -> Iterator[dict[str, Any] | None]:
    """Yield a row a sample: `_id`, `title`, `text`, and the place of its picture; None for one whose members hold mistakes.

    KEY.txt is the text, KEY.json an object with `_id`, `title`, `text`, each of which may be missing; KEY.png, KEY.jpg … the picture. Without
    `_id` the id is KEY. Other members are passed over, as are folders, names that begin with
    a dot, and __META__.

    Raises:
        UnsafeInput: a member is a link or a device, has a path out of the archive, or is too large.
        InvalidInput: the archive cannot be read, is damaged, or ends too early; or it is packed and holds pictures.
        Both name the archive and the member.
    """
    with _opened(path) as (archive, changed_ns):
        sample, n_samples = None, 0
        for member in _members(archive, path):
            match = _NAME.fullmatch(member.name)
            if match is None:
                continue
            key, kind = match[1], match[2].lower()
            if sample is None or sample.key != key:
                if sample is not None:
                    yield sample.row(mistakes)
                n_samples += 1
                sample = _Sample(path, key)
            sample.add(kind, member, archive, changed_ns)
        if sample is not None:
            yield sample.row(mistakes)


@dataclass
class _Sample:
    """The members of one key that were read so far."""

    path: Path
    key: str
    kinds: list[str] = field(default_factory=list)
    parts: dict[str, bytes] = field(default_factory=dict)
    pictures: list[list[Any]] = field(default_factory=list)

    def add(self, kind: str, member: tarfile.TarInfo, archive: tarfile.TarFile, changed_ns: int | None) -> None:
        """Read a text, or note the place of a picture."""
        self.kinds.append(kind)
        if kind in ("json", "txt"):
            if member.size > LONGEST_LINE:
                raise UnsafeInput(
                    f"'{self.path}': {member.name!r} has {member.size:,} bytes; expected at most {LONGEST_LINE:,}; cut it"
                )
            self.parts[kind] = cast(IO[bytes], archive.extractfile(member)).read()
        elif f".{kind}" in PICTURE_ENDINGS:
            if changed_ns is None:
                raise InvalidInput(
                    f"'{self.path}' is packed and holds the picture {member.name!r}; expected a plain .tar where there are pictures; unpack it with gunzip"
                )
            self.pictures.append([member.name, member.offset_data, member.size, changed_ns])

    def row(self, mistakes: list[str]) -> dict[str, Any] | None:
        """Return the row; None after adding mistakes."""
        n_before, place = len(mistakes), f"{self.path.name} {self.key!r}"
        cells = self._cells(mistakes)
        if len(self.pictures) > 1 or len(set(self.kinds)) < len(self.kinds):
            mistakes.append(f"{place}: the members {listed(self.kinds)}; expected each once, and one picture; remove the others")  # fmt: skip
        if self.pictures:
            cells[PICTURE] = self.pictures[0]
            cells.setdefault("text", "")
        elif "text" not in cells and "title" not in cells:
            mistakes.append(
                f"{place}: no text and no picture; found {listed(self.kinds)}; expected KEY.txt, KEY.json with `text`, or a picture; add it"
            )
        return None if len(mistakes) > n_before else cells

    def _cells(self, mistakes: list[str]) -> dict[str, Any]:
        cells: dict[str, Any] = {"_id": self.key}
        texts = {kind: decoded(raw, f"{self.path.name} '{self.key}.{kind}'", self.path, mistakes) for kind, raw in self.parts.items()}  # fmt: skip
        if "json" in texts:
            stated = json_object(texts["json"], f"{self.path.name} '{self.key}.json'", mistakes) or {}
            cells |= {name: stated[name] for name in ("_id", "title", "text") if name in stated}
        if "txt" in texts:
            if "text" in cells and cells["text"] != texts["txt"]:
                mistakes.append(f"{self.path.name} {self.key!r}: the texts of .json and .txt differ; expected one text; remove the other")  # fmt: skip
            cells["text"] = texts["txt"]
        return cells


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tarfile.TarFile, int | None]]:
    """Open an archive; yield it with the time of its last change, None if it is packed."""
    is_packed = path.suffix == ".gz"
    with (opened if is_packed else regular)(path, _WHAT) as file, foreign(str(path), f"Expected {_WHAT}; {_COPY}."):
        changed_ns = None if is_packed else path.stat().st_mtime_ns
        with tarfile.open(fileobj=file, mode="r|" if is_packed else "r:", tarinfo=_Strict) as archive:
            yield archive, changed_ns


def _members(archive: tarfile.TarFile, path: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the regular files of an archive, with checked paths."""
    end = -1
    while (member := archive.next()) is not None:
        cast(Any, archive).members = []  # it would keep all of them
        if archive.offset <= end or member.size < 0:
            raise tarfile.ReadError(f"the size of {member.name!r} is damaged")
        end = archive.offset
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise UnsafeInput(f"'{path}': {member.name!r} is a link, a device or a sparse file; expected regular files; {_COPY}")  # fmt: skip
        member.name = member.name.removeprefix("./")
        pieces = PurePosixPath(member.name)
        if pieces.is_absolute() or ".." in pieces.parts or "\0" in member.name or "\\" in member.name:
            raise UnsafeInput(f"'{path}' holds the path {member.name!r}; expected paths inside the archive; {_COPY}")
        yield member


class _Strict(tarfile.TarInfo):
    """A member whose damaged or missing successor is an error: tarfile ends there without a word."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Strict":
        info = super().frombuf(buf, encoding, errors)
        if info.size < 0 or (info.type in _HEADERS and info.size > _LONGEST_HEADER):
            raise tarfile.ReadError(f"a header states {info.size:,} bytes")
        return info

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "_Strict":
        try:
            return super().fromtarfile(archive)
        except tarfile.HeaderError as error:
            if type(error).__name__ == "EOFHeaderError":  # a block of zeros, the end of a whole archive
                raise
            raise tarfile.ReadError(f"it ends too early or is damaged at byte {archive.offset:,}: {error}") from None
