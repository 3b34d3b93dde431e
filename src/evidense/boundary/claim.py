"""Claim: may these files be written into that folder? Asked before anything is computed, and again before they are written.

A folder is free, or holds what we wrote of the same thing, or holds files of others. Only names that are free, or ours and
unchanged, are used; an input of the same command never is; no link is followed.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidense.boundary.inputs import Inputs
from evidense.boundary.manifest import NAME, NONE, Manifest, State
from evidense.errors import InvalidInput

LONGEST = 200
"""Bytes of a folder's name, at most: a temporary name beside it must fit, too."""


@dataclass(frozen=True)
class Claim:
    """What is to be written where."""

    out: Path
    of: Mapping[str, Any]
    """What the folder will hold: a study, a recipe. Only a folder of the same thing is replaced."""
    inputs: Inputs = field(default_factory=Inputs)
    carried: frozenset[str] = frozenset()
    """Files that people edit, and whose edits the writer has carried over: they may be replaced though they were changed."""

    def check_place(self) -> None:
        """Refuse what cannot be a folder of results, or is an input.

        Raises:
            InvalidInput: no name of a folder, a file, a link to nothing, or an input of this command.
        """
        _check_path(self.out)
        if self.out.exists() and not self.out.is_dir():
            raise InvalidInput(f"'{self.out}' is a file; expected a folder; name another with --out")
        if self.out.resolve() in self.inputs.folders:
            raise InvalidInput(
                f"'{self.out}' is an input of this command; expected a folder of its own; name another with --out"
            )

    def check(self, names: Collection[str]) -> None:
        """Refuse a folder that cannot be used for these files, without touching it; all reasons at once.

        Raises:
            InvalidInput: it holds another study, or a file stands in the way.
        """
        if not self.out.is_dir():
            return
        held = Manifest.read(self.out)
        if held is not None and dict(held.of) != dict(self.of):
            raise InvalidInput(
                f"'{self.out}' holds {_words(held.of)}; expected a free folder, or one of {_words(self.of)}; name another, "
                f"as --out {next_free(self.out)}"
            )
        if in_the_way := self.in_the_way(names, held or NONE):
            raise InvalidInput.all_of(
                f"'{self.out}' holds files in the way; expected free names, or files as Evidense wrote them; name another "
                f"folder, as --out {next_free(self.out)}, or move these away",
                in_the_way,
            )

    def in_the_way(self, names: Collection[str], held: Manifest) -> list[str]:
        """Return a sentence for each file that would have to be overwritten and must not be."""
        found = []
        for name in sorted({*names, NAME, *(n for n in held.files if held.state(self.out, n) is State.CHANGED)}):
            state = held.state(self.out, name)
            if state is State.FREE:
                continue
            if self.inputs.hold(self.out, name):
                found.append(f"'{name}' is an input of this command")
            elif state is not State.OURS and not (name in self.carried and state in {State.CHANGED, State.FOREIGN}):
                found.append(f"'{name}' {state.value}")
        return found


def next_free(out: Path) -> Path:
    """Return the first of OUT-2, OUT-3 … that is not there."""
    n = 2
    while os.path.lexists(out.with_name(f"{out.name}-{n}")):
        n += 1
    return out.with_name(f"{out.name}-{n}")


def _check_path(out: Path) -> None:
    """Refuse what no folder can be called, and a link to nothing."""
    if "\0" in str(out):
        raise InvalidInput("the folder's name holds a NUL character; expected a path; name another with --out")
    if too_long := [part for part in out.parts if len(os.fsencode(part)) > LONGEST]:
        raise InvalidInput(
            f"'{too_long[0][:40]}…' has {len(os.fsencode(too_long[0]))} bytes; expected at most {LONGEST} in the name of a folder; "
            "name another with --out"
        )
    if out.is_symlink() and not out.exists():
        raise InvalidInput(f"'{out}' is a link to nothing; expected a folder; name another with --out")


def _words(of: Mapping[str, Any]) -> str:
    """Say in words what a folder holds."""
    shown = [f"{key} {_short(value)}" for key, value in of.items() if value and key != "name"]
    return f"'{of.get('name', '?')}' ({', '.join(shown)})" if shown else f"'{of.get('name', '?')}'"


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
