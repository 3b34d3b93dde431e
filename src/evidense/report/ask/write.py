"""Write: a question → the folder that people get, all or nothing."""

from collections.abc import Sequence
from pathlib import Path

from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import publish
from evidense.records import Record
from evidense.report.ask.exports import report_json
from evidense.report.ask.markdown import markdown
from evidense.report.ask.page import page_html
from evidense.report.ask.told import AskOutcome
from evidense.report.comparison.exports import pretty
from evidense.report.search import exports
from evidense.report.search.bibliography import bibtex_of

NAMES = (
    "report.html", "report.md", "report.json", "references.bib", "prisma.json", "plan.json", "works.json", "to_screen.csv", "events.jsonl", "records.json",
)  # fmt: skip
"""Every file that a question writes."""


def write(told: AskOutcome, records: Sequence[Record], claim: FolderClaim) -> Path:
    """Write report.html and everything beside it, and return the page's path.

    Raises:
        InvalidInput: the folder holds something else, or files in the way.
        StoreError: the disk is full or the folder cannot be written.
    """
    search = told.search
    files = {
        "report.md": markdown(told).encode("utf-8", "replace"),
        "report.json": pretty(report_json(told)),
        "references.bib": bibtex_of([work.hit for work in told.works]).encode("utf-8", "replace"),
        "prisma.json": pretty(exports.prisma_json(search)),
        "plan.json": pretty(search.plan.to_json()),
        "works.json": pretty(exports.works_json(search)),
        "to_screen.csv": exports.to_screen_csv(search),
        "events.jsonl": search.log.lines(),
        "records.json": pretty([{k: v for k, v in r.to_json().items() if k != "observed"} for r in records]),
    }
    page = page_html(told, tuple(sorted(files)))
    publish(claim, {"report.html": page.encode("utf-8", "replace"), **files})
    return claim.out / "report.html"
