"""Screen: what the terminal says of a check, the answer first, then each statement with its passage, at most 100 columns."""

import textwrap
from collections.abc import Iterator, Sequence

from evidense.boundary.shown import shown_line
from evidense.checking.aggregate import DECIDED, CheckedStatement
from evidense.report.check import summary
from evidense.report.check.page import quote
from evidense.report.check.statements import CheckedStatements
from evidense.report.check.words import CHECK_WORDS, SAYS
from evidense.report.experiments import brief

WIDTH = 100
_MOST = 12
"""Statements that are printed; the page has all."""


def screen(told: CheckedStatements, last: Sequence[str] = ()) -> str:
    """Return the first screen; `last` are further things to say in its last line."""
    lines = [*_wrapped(summary.heading(told)), *_box(told), *_wrapped(summary.coverage(told))]
    lines += [line for limit in _limits(told) for line in _wrapped(f"· {limit}", " ")]
    shown = sorted(told.checked, key=lambda checked: (checked.word not in DECIDED, CHECK_WORDS[checked.word].rank))[
        :_MOST
    ]
    for checked in shown:
        lines += _statement(checked)
    if len(told.checked) > len(shown):
        lines.append(f"   … and {len(told.checked) - len(shown):,} more on the page")
    lines += [line for remark in told.remarks[:5] for line in _wrapped(f"⚠ {remark}", " ")]
    lines += _wrapped(" · ".join(part for part in (summary.by_rules(told), *last) if part))
    return "\n".join(lines)


def _limits(told: CheckedStatements) -> list[str]:
    said = [summary.rules(told), summary.rules(told, "cell"), *summary.limits(told)]
    return list(filter(None, said))


def _box(told: CheckedStatements) -> list[str]:
    lines = textwrap.wrap(shown_line(summary.answer(told).sentence), WIDTH - 5)
    width = max(40, *map(len, lines))
    return [f" ┌{'─' * (width + 2)}┐", *(f" │ {line:<{width}} │" for line in lines), f" └{'─' * (width + 2)}┘"]


def _statement(checked: CheckedStatement) -> Iterator[str]:
    word = CHECK_WORDS[checked.word]
    head = f" {word.icon} {word.word:<13} "
    number = f"{checked.id} " if checked.id else ""
    first, *rest = textwrap.wrap(
        shown_line(f"{number}“{checked.statement}”"), WIDTH - len(head), max_lines=2, placeholder=" …”"
    ) or [""]
    yield head + first
    yield from (" " * len(head) + line for line in rest)
    if {checked.grounded, checked.corroborated} & DECIDED or checked.tested:
        yield from _labelled("says", _columns(checked), len(head))
    for evidence in checked.evidence[:1]:
        label = "where" if checked.word == "SUPPORTED" else "read" if evidence.stance == "not sure" else "source"
        yield from _labelled(label, f"{quote(evidence)} {evidence.passage.source}", len(head))
    for reason in checked.reasons[:2]:
        yield from _labelled("lost" if "−" in reason else "why", reason, len(head))


def _columns(checked: CheckedStatement) -> str:
    columns = (
        ("its source", SAYS[checked.grounded]),
        ("others", SAYS[checked.corroborated]),
        ("our experiment", brief(checked.tested)),
    )
    return " · ".join(f"{name}: {said}" for name, said in columns)


def _labelled(label: str, text: str, indent: int) -> list[str]:
    start, following = f"{' ' * indent}{label:<8}", " " * (indent + 8)
    return textwrap.wrap(
        shown_line(text), WIDTH, initial_indent=start, subsequent_indent=following, max_lines=2, placeholder=" …"
    )


def _wrapped(text: str, indent: str = " ") -> list[str]:
    return (
        textwrap.wrap(shown_line(text), WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ") if text else []
    )
