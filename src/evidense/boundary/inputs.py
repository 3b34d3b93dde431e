"""Inputs: files and folders that a command reads, so that it never writes over them, whatever they are called here."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

Identity = tuple[int, int]
"""Device and number of a file: the same through every link and every spelling of its path."""


@dataclass(frozen=True)
class Inputs:
    """What a command reads."""

    files: frozenset[Identity] = frozenset()
    folders: frozenset[Path] = frozenset()
    """Resolved."""

    @classmethod
    def of(cls, paths: Iterable[Path]) -> "Inputs":
        """Note the paths that exist; links are followed, since what they lead to is read."""
        files, folders = set(), set()
        for path in paths:
            try:
                if path.is_dir():
                    folders.add(path.resolve())
                elif (identity := _identity(path)) is not None:
                    files.add(identity)
            except (OSError, ValueError):  # a name that no path can have
                continue
        return cls(frozenset(files), frozenset(folders))

    def hold(self, out: Path, name: str) -> bool:
        """Say whether a file of the folder `out` is an input, or lies in a folder below `out` that is one."""
        path, here = out / name, out.resolve()
        if self.files and _identity(path) in self.files:
            return True
        place = path.parent.resolve() / path.name
        return any(place.is_relative_to(folder) for folder in self.folders if folder.is_relative_to(here))


def existing(paths: Iterable[str], place: Path | None = None) -> list[str]:
    """Return the spellings that name a file or folder, each once, sorted; relative ones are looked for in `place` (default: here)."""
    within = Path() if place is None else place
    return sorted({text for text in paths if _stands(text, within)})


def _stands(text: str, within: Path) -> bool:
    try:
        return (within / Path(text).expanduser()).exists()
    except (OSError, ValueError, RuntimeError):  # a name that no path can have, '~somebody' who has no home
        return False


def _identity(path: Path) -> Identity | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
