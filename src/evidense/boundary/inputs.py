"""Inputs: the files and folders that a command reads, so that it never writes over them under any name."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

Identity = tuple[int, int]
"""Device and inode of a file: equal through every link and spelling of its path."""


@dataclass(frozen=True)
class Inputs:
    """The files and folders that a command reads."""

    files: frozenset[Identity] = frozenset()
    folders: frozenset[Path] = frozenset()
    """Resolved paths."""

    @classmethod
    def of(cls, paths: Iterable[Path]) -> "Inputs":
        """Collect the paths that exist; links are followed, since their targets are read."""
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
        """Say whether a file of the folder `out` is an input, or is inside an input folder below `out`."""
        path, here = out / name, out.resolve()
        if self.files and _identity(path) in self.files:
            return True
        place = path.parent.resolve() / path.name
        return any(place.is_relative_to(folder) for folder in self.folders if folder.is_relative_to(here))


def existing(paths: Iterable[str], place: Path | None = None) -> list[str]:
    """Return the distinct spellings that name an existing file or folder, sorted; relative ones start at `place` (default: the working folder)."""
    within = Path() if place is None else place
    return sorted({text for text in paths if _stands(text, within)})


def _stands(text: str, within: Path) -> bool:
    try:
        return (within / Path(text).expanduser()).exists()
    except (OSError, ValueError, RuntimeError):  # a name that no path can have, '~somebody' who has no home
        return False


def _identity(path: Path) -> Identity | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
