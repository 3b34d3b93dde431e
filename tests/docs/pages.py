"""What the pages of docs/ and the README hold: code blocks, whole files, commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class WholeFile(NamedTuple):
    """A file that a page gives in full: where it goes, what is in it."""

    path: str
    text: str


def read(page: str) -> str:
    """Return the text of a page, as `docs/tutorial.md`."""
    return (ROOT / page).read_text(encoding="utf-8")


def whole_files(page: str) -> list[WholeFile]:
    """Return every file of a page: a line that is its path in backquotes and a colon, then a fenced block."""
    found = re.findall(r"^`([\w./-]+)`:\n\n```\w*\n(.*?)^```$", read(page), flags=re.MULTILINE | re.DOTALL)
    return [WholeFile(*pair) for pair in found]


def commands(page: str) -> Iterator[list[str]]:
    """Yield the words of every indented `evidense` command of a page, without its comment."""
    for line in read(page).splitlines():
        if line.startswith("    evidense "):
            yield shlex.split(line, comments=True)


def fenced(page: str, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read(page), flags=re.MULTILINE | re.DOTALL)
