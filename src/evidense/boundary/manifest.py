"""Manifest: which files of a folder Evidense wrote, with their hashes, and of what study they are."""

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from evidense.boundary.disk import sha256_of_file, write_atomically
from evidense.boundary.documents import parsed
from evidense.boundary.files import read_bytes
from evidense.errors import InvalidInput

NAME = "evidense.json"
"""The manifest itself; the only file of a folder that it does not list."""
_PLAIN = re.compile(r"[^/\\\x00-\x1f\x7f.][^/\\\x00-\x1f\x7f]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DEEPEST = 6


class State(Enum):
    """What stands in a folder where a file of ours would stand."""

    FREE = "free"
    OURS = "as Evidense wrote it"
    CHANGED = "was changed since Evidense wrote it"
    FOREIGN = "was not written by Evidense"
    LINK = "is a link, or lies behind one"
    OTHER = "is no file"


@dataclass(frozen=True)
class Manifest:
    """The files of one folder. `of` says what it holds: a study, a recipe; two folders of the same thing have equal ones."""

    of: Mapping[str, Any]
    files: Mapping[str, str]
    """Name inside the folder, with `/` → sha256."""

    @classmethod
    def read(cls, folder: Path) -> "Manifest | None":
        """Return the manifest of a folder; None where there is none that can be believed.

        A manifest that names anything but plain files below its folder is not ours.
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
        """Return it as it is written: the same bytes for the same files."""
        said = {"of": dict(self.of), "files": dict(self.files)}
        return (json.dumps(said, indent=1, sort_keys=True) + "\n").encode()

    def state(self, folder: Path, name: str) -> State:
        """Say what stands at a name of the folder, without following any link."""
        found = standing(folder, name)
        if found is not State.FOREIGN or name not in self.files:
            return State.OURS if name == NAME and found is State.FOREIGN and self.of else found
        return State.OURS if sha256_of_file(folder / name) == self.files[name] else State.CHANGED

    def changed(self, folder: Path) -> list[str]:
        """Return the files that somebody has changed since they were written; those that are gone are not among them."""
        return [name for name in self.files if self.state(folder, name) not in {State.OURS, State.FREE}]


NONE = Manifest({}, {})
"""Of a folder that we have not written."""


def seal(folder: Path, of: Mapping[str, Any]) -> None:
    """Write the manifest of a folder that is all ours: a store's checkpoint, an unpacked model."""
    files = {name: sha256_of_file(folder / name) for name in plain_files(folder)}
    write_atomically(folder / NAME, Manifest(of, files).to_bytes())


def damaged(folder: Path, of: Mapping[str, Any]) -> list[str]:
    """Return the files that are not as `seal` found them; the manifest itself where there is none of this thing."""
    held = Manifest.read(folder)
    if held is None or dict(held.of) != dict(of):
        return [NAME]
    return [name for name in held.files if held.state(folder, name) is not State.OURS]


def reseal(folder: Path, name: str) -> None:
    """Note the present hash of one file, which was written anew; the others keep theirs."""
    held = Manifest.read(folder) or NONE
    files = {**held.files, name: sha256_of_file(folder / name)}
    write_atomically(folder / NAME, Manifest(held.of, files).to_bytes())


def plain_files(folder: Path) -> list[str]:
    """Return the names of the plain files below a folder; links, hidden files and the manifest apart."""
    found = (Path(at).relative_to(folder) / name for at, _, names in os.walk(folder) for name in names)
    names = (path.as_posix() for path in found)
    return sorted(n for n in names if n != NAME and is_plain(n) and standing(folder, n) is State.FOREIGN)


def is_plain(name: str) -> bool:
    """Say whether a name can only mean a visible file below its folder.

    >>> is_plain("runs/a.trec"), is_plain("../a"), is_plain("/a"), is_plain(".git/config"), is_plain("a//b")
    (True, False, False, False, False)
    """
    parts = name.split("/")
    return len(parts) <= _DEEPEST and all(_PLAIN.fullmatch(part) for part in parts)


def standing(folder: Path, name: str) -> State:
    """Say what stands at a name, whoever wrote it: FREE, FOREIGN (a file), LINK or OTHER."""
    at = folder
    *above, last = name.split("/")
    for part in above:
        at = at / part
        if at.is_symlink():
            return State.LINK
        if not os.path.lexists(at):
            return State.FREE
        if not at.is_dir():
            return State.OTHER
    at = at / last
    if at.is_symlink():
        return State.LINK
    if not os.path.lexists(at):
        return State.FREE
    return State.FOREIGN if _is_plain_file(at) else State.OTHER


def _is_plain_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
