"""Folder: all files of a result appear together; a kill or a full disk leaves the old ones, or none.

A folder that holds only ours is written anew beside the old one, and the two exchange their names in one step: at every
instant the old page or the new one, whole. A folder that holds files of others too, or in which this command stands, stays
where it is: its files are laid down inside, and moved to their names once all are there. What a kill interrupts then is
finished by the next command that writes there; each single file is whole all the time.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from evidense.boundary.claim import Claim
from evidense.boundary.disk import disk_errors, remove, sha256_of_file, sync_folder
from evidense.boundary.documents import parsed
from evidense.boundary.files import read_bytes
from evidense.boundary.manifest import NAME, NONE, Manifest, State, is_plain, standing
from evidense.boundary.swap import exchange
from evidense.errors import InvalidInput

Files = Mapping[str, bytes | Path]
"""Name inside the folder, with `/` → its bytes, or the file that is copied."""
ADVICE = "name another folder with --out"
LAST = ("report.html", "page.json")
"""Moved after all others where files are moved one by one: whoever waits for one of them finds the rest."""
_PREFIX = ".evidense-"
_WRITING, _READY = ".evidense-writing", ".evidense-ready"
_HALF, _SWAP = "-writing", "-swap"
_JOURNAL = "journal.json"


def prepare(claim: Claim, names: list[str]) -> None:
    """Before anything is computed: sweep what killed runs left, refuse what would be refused in the end, try the disk.

    Raises:
        InvalidInput: as `Claim.check_place` and `Claim.check`.
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


def publish(claim: Claim, files: Files) -> None:
    """Write the files, all or nothing; what was written there before and is not among them goes, if nobody has changed it.

    Raises:
        InvalidInput: as `Claim.check`; nothing has been written.
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


def _may_swap(out: Path, held: Manifest, claim: Claim) -> bool:
    """Say whether a folder is ours alone, and nobody's place to stand in that we know of."""
    if not out.exists():
        return True
    here = Path.cwd().resolve()
    if here == out or here.is_relative_to(out):
        return False
    if any(folder.is_relative_to(out) for folder in claim.inputs.folders) or any(
        claim.inputs.hold(out, name) for name in held.files
    ):
        return False
    ours = {NAME, *(n for n in held.files if held.state(out, n) is State.OURS), *(claim.carried & set(held.files))}
    return all(name in ours for name in _walk(out))


def _walk(folder: Path) -> Iterator[str]:
    """Yield every file, link and empty folder below a folder, without following links."""
    for at, folders, names in os.walk(folder):
        inside = Path(at).relative_to(folder)
        links = [name for name in folders if (Path(at) / name).is_symlink()]
        yield from ((inside / name).as_posix() for name in (*names, *links))
        if not folders and not names and at != str(folder):
            yield inside.as_posix()


def _swapped(claim: Claim, out: Path, held: Manifest, files: Files) -> bool:
    """Write the whole folder beside and swap; False where the place beside, or the swap, is not to be had."""
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
    """Return how the names of the folders beside this one begin: short, however long its name is."""
    return f"{_PREFIX}{hashlib.sha256(os.fsencode(out.name)).hexdigest()[:12]}"


def _clear(left: Path, out: Path) -> None:
    """Remove a folder that was swapped out, or never in; what somebody put there meanwhile goes to the one in its place."""
    if not left.is_dir() or left.is_symlink():
        return
    held = Manifest.read(left) or NONE
    new = Manifest.read(out) or NONE
    for name in _walk(left):
        if held.state(left, name) is not State.OURS and not (name in held.files and name in new.files):
            target = _unused(out / name)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(left / name, target)
    rubbish = left.with_name(
        f"{left.name.removesuffix(_SWAP)}{_HALF}"
    )  # from here on a kill leaves what is swept unread
    remove(rubbish)
    os.rename(left, rubbish)
    remove(rubbish)


def _unused(path: Path) -> Path:
    n, free = 1, path
    while os.path.lexists(free):
        n += 1
        free = path.with_name(f"{path.name}.{n}")
    return free


# --- file by file -----------------------------------------------------------------------------------------------------


def _lay_in(claim: Claim, out: Path, held: Manifest, files: Files) -> None:
    """Lay the files down inside the folder, decide, and move them to their names."""
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
    """Move what was laid down to its names, from wherever a kill interrupted that; a file that was changed since then stays."""
    ready = out / _READY
    if ready.is_symlink() or not ready.is_dir():
        return
    old, gone = _journal(ready)
    staged = [name for name in _walk(ready / "files") if is_plain(name)]
    for name in sorted(staged, key=lambda n: (n == NAME, n in LAST, n)):
        if name == NAME:
            _remove_gone(out, gone)
        if standing(out, name) in {State.FREE, State.FOREIGN} and _sha256(out, name) == old.get(name):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(ready / "files" / name, out / name)
    sync_folder(out)
    remove(ready)


def _journal(ready: Path) -> tuple[dict[str, str | None], dict[str, str]]:
    try:
        said = parsed(read_bytes(ready / _JOURNAL), _JOURNAL)
        return dict(said["old"]), dict(said["gone"])
    except (InvalidInput, OSError, KeyError, TypeError, ValueError):
        return {}, {}


def _remove_gone(out: Path, gone: Mapping[str, str]) -> None:
    for name, sha256 in gone.items():
        if is_plain(name) and standing(out, name) is State.FOREIGN and _sha256(out, name) == sha256:
            (out / name).unlink()
            for folder in (out / name).parents:
                if folder == out or any(folder.iterdir()):
                    break
                folder.rmdir()


def _sha256(out: Path, name: str) -> str | None:
    return sha256_of_file(out / name) if standing(out, name) is State.FOREIGN else None


# --- inside -----------------------------------------------------------------------------------------------------------


def _write_all(folder: Path, claim: Claim, files: Files) -> None:
    """Write the files and their manifest."""
    hashes = {}
    for name, data in files.items():
        if not is_plain(name):
            raise InvalidInput(f"'{name}' is no name for a file of a result; expected one below the folder")
        hashes[name] = _write(folder / name, data)
    _write(folder / NAME, Manifest(claim.of, hashes).to_bytes())
    for at, _, _ in os.walk(folder):
        sync_folder(Path(at))


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
    """Remove folders that killed commands left beside theirs; the caller holds the lock on all of them."""
    for left in parent.glob(f"{_PREFIX}*{_HALF}"):
        remove(left)
    for left in parent.glob(f"{_PREFIX}*{_SWAP}"):
        mark = left.name.removesuffix(_SWAP)
        _clear(left, next((out for out in parent.iterdir() if _mark(out) == mark), parent / f"{left.name}-kept"))


def _try(folder: Path) -> None:
    """Make and remove a folder, so that a place that cannot be written is said before hours of computing."""
    trial = folder / f"{_PREFIX}trial{_HALF}"
    trial.mkdir(exist_ok=True)
    trial.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock on the names in a folder; where the disk has none, go on without."""
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
