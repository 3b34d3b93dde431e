"""Screen: what the terminal says of a question: the answer, the flow, the statements in three columns, the review; at most 20 lines of 100 columns."""

import textwrap
from collections.abc import Iterator, Sequence

from evidense.boundary.shown import shown_line
from evidense.report.ask import summary
from evidense.report.ask.told import AskedFinding, AskOutcome

WIDTH = 100
MOST_LINES = 20
_STATEMENT, _SOURCE, _OTHERS = 41, 13, 21
_LEAST = 2
"""Statements that are printed in any case."""


def screen_of(told: AskOutcome, last: Sequence[str] = ()) -> str:
    """Return the first screen; `last` are further things to say in its last lines."""
    above = [*_wrapped(told.question, 2), *_box(summary.answer(told).sentence), *_wrapped(summary.plan(told), 1)]
    above += [
        *_wrapped(summary.flow(told), 2),
        *_wrapped(summary.removed(told), 2),
        *_wrapped(summary.set_aside(told), 1),
    ]
    below = [*_wrapped(summary.tally(told), 2), *_wrapped(summary.review(told) if told.findings else "", 2)]
    below += [f" {summary.made(told)}", *(f" {shown_line(text)}" for text in last)]
    room = max(_LEAST, MOST_LINES - len(above) - len(below) - 1)
    return "\n".join([*above, *_table(told, room), *below])


def _box(sentence: str) -> Iterator[str]:
    lines = textwrap.wrap(shown_line(sentence), WIDTH - 5, max_lines=3, placeholder=" …")
    width = max(40, *map(len, lines))
    yield f" ┌{'─' * (width + 2)}┐"
    yield from (f" │ {line:<{width}} │" for line in lines)
    yield f" └{'─' * (width + 2)}┘"


def _table(told: AskOutcome, room: int) -> Iterator[str]:
    if not told.findings:
        return
    yield _row("", *summary.COLUMNS)
    ordered = sorted(told.findings, key=rank)
    is_cut = len(ordered) > room
    for finding in ordered[: room - 1 if is_cut else room]:
        yield _row(finding.checked.statement, *summary.columns(finding))
    if is_cut:
        yield f" … and {len(ordered) - room + 1:,} more on the page"


def rank(finding: AskedFinding) -> tuple[bool, bool, bool]:
    """Return the place of a finding: contradicted first, then borne out, then tested, then what one work says alone."""
    return not finding.is_contradicted, not finding.is_borne_out, not finding.checked.tested


def _row(statement: str, source: str, others: str, ours: str) -> str:
    cells = (
        (statement, _STATEMENT),
        (source, _SOURCE),
        (others, _OTHERS),
        (ours, WIDTH - _STATEMENT - _SOURCE - _OTHERS - 4),
    )
    return (" " + " ".join(f"{_short(text, width):<{width}}" for text, width in cells)).rstrip()


def _short(text: str, width: int) -> str:
    line = shown_line(text)
    return line if len(line) <= width else f"{line[: width - 1].rstrip()}…"


def _wrapped(text: str, most: int) -> list[str]:
    if not text:
        return []
    return textwrap.wrap(
        shown_line(text), WIDTH, initial_indent=" ", subsequent_indent="   ", max_lines=most, placeholder=" …"
    )
