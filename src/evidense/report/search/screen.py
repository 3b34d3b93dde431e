"""Screen: what the terminal says of a search, about a dozen lines, at most 100 columns."""

import textwrap
from collections.abc import Iterator, Sequence

from evidense.boundary.shown import shown_line
from evidense.report.search import summary
from evidense.searching.outcome import SearchOutcome

WIDTH = 100
_LABEL = 10
_MOST_LINES = 4
"""Lines of one word; the page has all."""


def screen_of(outcome: SearchOutcome, last: Sequence[str] = ()) -> str:
    """Return the first screen; `last` are further things to say in its last line."""
    rows = textwrap.wrap(shown_line(outcome.plan.question), WIDTH, initial_indent=" ", subsequent_indent="   ")
    rows += _box(summary.answer(outcome).sentence)
    for word, sentence in summary.lines(outcome):
        rows += _line(word, sentence)
    return "\n".join([*rows, *(f" {text}" for text in last)])


def _box(sentence: str) -> Iterator[str]:
    lines = textwrap.wrap(shown_line(sentence), WIDTH - 5) or [""]
    width = max(40, *map(len, lines))
    yield f" ┌{'─' * (width + 2)}┐"
    yield from (f" │ {line:<{width}} │" for line in lines)
    yield f" └{'─' * (width + 2)}┘"


def _line(word: str, sentence: str) -> list[str]:
    indent = " " * (_LABEL + 1)
    lines = textwrap.wrap(shown_line(sentence), WIDTH, initial_indent=f" {word:<{_LABEL}}", subsequent_indent=indent)
    return (
        lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], f"{indent}… all of it stands on the page"]
    )
