"""Manifest: lists the files of a folder that Evidense wrote, with their hashes and the study that they belong to."""

import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from evidense.boundary.disk import sha256_of_file, write_atomically
from evidense.boundary.documents import parsed
from evidense.boundary.files import read_bytes
from evidense.errors import InvalidInput

NAME = "evidense.json"
"""File name of the manifest, which does not list itself."""
_PLAIN = re.compile(r"[^/\\\x00-\x1f\x7f.][^/\\\x00-\x1f\x7f]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DEEPEST = 6
_FOUND = frozenset({"found.bib", "found.csl.json", "references.bib", "references.json"})
"""Files of results that hold the works of others, as bibliographies."""


class FileState(Enum):
    """What a folder holds at the name of one of our files."""

    FREE = "free"
    OURS = "as Evidense wrote it"
    CHANGED = "was changed since Evidense wrote it"
    FOREIGN = "was not written by Evidense"
    LINK = "is a link, or lies behind one"
    OTHER = "is no file"


@dataclass(frozen=True)
class Manifest:
    """The files of one folder. `of` names what it holds (a study, a recipe); folders of the same thing have equal ones."""

    of: Mapping[str, Any]
    files: Mapping[str, str]
    """Name inside the folder, with `/` → sha256."""

    @classmethod
    def read(cls, folder: Path) -> "Manifest | None":
        """Return the manifest of a folder, or None if it has no valid one.

        A manifest that names anything but plain files below its folder is not valid.
        """
        path = folder / NAME
        if not _is_plain_file(path):
            return None
        try:
            data = parsed(read_bytes(path, "a manifest"), str(path))
        except (InvalidInput, OSError):
            return None
        of, files = (data.get("of"), data.get("files")) if isinstance(data, dict) else (None, None)
        if not isinstance(of, dict) or not isinstance(files, dict):
            return None
        is_sound = all(is_plain(n) and isinstance(h, str) and _SHA256.fullmatch(h) for n, h in files.items())
        return cls(of, files) if is_sound else None

    def to_bytes(self) -> bytes:
        """Return the bytes of the manifest file, equal for equal files."""
        content = {"of": dict(self.of), "files": dict(self.files)}
        return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()

    def state(self, folder: Path, name: str) -> FileState:
        """Return what the folder holds at a name, without following links."""
        state = standing(folder, name)
        if state is not FileState.FOREIGN or name not in self.files:
            return FileState.OURS if name == NAME and state is FileState.FOREIGN and self.of else state
        return FileState.OURS if sha256_of_file(folder / name) == self.files[name] else FileState.CHANGED

    def changed(self, folder: Path) -> list[str]:
        """Return the files that changed since they were written; removed files are not among them."""
        return [name for name in self.files if self.state(folder, name) not in {FileState.OURS, FileState.FREE}]


NONE = Manifest({}, {})
"""Manifest of a folder that Evidense has not written."""


def seal(folder: Path, of: Mapping[str, Any]) -> Manifest:
    """Write the manifest of a folder that holds only our files, such as a checkpoint in the store, and return it."""
    manifest = Manifest(of, {name: sha256_of_file(folder / name) for name in plain_files(folder)})
    write_atomically(folder / NAME, manifest.to_bytes())
    return manifest


def damaged(folder: Path, of: Mapping[str, Any]) -> list[str]:
    """Return the files that changed since `seal`; the manifest itself if it is missing or of another thing."""
    manifest = Manifest.read(folder)
    if manifest is None or dict(manifest.of) != dict(of):
        return [NAME]
    return [name for name in manifest.files if manifest.state(folder, name) is not FileState.OURS]


def without_own(root: Path, files: Sequence[Path]) -> tuple[list[Path], int]:
    """Leave out the files below a folder that Evidense wrote, and count the folders that hold them: its pages are no works.

    Of the folder itself the bibliographies of found works stay: `found.bib`, `references.json` …
    """
    above = {folder for path in files for folder in path.parents if folder.is_relative_to(root)}
    manifests = {folder: held for folder in above if (held := Manifest.read(folder)) is not None}
    own = {folder / name for folder, held in manifests.items() for name in (*held.files, NAME)}
    own -= {root / name for name in _FOUND}
    left_out = own.intersection(files)
    folders = {folder for folder in manifests if any(path.is_relative_to(folder) for path in left_out)}
    return [path for path in files if path not in left_out], len(folders)


def own_note(n_folders: int) -> str:
    """Say how many folders were left out because Evidense wrote them; "" for none.

    >>> own_note(1), own_note(0)
    ('1 folder with results of Evidense was left out: its pages are no works', '')
    """
    if n_folders == 1:
        return "1 folder with results of Evidense was left out: its pages are no works"
    return f"{n_folders} folders with results of Evidense were left out: their pages are no works" if n_folders else ""


def reseal(folder: Path, name: str) -> None:
    """Update the hash of one file that was rewritten; the others keep theirs."""
    manifest = Manifest.read(folder) or NONE
    files = {**manifest.files, name: sha256_of_file(folder / name)}
    write_atomically(folder / NAME, Manifest(manifest.of, files).to_bytes())


def plain_files(folder: Path) -> list[str]:
    """Return the names of the plain files below a folder, without links, hidden files and the manifest."""
    paths = (Path(root).relative_to(folder) / name for root, _, names in os.walk(folder) for name in names)
    names = (path.as_posix() for path in paths)
    return sorted(n for n in names if n != NAME and is_plain(n) and standing(folder, n) is FileState.FOREIGN)


def is_plain(name: str) -> bool:
    """Say whether a name is a plain path to a visible file below its folder.

    >>> is_plain("runs/a.trec"), is_plain("../a"), is_plain("/a"), is_plain(".git/config"), is_plain("a//b")
    (True, False, False, False, False)
    """
    parts = name.split("/")
    return len(parts) <= _DEEPEST and all(_PLAIN.fullmatch(part) for part in parts)


def standing(folder: Path, name: str) -> FileState:
    """Return what a folder holds at a name, whoever wrote it: FREE, FOREIGN (a file), LINK or OTHER."""
    path = folder
    *above, last = name.split("/")
    for part in above:
        path = path / part
        if path.is_symlink():
            return FileState.LINK
        if not os.path.lexists(path):
            return FileState.FREE
        if not path.is_dir():
            return FileState.OTHER
    path = path / last
    if path.is_symlink():
        return FileState.LINK
    if not os.path.lexists(path):
        return FileState.FREE
    return FileState.FOREIGN if _is_plain_file(path) else FileState.OTHER


def _is_plain_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
