"""List of references: where a text's list of references begins, and where each of them ends."""

import re
from collections.abc import Callable, Iterator, Sequence

HEADING = re.compile(
    r"^\s*(?:\d{1,2}\.?|[A-Z]\.|[IVX]{1,5}\.?)?\s*(?:list of\s+)?(?:references?(?:\s+(?:and notes|cited))?|bibliography|works cited"
    r"|literature(?: cited)?|literaturverzeichnis|sources|cited literature)\s*:?\s*$",
    re.IGNORECASE,
)
BULLET = re.compile(r"^\s*(?:[-*•–·]|\[\w{1,24}\]|\d{1,4}[.)])\s+(?=\S)")


def is_heading(line: str) -> bool:
    """Say whether a line heads the list of references.

    >>> is_heading("7. References"), is_heading("REFERENCES CITED"), is_heading("References were checked")
    (True, True, False)
    """
    return len(line) < 60 and HEADING.match(line) is not None


def listed(lines: Sequence[str]) -> Iterator[str]:
    """Join the lines of a list of references into one text each: bullets, labels and blank lines divide them; if there are none, lines do."""
    if any(BULLET.match(line) for line in lines):
        yield from _joined(lines, lambda line: BULLET.match(line) is not None)
    elif any(not line.strip() for line in lines[:-1]):
        yield from ("\n".join(block.split("\n")) for block in re.split(r"\n\s*\n", "\n".join(lines)) if block.strip())
    else:
        yield from (line for line in lines if line.strip())


def _joined(lines: Sequence[str], begins: Callable[[str], bool]) -> Iterator[str]:
    pieces: list[str] = []
    for line in lines:
        if begins(line) or not line.strip():
            if pieces:
                yield "\n".join(pieces)
            pieces = []
        if line.strip():
            pieces.append(line)
    if pieces:
        yield "\n".join(pieces)
