"""Remote: the part of a store that lies in a bucket (s3://, gs://, az://) or wherever fsspec reaches.

Nothing here needs a lock: an object is published whole under its name, and objects of equal names have equal content.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from evidense.boundary.disk import HALF, disk_errors, temporary
from evidense.errors import EvidenseError, InvalidInput, MissingExtra, StoreUnreachable
from evidense.records import canonical_json

LAYOUT = 1
"""Version of the names in a remote store. It is raised if an older Evidense could not read them."""
MARKER = "evidense-store.json"
_EXTRAS = {
    "s3": ("s3", "s3fs"), "s3a": ("s3", "s3fs"), "gs": ("gs", "gcsfs"), "gcs": ("gs", "gcsfs"), "az": ("az", "adlfs"), "abfs": ("az", "adlfs"),
    "abfss": ("az", "adlfs"),
}  # fmt: skip
_WHOLE = frozenset({*_EXTRAS, "memory"})
"""Schemes that show an object whole or not at all. Elsewhere it is written beside its name and renamed."""
_AT_ONCE = 16
"""Requests at a time."""
_CLIENTS = frozenset({"aiobotocore", "aiohttp", "azure", "botocore", "fsspec", "gcsfs", "google", "s3fs", "adlfs", "urllib3"})  # fmt: skip


def is_remote(address: str) -> bool:
    """Say whether an address is one of fsspec rather than a path.

    >>> is_remote("s3://bucket/team"), is_remote("/data/store"), is_remote("~/store")
    (True, False, False)
    """
    scheme, separator, _ = address.partition("://")
    return bool(separator) and scheme.isalnum()


class Sent(NamedTuple):
    """A file and its name in the remote store."""

    name: str
    path: Path


@dataclass(frozen=True)
class Remote:
    """The objects below an address."""

    address: str
    files: Any
    """The file system of fsspec."""
    base: str
    id: str = ""
    """Drawn when the store was made: a bucket that was emptied and used again is another store."""

    def read(self, name: str) -> bytes | None:
        """Return an object; None if there is none.

        Raises:
            StoreUnreachable: the store does not answer, or forbids it.
        """
        with self.errors():
            try:
                return bytes(self.files.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def fetch(self, wanted: Iterable[tuple[str, Path]], is_whole: Callable[[str, Path], bool]) -> None:
        """Download objects to files, each whole or not at all, several at a time. What is missing stays missing; a damaged object is removed.

        Raises:
            StoreUnreachable: the store does not answer.
            StoreError: the disk is full.
        """
        self._at_once(lambda pair: self._fetch(pair[0], pair[1], is_whole), wanted)

    def _fetch(self, name: str, target: Path, is_whole: Callable[[str, Path], bool]) -> None:
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        with temporary(target.parent) as half:
            if not self._downloaded(name, half):
                return
            if is_whole(name, half):
                with disk_errors(target):
                    os.replace(half, target)
                return
        with suppress(StoreUnreachable):
            self.remove([name])

    def _downloaded(self, name: str, target: Path) -> bool:
        with self.errors():
            try:
                self.files.get_file(self._path(name), str(target))
            except FileNotFoundError:
                return False
        return True

    def write(self, name: str, data: bytes) -> None:
        """Publish bytes under a name, all of them or nothing.

        Raises:
            StoreUnreachable: the store does not answer, or forbids it.
        """
        self._publish(name, lambda path: self.files.pipe_file(path, data))

    def send(self, files: Iterable[Sent]) -> None:
        """Publish files, several at a time; those that are there in their size already are left out.

        Raises:
            StoreUnreachable: the store does not answer, or forbids it.
        """
        self._at_once(self._send, files)

    def size(self, name: str) -> int | None:
        """Return the size of an object in bytes; None if there is none."""
        with self.errors():
            try:
                return int(self.files.info(self._path(name))["size"])
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        """Return the names of all objects below a folder, sorted."""
        with self.errors():
            try:
                found = self.files.find(self._path(folder))
            except FileNotFoundError:
                return []
        beginning = self._path("")
        return sorted(n.removeprefix(beginning) for n in found if not n.rpartition("/")[2].startswith(HALF))

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects, if they are there."""
        with self.errors():
            for name in names:
                with suppress(FileNotFoundError):
                    self.files.rm_file(self._path(name))

    def _send(self, file: Sent) -> None:
        if self.size(file.name) != file.path.stat().st_size:
            self._publish(file.name, lambda path: self.files.put_file(str(file.path), path))

    def _publish(self, name: str, put: Callable[[str], object]) -> None:
        path = self._path(name)
        with self.errors():
            if self.scheme in _WHOLE:
                put(path)
                return
            folder = path.rpartition("/")[0]
            self.files.makedirs(folder, exist_ok=True)
            half = f"{folder}/{HALF}{secrets.token_hex(8)}"
            put(half)
            self.files.mv(half, path)

    def _at_once(self, do: Callable[[Any], object], things: Iterable[Any]) -> None:
        several = list(things)
        if len(several) < 2:
            for thing in several:
                do(thing)
            return
        with ThreadPoolExecutor(min(_AT_ONCE, len(several))) as pool:
            list(pool.map(do, several))

    @property
    def scheme(self) -> str:
        """Return the scheme of the address, such as s3."""
        return self.address.partition("://")[0]

    def _path(self, name: str) -> str:
        return f"{self.base.rstrip('/')}/{name}"

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what the client of a store raises into an error that says what to do.

        Raises:
            StoreUnreachable: no bucket, no credentials, no permission, no answer.
        """
        try:
            yield
        except EvidenseError:
            raise
        except Exception as error:
            if (
                not isinstance(error, OSError | TimeoutError)
                and type(error).__module__.partition(".")[0] not in _CLIENTS
            ):
                raise
            raise StoreUnreachable(f"the store '{self.address}' {_reason(error)}") from None


@cache
def remote_at(address: str) -> Remote:
    """Open the remote store at an address, or make it; one process asks once.

    Raises:
        MissingExtra: the library for this kind of address is not installed.
        InvalidInput: an address of another kind, or a store of another layout.
        StoreUnreachable: no bucket, no credentials, no permission, no answer.
    """
    remote = _unmarked(address)
    marker = remote.read(MARKER)
    if marker is None:
        remote.write(MARKER, canonical_json({"layout": LAYOUT, "id": secrets.token_hex(8)}).encode())
        marker = remote.read(MARKER) or b""
    try:
        value = json.loads(marker)
        layout, store_id = value["layout"], str(value["id"])
    except (ValueError, KeyError, TypeError):
        raise InvalidInput(
            f"'{address}/{MARKER}' is no note of Evidense; expected the one that marks a store; name another prefix, or remove that object"
        ) from None
    if layout != LAYOUT:
        raise InvalidInput(
            f"the store '{address}' has layout {layout}, and this Evidense reads and writes {LAYOUT}; expected the same; "
            "install the Evidense that made it, or name another prefix"
        )
    return Remote(remote.address, remote.files, remote.base, store_id)


def _unmarked(address: str) -> Remote:
    scheme, _, rest = address.partition("://")
    address = f"{scheme}://{rest.rstrip('/')}"
    extra, library = _EXTRAS.get(scheme, ("s3", "fsspec"))
    if not rest.strip("/") and scheme != "memory":
        raise InvalidInput(
            f"the store '{address}' names no bucket; expected {scheme}://BUCKET/PREFIX; set EVIDENSE_STORE"
        )
    try:
        from fsspec.core import url_to_fs

        files, base = url_to_fs(address, use_listings_cache=False)
    except ImportError:
        raise MissingExtra.named(extra, f"a store at {scheme}://", library) from None
    except ValueError as error:
        raise InvalidInput(
            f"the store '{address}' cannot be opened ({error}); expected a folder, s3://, gs:// or az://; set EVIDENSE_STORE"
        ) from None
    return Remote(address, files, base)


def _reason(error: Exception) -> str:
    """Return what went wrong with a remote store, and what to do."""
    words = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, PermissionError):
        return f"refuses ({words}); expected credentials that may read and write there; give them these rights, or set EVIDENSE_STORE"
    if "Credential" in type(error).__name__:
        return (
            f"cannot be asked ({words}); expected credentials in the environment or in the files of its client; set them "
            "(s3: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        )
    if isinstance(error, FileNotFoundError):
        return f"does not exist ({words}); expected a bucket that is there: Evidense makes none; make it, or set EVIDENSE_STORE"
    return (
        f"does not answer ({type(error).__name__}: {words}); expected an answer; look at the network, and run the same command again: it "
        "continues where it stopped"
    )
