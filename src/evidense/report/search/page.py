"""Page: a search → one HTML file that needs nothing else; every text of the indexes is escaped."""

import evidense
from evidense.report.rendering import asset, assets, environment
from evidense.report.search import summary
from evidense.report.search.flow import flow_of
from evidense.searching.outcome import SearchOutcome

_LISTS = (
    ("Passed screening", "passed"), ("Waiting for a person", "waiting"), ("Excluded in screening", "screened out"),
    ("Removed before screening", "ineligible"),
)  # fmt: skip
_MOST_WORKS = 300
"""Works of one list on the page; works.json has all."""


def page_html(outcome: SearchOutcome, files: tuple[str, ...] = ()) -> str:
    """Return the page; `files` are the names of what lies beside it."""
    names = {source.name: source.display_name for source in outcome.sources}
    lists = [
        (heading, hits[:_MOST_WORKS], len(hits))
        for heading, kind in _LISTS
        if (hits := outcome.works(kind))
    ]  # fmt: skip
    context = {
        **assets(), "audit_css": asset("audit.css"), "version": evidense.__version__, "outcome": outcome, "answer": summary.answer(outcome),
        "lines": summary.lines(outcome), "flow": flow_of(outcome.prisma, names), "lists": lists, "files": files, "names": names,
        "source_words": summary.source_words,
    }  # fmt: skip
    return environment().get_template("search.html.j2").render(context)
