"""Cases: a folder of files, a command line, and how it must end."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Content = bytes | str | Callable[[], bytes]
Expected = Literal["refused", "read", "either"]


@dataclass(frozen=True)
class Case:
    """One command line on real files. `build` writes the files into the folder where the command then runs."""

    name: str
    build: Callable[[Path], None]
    argv: tuple[str, ...]
    expected: Expected = "either"
    """refused: exit 2; read: exit 0 or 1; either: any of them."""
    says: str = ""
    """What the message of a refusal must name: a file, an option, a value."""
    shows: str = ""
    """What the first screen must say where the command ends with 0 or 1."""
    env: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    """Variables of its environment; a function is called when the case runs."""
    torch: bool = False
    """Whether it opens a model: such cases share a server that has imported torch."""


@dataclass(frozen=True)
class Family:
    """A group of formats: its named cases, and cases drawn from a seed by mutating valid files."""

    name: str
    named: Callable[[], list[Case]]
    """Cases with a name of their own: what once went wrong, and its neighbours."""
    mutated: Mapping[str, Callable[[int], Case]]
    """Format → seed → case. The same seed is the same case on every machine."""
    seeds: int = 3
    """Seeds of each format that the default suite runs."""

    def fixed(self) -> list[Case]:
        """Return what the default suite runs."""
        return [*self.named(), *(make(seed) for make in self.mutated.values() for seed in range(self.seeds))]


def files(content: Mapping[str, Content]) -> Callable[[Path], None]:
    """Return a `build` that writes these files: path → bytes, text, or a function that makes the bytes when they are needed."""

    def build(folder: Path) -> None:
        for name, value in content.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            made = value() if callable(value) else value
            path.write_bytes(made.encode("utf-8", "surrogatepass") if isinstance(made, str) else made)

    return build


def then(*builds: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return a `build` that carries out several."""

    def build(folder: Path) -> None:
        for step in builds:
            step(folder)

    return build


def pipe(name: str) -> Callable[[Path], None]:
    """Return a `build` that makes a named pipe, which nobody writes to."""

    def build(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(folder / name)

    return build


def link(name: str, target: str) -> Callable[[Path], None]:
    """Return a `build` that makes a symbolic link."""

    def build(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)

    return build


def folder(name: str) -> Callable[[Path], None]:
    """Return a `build` that makes an empty folder."""
    return lambda place: (place / name).mkdir(parents=True)
