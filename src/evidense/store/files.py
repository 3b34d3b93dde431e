"""Files of a store, by room and name; fetched from the remote store, if there is one, when they are not here."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evidense.boundary.disk import sha256_of_file
from evidense.errors import StoreError
from evidense.store.copies import BLOBS, Copy
from evidense.store.places import place_of

AGAIN = "run what made it again (the study, or the training of a checkpoint): it is then made anew"


class Files:
    """The files of a store."""

    def __init__(self, where: Path | str | None = None) -> None:
        """Open the store at a path or at an address such as s3://BUCKET/PREFIX; without one, that of `$EVIDENSE_STORE`.

        Raises:
            MissingExtra, InvalidInput, StoreUnreachable: a remote store cannot be opened.
        """
        place = place_of(where)
        self.root, self.address = place.root, place.address
        self.copy = Copy(place.root, place.remote)
        self._checked: set[str] = set()
        self._to_fetch: dict[Path, int] | None = None

    @property
    def is_remote(self) -> bool:
        """Whether the store lies in a bucket, of which `root` is a copy."""
        return self.copy.remote is not None

    @contextmanager
    def only_looking(self) -> Iterator[dict[Path, int]]:
        """Fetch no blobs in this block: yield path → bytes of those that a run would fetch from the remote store."""
        self._to_fetch = {}
        try:
            yield self._to_fetch
        finally:
            self._to_fetch = None

    def _path(self, room: str, name: str, ending: str = "") -> Path:
        return self.root / room / name[:2] / f"{name}{ending}"

    def _entries(self, room: str) -> list[Path]:
        try:
            return sorted((self.root / room).iterdir())
        except OSError:
            return []

    def _read(self, room: str, name: str, ending: str = "") -> bytes:
        path = self._path(room, name, ending)
        self.copy.fetch([path])
        try:
            return path.read_bytes()
        except OSError as error:
            raise self._unreadable(room, name, error) from None

    def _unreadable(self, room: str, name: str, error: OSError) -> StoreError:
        if error.errno == errno.ENOENT:
            return StoreError(
                f"{room.removesuffix('s')} {name[:12]} is not in the store '{self.address}'; expected one made there; "
                "run the study again with this store"
            )
        return StoreError(
            f"the store '{self.root}' cannot be read ({error}); mend its permissions, or set EVIDENSE_STORE"
        )

    def _check_blob(self, name: str) -> None:
        path = self._path(BLOBS, name)
        if self._to_fetch is not None and (size := self.copy.size(path)) is not None:
            self._to_fetch[path] = size
            return
        self.copy.fetch([path])
        self._check_file(name)

    def _check_file(self, name: str) -> None:
        """Check a blob that this computer has."""
        if name in self._checked:
            return
        try:
            sha256 = sha256_of_file(self._path(BLOBS, name))
        except OSError as error:
            raise self._unreadable(BLOBS, name, error) from None
        if sha256 != name:
            raise StoreError(
                f"blob {name[:12]} in the store '{self.address}' has the sha256 {sha256[:12]}; expected its own name: it was "
                f"altered or cut; {AGAIN}"
            )
        self._checked.add(name)
