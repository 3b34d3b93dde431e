"""Page: a question → one HTML file that needs nothing else; every text of works is escaped."""

import evidense
from evidense.report.ask import summary
from evidense.report.ask.limits import verdict_limits
from evidense.report.ask.screen import rank
from evidense.report.ask.told import AskOutcome
from evidense.report.check.page import place, quote
from evidense.report.check.words import CHECK_WORDS, SAYS
from evidense.report.rendering import asset, assets, environment
from evidense.report.search.flow import flow_of


def page_html(told: AskOutcome, files: tuple[str, ...] = ()) -> str:
    """Return the page; `files` are the names of what lies beside it."""
    names = {source.name: source.display_name for source in told.search.sources}
    removed = [
        (hit, told.search.screened.decisions[hit.name].reason)
        for kind in ("ineligible", "screened out")
        for hit in told.search.works(kind)
    ]
    context = {
        **assets(), "audit_css": asset("audit.css"), "version": evidense.__version__, "told": told, "summary": summary, "answer": summary.answer(told),
        "flow": flow_of(told.search.prisma, names), "ordered": sorted(told.findings, key=rank), "words": CHECK_WORDS, "says": SAYS,
        "quote": quote, "place": place, "files": files, "removed": removed, "waiting": told.search.works("waiting"),
        "coverage": summary.coverage(told) if told.findings else "", "verdict_limits": verdict_limits(told.checks),
        "fell": [row for row in told.table.rows if row.n],
    }  # fmt: skip
    return environment().get_template("ask.html.j2").render(context)
