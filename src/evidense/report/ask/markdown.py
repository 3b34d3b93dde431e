"""Markdown: the report as a text that reads well and goes into a paper or an issue; everything from works is escaped."""

import re
from collections.abc import Iterator

from evidense.boundary.shown import shown_line
from evidense.report.ask import summary
from evidense.report.ask.screen import rank
from evidense.report.ask.told import AskedFinding, AskOutcome
from evidense.values import Passage

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|!~$&@])")


def markdown(told: AskOutcome) -> str:
    """Return report.md."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: AskOutcome) -> Iterator[str]:
    yield from (f"# {plain(told.question)}", "", f"**{plain(summary.answer(told).sentence)}**", "")
    for said in (summary.flow(told), summary.removed(told), summary.set_aside(told), summary.tally(told)):
        if said:
            yield f"- {plain(said)}"
    yield from ("", plain(summary.MADE), "")
    if told.findings:
        yield from ("## Statements", "")
        for finding in sorted(told.findings, key=rank):
            yield from _statement(finding)
    if told.works:
        yield from ("## Works", "", "| key | work | year | read as | |", "|---|---|---|---|---|")
        for work in told.works:
            meant = work.hit.work
            outcome = f"{work.outcome}: {work.reason}" if work.reason else work.outcome
            yield f"| {plain(work.key)} | {plain(meant.title or work.hit.name)} | {meant.year or ''} | {work.read_as or '–'} | {plain(outcome)} |"
        yield ""
    if told.aside:
        yield from ("## Set aside", "")
        yield from (f"- {plain(one.work)}, {plain(one.why)}: “{plain(one.quote)}”" for one in told.aside)
        yield ""
    yield from ("## Review", "", plain(summary.review(told)), "", "| reviewer | score | |", "|---|---|---|")
    for vote in told.panel.votes:
        yield f"| {plain(vote.dimension)} | {'–' if vote.score is None else f'{vote.score:.1f}'} | {plain(vote.reason)} |"
    yield from ("", "## Limits", "", plain(told.limitations), "", plain(summary.RULE))


def _statement(finding: AskedFinding) -> Iterator[str]:
    source, others, _ = summary.columns(finding)
    yield f"- “{plain(finding.checked.statement)}” ({_place(finding.place)})"
    yield f"  - its source: {source} · other works: {others} · our experiment: {plain(finding.checked.tested) or '–'}"
    for same in finding.same:
        yield f"  - says the same: “{plain(same.span.quote)}” ({_place(same)})"
    for evidence in finding.beside:
        yield f"  - {evidence.stance if evidence.stance != 'not sure' else 'read'}: “{plain(evidence.passage.span.quote)}” ({_place(evidence.passage)})"


def _place(passage: Passage) -> str:
    return f"{plain(passage.source)}, characters {passage.span.start:,} to {passage.span.end:,}"


def plain(text: str) -> str:
    r"""Return a text of others on one line, without any mark of Markdown.

    >>> plain("a [link](b) | <i>")
    'a \\[link\\](b) \\| \\<i\\>'
    """
    return _MARKS.sub(r"\\\1", shown_line(" ".join(text.split())))
