"""Folder: all files of a report appear together; a kill or a full disk leaves the old ones, or none."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.store import disk_errors

LAST = ("report.html", "page.json")
"""Moved after all others: whoever waits for one of them finds the rest."""


def publish(files: Mapping[str, bytes], out: Path) -> None:
    """Write the files beside the folder, then move them in; what an earlier report wrote there and this one does not goes.

    Raises:
        InvalidInput: `out` is a file.
        StoreError: the disk is full or the folder cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise InvalidInput(f"'{out}' is a file; expected a folder for the report; name another with --out")
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        staging = _staging_place(out)
        try:
            for name, data in files.items():
                _write(staging / name, data)
            _move(staging, out, files)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _staging_place(out: Path) -> Path:
    inside = out if out.is_dir() else out.parent  # inside an existing folder: surely the same disk, surely writable
    return inside / f".{out.name}.writing-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _move(staging: Path, out: Path, files: Mapping[str, bytes]) -> None:
    if not out.exists():
        os.replace(staging, out)
        return
    stale = _written_before(out) - set(files)
    for name in sorted(files, key=lambda n: (n in LAST, n)):
        (out / name).parent.mkdir(exist_ok=True)
        os.replace(staging / name, out / name)
    for name in stale:
        (out / name).unlink(missing_ok=True)


def _written_before(out: Path) -> set[str]:
    """Return the runs of an earlier report, and its other files as far as nobody has changed them since."""
    runs = {f"runs/{p.name}" for p in (out / "runs").glob("*.trec")}
    try:
        listed = dict(json.loads((out / "page.json").read_bytes())["files"])
        return runs | {name for name, sha256 in listed.items() if _sha256(out, name) == sha256}
    except (OSError, ValueError, KeyError, TypeError):  # no earlier report, or not one of ours
        return runs


def _sha256(out: Path, name: str) -> str:
    """Return the hash of a file inside the folder; "" where there is none."""
    path = (out / name).resolve()
    is_inside = path.is_relative_to(out.resolve()) and path.is_file()
    return hashlib.sha256(path.read_bytes()).hexdigest() if is_inside else ""


def _sweep(out: Path) -> None:
    """Remove what killed processes left: staging folders whose process is gone."""
    for parent in (out.parent, out):
        for left in parent.glob(f".{out.name}.writing-*"):
            pid = left.name.rsplit("-", 2)[1]
            if pid.isdigit() and not _alive(int(pid)):
                shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
