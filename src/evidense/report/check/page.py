"""Page: a check → one HTML file that needs nothing else; every text of works and statements is escaped."""

from typing import get_args

import evidense
from evidense.boundary.numerals import percent
from evidense.checking.aggregate import CheckedStatement, StancedPassage
from evidense.checking.rule_outcomes import RulesOn, rule_risks
from evidense.report.check import summary
from evidense.report.check.curve import risk_curve
from evidense.report.check.statements import CheckedStatements
from evidense.report.check.words import CHECK_WORDS, SAYS
from evidense.report.rendering import asset, assets, environment

MOST_SHOWN = 3
"""Passages of a statement that are open; the rest is folded."""
QUOTE_WORDS = 60
"""Words of a passage at most; checks.json has the whole."""


def page_html(told: CheckedStatements) -> str:
    """Return the page."""
    return environment().get_template("check.html.j2").render(
        **assets(), audit_css=asset("audit.css"), version=evidense.__version__, told=told, answer=summary.answer(told),
        heading=summary.heading(told), coverage=summary.coverage(told), limits=list(summary.limits(told)), by_rules=summary.by_rules(told),
        rules=[text for on in get_args(RulesOn) if (text := summary.rules(told, on))], percent=percent,
        rests_on=[f"{summary.WHOSE[on]}: {summary.rests_on(risk)}" for on in get_args(RulesOn) for risk in rule_risks(on).values()],
        curves=[risk_curve(m.calibration, told.risk) for m in told.measured if m.calibration], quote=quote,
        words=CHECK_WORDS, says=SAYS, ordered=_ordered(told), quoted=quoted, place=place, most=MOST_SHOWN,
        tally=[(CHECK_WORDS[word], told.counts[word]) for word in CHECK_WORDS if told.counts[word]],
    )  # fmt: skip


def _ordered(told: CheckedStatements) -> list[CheckedStatement]:
    """Return the statements, the worst word first, then as they stood."""
    return sorted(told.checked, key=lambda checked: CHECK_WORDS[checked.word].rank)


def quoted(evidence: StancedPassage) -> str:
    """Return a passage, at most so many words of it."""
    words = evidence.passage.span.quote.split()
    return " ".join(words[:QUOTE_WORDS]) + (" …" if len(words) > QUOTE_WORDS else "")


def quote(evidence: StancedPassage) -> str:
    """Return a passage in quotation marks; of a cell, what it says by template, behind its own words."""
    says = evidence.passage.says
    return f"“{quoted(evidence)}”: {says}" if says else f"“{quoted(evidence)}”"


def place(evidence: StancedPassage) -> str:
    """Say where a passage stands: source, section, page, characters."""
    passage = evidence.passage
    page = f"page {passage.span.page}" if passage.span.page else ""
    characters = f"characters {passage.span.start:,} to {passage.span.end:,}"
    return ", ".join(part for part in (passage.source, passage.title, passage.section, page, characters) if part)
