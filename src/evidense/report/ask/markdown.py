"""Markdown: the report as a text that reads well and goes into a paper or an issue; everything from works is escaped."""

import re
from collections.abc import Iterator, Sequence

from evidense.boundary.shown import shown_line
from evidense.report.ask import summary
from evidense.report.ask.screen import rank
from evidense.report.ask.told import AskedFinding, AskOutcome
from evidense.values import Passage, Work

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|!~$&@])")


def markdown(told: AskOutcome) -> str:
    """Return report.md."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: AskOutcome) -> Iterator[str]:
    yield from (f"# {plain(told.question)}", "", f"**{plain(summary.answer(told).sentence)}**", "")
    yield from (f"Research question: {plain(told.question)}", "", plain(summary.stated(told)), "")
    for said in (summary.flow(told), summary.removed(told), summary.set_aside(told), summary.tally(told)):
        if said:
            yield f"- {plain(said)}"
    yield from ("", plain(summary.made(told)), "")
    ordered = sorted(told.findings, key=rank)
    if ordered:
        yield from _statements(ordered)
    if told.works:
        yield from _works(told)
    if told.aside:
        yield from ("## Set aside", "")
        yield from (f"- {plain(one.work)}, {plain(one.why)}: “{plain(one.quote)}”" for one in told.aside)
        yield ""
    if told.findings:
        yield from ("## Review", "", plain(summary.review(told)), "", "| reviewer | score | |", "|---|---|---|")
    for vote in told.panel.votes if told.findings else ():
        yield f"| {plain(vote.dimension)} | {'–' if vote.score is None else f'{vote.score:.1f}'} | {plain(vote.reason)} |"
    yield from ("", "## Limits", "", plain(told.limitations), "", plain(summary.RULE), "")
    if told.included:
        yield from ("## References", "")
        yield from (f"- {plain(printed_work(work.hit.work))}" for work in told.included)


def _statements(findings: Sequence[AskedFinding]) -> Iterator[str]:
    """Yield the statements as a table, then what stands beside each in other works."""
    yield from (
        "## Statements",
        "",
        f"| n | statement | where | {' | '.join(summary.COLUMNS)} |",
        "|---|---|---|---|---|---|",
    )
    for number, finding in enumerate(findings, 1):
        source, others, _ = summary.columns(finding)
        columns = " | ".join(plain(column) for column in (source, others, finding.checked.tested or "–"))
        yield f"| {number} | {plain(finding.checked.statement)} | {_place(finding.place)} | {columns} |"
    yield from (
        "",
        "Each statement is a quotation, or says the value of a cell. What stands in other works:",
        "",
        "### Beside them",
        "",
    )
    for number, finding in enumerate(findings, 1):
        for same in finding.same:
            yield f"- {number}, says the same: “{plain(same.span.quote)}” ({_place(same)})"
        for evidence in finding.beside:
            stance = evidence.stance if evidence.stance != "not sure" else "read"
            yield f"- {number}, {stance}: “{plain(evidence.passage.span.quote)}”{_saying(evidence.passage)} ({_place(evidence.passage)})"
    yield ""


def _works(told: AskOutcome) -> Iterator[str]:
    yield from ("## Works", "", "| key | work | year | read as | |", "|---|---|---|---|---|")
    for work in told.works:
        meant = work.hit.work
        outcome = f"{work.outcome}: {work.reason}" if work.reason else work.outcome
        yield f"| {plain(work.key)} | {plain(meant.title or work.hit.name)} | {meant.year or ''} | {work.read_as or '–'} | {plain(outcome)} |"
    yield ""


def printed_work(work: Work) -> str:
    """Return a work as a list of references has it.

    >>> printed_work(Work("x", {"doi": "10.5555/a"}, "On Shade", ("Lee, Ara", "Dain Cho"), 2021, "Journal of Botany"))
    'Lee, Ara; Dain Cho (2021). On Shade. Journal of Botany. https://doi.org/10.5555/a'
    """
    doi, arxiv = work.identifiers.get("doi", ""), work.identifiers.get("arxiv", "")
    address = f"https://doi.org/{doi}" if doi else f"https://arxiv.org/abs/{arxiv}" if arxiv else work.url
    authors = "; ".join(work.authors) or "Anonymous"
    head = f"{authors} ({work.year})" if work.year else authors
    pieces = [head, work.title.rstrip("."), work.venue.rstrip(".")]
    return ". ".join(filter(None, pieces)) + f".{f' {address}' if address else ''}"


def _place(passage: Passage) -> str:
    return f"{plain(passage.source)}, characters {passage.span.start:,} to {passage.span.end:,}"


def _saying(passage: Passage) -> str:
    return f": {plain(passage.says)}" if passage.says else ""


def plain(text: str) -> str:
    r"""Return a text of others on one line, without any mark of Markdown.

    >>> plain("a [link](b) | <i>")
    'a \\[link\\](b) \\| \\<i\\>'
    """
    return _MARKS.sub(r"\\\1", shown_line(" ".join(text.split())))
