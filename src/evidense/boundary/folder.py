"""Folder: publishes all files of a result together; a kill or a full disk leaves the old files, or none.

If the folder holds only our files, a new one is written beside it, and the two exchange their names in one step: readers see
the whole old page or the whole new one. If it also holds files of others, or is the working folder, it stays where it is: the files
are written to a folder inside, and moved to their names once all are there. If a kill interrupts the move, the next command that
writes there finishes it. Each single file is whole at all times.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from evidense.boundary.claim import FolderClaim
from evidense.boundary.disk import disk_errors, remove, sha256_of_file, sync_folder
from evidense.boundary.documents import parsed
from evidense.boundary.files import read_bytes
from evidense.boundary.manifest import NAME, NONE, FileState, Manifest, is_plain, standing
from evidense.boundary.swap import exchange
from evidense.errors import InvalidInput

Files = Mapping[str, bytes | Path]
"""Name inside the folder, with `/` → its bytes, or the file to copy."""
ADVICE = "name another folder with --out"
LAST = ("report.html", "page.json")
"""Moved last when files are moved one by one, so that whoever waits for one of them finds all others."""
_PREFIX = ".evidense-"
_WRITING, _READY = ".evidense-writing", ".evidense-ready"
_HALF, _SWAP = "-writing", "-swap"
_JOURNAL = "journal.json"


def prepare(claim: FolderClaim, names: list[str]) -> None:
    """Check a folder before anything is computed: sweep what killed runs left, refuse what `publish` would refuse, try the disk.

    Raises:
        InvalidInput: as `FolderClaim.check_place` and `FolderClaim.check`.
        StoreError: the folder cannot be written.
    """
    claim.check_place()
    out = claim.out.resolve()
    with disk_errors(claim.out, ADVICE):
        if out.is_dir():
            with _alone(out.parent):
                _settle(out)
                claim.check(names)
                _try(out)
            return
        nearest = next(folder for folder in out.parents if folder.exists())
        with _alone(nearest):
            _sweep(nearest)
            _try(nearest)


def publish(claim: FolderClaim, files: Files) -> None:
    """Write the files, all or nothing; remove files of an earlier result that are not among them, unless they changed.

    Raises:
        InvalidInput: as `FolderClaim.check`; nothing has been written.
        StoreError: the disk is full or the folder cannot be written.
    """
    claim.check_place()
    out = claim.out.resolve()
    with disk_errors(claim.out, ADVICE):
        out.parent.mkdir(parents=True, exist_ok=True)
        with _alone(out.parent):
            _sweep(out.parent)
            if out.is_dir():
                _settle(out)
            claim.check(list(files))
            held = (Manifest.read(out) or NONE) if out.is_dir() else NONE
            if not (_may_swap(out, held, claim) and _swapped(claim, out, held, files)):
                _lay_in(claim, out, held, files)


# --- one folder for another -----------------------------------------------------------------------------------------


def _may_swap(out: Path, held: Manifest, claim: FolderClaim) -> bool:
    """Say whether a folder holds only our files, and is neither the working folder nor holds inputs."""
    if not out.exists():
        return True
    here = Path.cwd().resolve()
    if here == out or here.is_relative_to(out):
        return False
    if any(folder.is_relative_to(out) for folder in claim.inputs.folders) or any(
        claim.inputs.hold(out, name) for name in held.files
    ):
        return False
    ours = {NAME, *(n for n in held.files if held.state(out, n) is FileState.OURS), *(claim.carried & set(held.files))}
    return all(name in ours for name in _walk(out))


def _walk(folder: Path) -> Iterator[str]:
    """Yield every file, link and empty folder below a folder, without following links."""
    for root, folders, names in os.walk(folder):
        inside = Path(root).relative_to(folder)
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        yield from ((inside / name).as_posix() for name in (*names, *links))
        if not folders and not names and root != str(folder):
            yield inside.as_posix()


def _swapped(claim: FolderClaim, out: Path, held: Manifest, files: Files) -> bool:
    """Write a new folder beside and swap it in; return False if either is not possible."""
    writing, ready = (out.with_name(f"{_mark(out)}{ending}") for ending in (_HALF, _SWAP))
    try:
        writing.mkdir()
    except PermissionError:
        if out.exists():
            return False
        raise
    try:
        _write_all(writing, claim, files)
        if out.exists():
            shutil.copymode(out, writing)
        os.rename(writing, ready)
        if not out.exists():
            os.rename(ready, out)
        elif not exchange(ready, out):
            return False
        sync_folder(out.parent)
        _clear(ready, out)
        return True
    finally:
        remove(writing)
        _clear(ready, out)


def _mark(out: Path) -> str:
    """Return the prefix of the temporary folders beside this one, short for any name."""
    return f"{_PREFIX}{hashlib.sha256(os.fsencode(out.name)).hexdigest()[:12]}"


def _clear(left: Path, out: Path) -> None:
    """Remove a folder that was swapped out, or never in; move files that others put there meanwhile to its replacement."""
    if not left.is_dir() or left.is_symlink():
        return
    old_manifest = Manifest.read(left) or NONE
    new_manifest = Manifest.read(out) or NONE
    for name in _walk(left):
        if old_manifest.state(left, name) is not FileState.OURS and not (
            name in old_manifest.files and name in new_manifest.files
        ):
            target = _unused(out / name)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(left / name, target)
    condemned = left.with_name(
        f"{left.name.removesuffix(_SWAP)}{_HALF}"
    )  # from here on a kill leaves what is swept unread
    remove(condemned)
    os.rename(left, condemned)
    remove(condemned)


def _unused(path: Path) -> Path:
    n, free = 1, path
    while os.path.lexists(free):
        n += 1
        free = path.with_name(f"{path.name}.{n}")
    return free


# --- file by file -----------------------------------------------------------------------------------------------------


def _lay_in(claim: FolderClaim, out: Path, held: Manifest, files: Files) -> None:
    """Write the files to a folder inside, note the journal, and move them to their names."""
    out.mkdir(exist_ok=True)
    writing, ready = out / _WRITING, out / _READY
    writing.mkdir()
    try:
        _write_all(writing / "files", claim, files)
        old = {name: _sha256(out, name) for name in (*files, NAME)}
        gone = {n: h for n, h in held.files.items() if n not in files and not claim.inputs.hold(out, n)}
        _write(writing / _JOURNAL, json.dumps({"old": old, "gone": gone}, sort_keys=True).encode())
        os.rename(writing, ready)
    finally:
        remove(writing)
    _finish(out)


def _finish(out: Path) -> None:
    """Move the written files to their names, or go on after a kill; a file that changed since then stays."""
    ready = out / _READY
    if ready.is_symlink() or not ready.is_dir():
        return
    old, gone = _journal(ready)
    staged = [name for name in _walk(ready / "files") if is_plain(name)]
    for name in sorted(staged, key=lambda n: (n == NAME, n in LAST, n)):
        if name == NAME:
            _remove_gone(out, gone)
        if standing(out, name) in {FileState.FREE, FileState.FOREIGN} and _sha256(out, name) == old.get(name):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(ready / "files" / name, out / name)
    sync_folder(out)
    remove(ready)


def _journal(ready: Path) -> tuple[dict[str, str | None], dict[str, str]]:
    try:
        journal = parsed(read_bytes(ready / _JOURNAL), _JOURNAL)
        return dict(journal["old"]), dict(journal["gone"])
    except (InvalidInput, OSError, KeyError, TypeError, ValueError):
        return {}, {}


def _remove_gone(out: Path, gone: Mapping[str, str]) -> None:
    for name, sha256 in gone.items():
        if is_plain(name) and standing(out, name) is FileState.FOREIGN and _sha256(out, name) == sha256:
            (out / name).unlink()
            for folder in (out / name).parents:
                if folder == out or any(folder.iterdir()):
                    break
                folder.rmdir()


def _sha256(out: Path, name: str) -> str | None:
    return sha256_of_file(out / name) if standing(out, name) is FileState.FOREIGN else None


# --- inside -----------------------------------------------------------------------------------------------------------


def _write_all(folder: Path, claim: FolderClaim, files: Files) -> None:
    """Write the files and their manifest."""
    hashes = {}
    for name, data in files.items():
        if not is_plain(name):
            raise InvalidInput(f"'{name}' cannot name a file of a result; expected a name below the folder")
        hashes[name] = _write(folder / name, data)
    _write(folder / NAME, Manifest(claim.of, hashes).to_bytes())
    for root, _, _ in os.walk(folder):
        sync_folder(Path(root))


def _write(path: Path, data: bytes | Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for piece in [data] if isinstance(data, bytes) else _pieces(data):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 22):
            yield piece


def _settle(out: Path) -> None:
    """Finish or remove what a killed command left in and beside a folder."""
    _sweep(out.parent)
    remove(out / _WRITING)
    _finish(out)


def _sweep(parent: Path) -> None:
    """Remove folders that killed commands left beside theirs; the caller holds the lock on this folder."""
    for left in parent.glob(f"{_PREFIX}*{_HALF}"):
        remove(left)
    for left in parent.glob(f"{_PREFIX}*{_SWAP}"):
        mark = left.name.removesuffix(_SWAP)
        _clear(left, next((out for out in parent.iterdir() if _mark(out) == mark), parent / f"{left.name}-kept"))


def _try(folder: Path) -> None:
    """Make and remove a folder, so that an unwritable place is reported before hours of computing."""
    trial = folder / f"{_PREFIX}trial{_HALF}"
    trial.mkdir(exist_ok=True)
    trial.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock on the names in a folder; on a disk without locks, go on without."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
