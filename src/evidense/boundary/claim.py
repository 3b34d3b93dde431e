"""Claim: decides whether files may be written into a folder, before anything is computed and again before they are written.

A folder is free, or holds our result of the same thing, or holds files of others. We write only to names that are free, or ours and
unchanged. We never write over an input of the same command, and follow no link.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidense.boundary.inputs import Inputs
from evidense.boundary.manifest import NAME, NONE, FileState, Manifest
from evidense.errors import InvalidInput

_PAGE = "report.html"
LONGEST = 200
"""Most bytes of a folder's name, so that a temporary name beside it fits too."""


@dataclass(frozen=True)
class FolderClaim:
    """A folder that a command wants to write to, and what it will hold."""

    out: Path
    of: Mapping[str, Any]
    """What the folder will hold, such as a study or a recipe. Only a folder of the same thing is replaced."""
    inputs: Inputs = field(default_factory=Inputs)
    carried: frozenset[str] = frozenset()
    """Files that people edit. The writer has carried their edits over, so they may be replaced although they changed."""

    def check_place(self) -> None:
        """Refuse a path that cannot be a folder of results, or is an input.

        Raises:
            InvalidInput: it cannot name a folder, or it is a file, a broken link or an input of this command.
        """
        _check_path(self.out)
        if self.out.exists() and not self.out.is_dir():
            raise InvalidInput(f"'{self.out}' is a file; expected a folder; name another with --out")
        if (page := _page_around(self.out)) is not None:
            raise InvalidInput(
                f"'{self.out}' lies in the page '{page}'; expected a folder of its own; name another, as --out {next_free(page)}"
            )
        if self.out.resolve() in self.inputs.folders:
            raise InvalidInput(
                f"'{self.out}' is an input of this command; expected a folder of its own; name another with --out"
            )

    def check(self, names: Collection[str]) -> None:
        """Refuse a folder that these files cannot be written to, with all reasons; change nothing.

        Raises:
            InvalidInput: it holds another study, or a file stands in the way.
        """
        if not self.out.is_dir():
            return
        manifest = Manifest.read(self.out)
        if manifest is not None and dict(manifest.of) != dict(self.of):
            raise InvalidInput(
                f"'{self.out}' holds {_words(manifest.of)}; expected a free folder, or one that holds {_words(self.of)}; name another, "
                f"as --out {next_free(self.out)}"
            )
        if in_the_way := self.in_the_way(names, manifest or NONE):
            raise InvalidInput.all_of(
                f"'{self.out}' holds files in the way; expected free names, or files as Evidense wrote them; name another "
                f"folder, as --out {next_free(self.out)}, or move these away",
                in_the_way,
            )

    def in_the_way(self, names: Collection[str], held: Manifest) -> list[str]:
        """Return a sentence for each file that must not be overwritten."""
        sentences = []
        for name in sorted({*names, NAME, *(n for n in held.files if held.state(self.out, n) is FileState.CHANGED)}):
            state = held.state(self.out, name)
            if state is FileState.FREE:
                continue
            if self.inputs.hold(self.out, name):
                sentences.append(f"'{name}' is an input of this command")
            elif state is not FileState.OURS and not (
                name in self.carried and state in {FileState.CHANGED, FileState.FOREIGN}
            ):
                sentences.append(f"'{name}' {state.value}")
        return sentences


def _page_around(out: Path) -> Path | None:
    """Return the nearest folder above a folder that holds a page, as the way to it is spelled; None if there is none.

    Beside a page in the working folder others may be written, but not among its files (`runs/`).
    """
    here, place = Path.cwd().resolve(), out.resolve()
    for above in place.parents:
        manifest = Manifest.read(above)
        if manifest is None or _PAGE not in manifest.files:
            continue
        first = place.relative_to(above).parts[0]
        if not here.is_relative_to(above) or any(name.startswith(f"{first}/") for name in manifest.files):
            return above.relative_to(here) if above != here and above.is_relative_to(here) else above
    return None


def next_free(out: Path) -> Path:
    """Return the first of OUT-2, OUT-3 … that does not exist.

    >>> next_free(Path(".")).name == f"{Path().resolve().name}-2", next_free(Path("/")).as_posix()
    (True, '/evidense-out-2')
    """
    if out.name in ("", ".."):  # '.', 'a/..': it has no name of its own
        out = out.resolve()
    out = out if out.name else out / "evidense-out"
    n = 2
    while os.path.lexists(out.with_name(f"{out.name}-{n}")):
        n += 1
    return out.with_name(f"{out.name}-{n}")


def _check_path(out: Path) -> None:
    """Refuse a name that no folder can have, and a broken link."""
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
    """Describe the thing that a folder holds; an answer has a question and no name."""
    shown = [f"{key} {_short(value)}" for key, value in of.items() if value and key != "name"]
    if "name" not in of and of.get("question"):
        return f"what `evidense {of.get('kind', 'ask')}` found on “{_short(of['question'])}”"
    return f"'{of.get('name', '?')}' ({', '.join(shown)})" if shown else f"'{of.get('name', '?')}'"


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
