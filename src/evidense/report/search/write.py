"""Write: a search → the folder that people get, all or nothing."""

from collections.abc import Sequence
from pathlib import Path

from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import publish
from evidense.records import Record
from evidense.report.comparison.exports import pretty
from evidense.report.search import exports
from evidense.report.search.bibliography import bibtex_of
from evidense.report.search.page import page_html
from evidense.searching.outcome import SearchOutcome

NAMES = (
    "report.html", "prisma.json", "plan.json", "works.json", "references.bib", "to_screen.csv", "events.jsonl", "records.json",
)  # fmt: skip
"""Every file that a search writes."""


def write(outcome: SearchOutcome, records: Sequence[Record], claim: FolderClaim) -> Path:
    """Write report.html and everything beside it, and return the page's path.

    Raises:
        InvalidInput: the folder holds something else, or files in the way.
        StoreError: the disk is full or the folder cannot be written.
    """
    files = {
        "prisma.json": pretty(exports.prisma_json(outcome)),
        "plan.json": pretty(outcome.plan.to_json()),
        "works.json": pretty(exports.works_json(outcome)),
        "references.bib": bibtex_of(outcome.works("passed")).encode("utf-8", "replace"),
        "to_screen.csv": exports.to_screen_csv(outcome),
        "events.jsonl": outcome.log.lines(),
        "records.json": pretty([{k: v for k, v in r.to_json().items() if k != "observed"} for r in records]),
    }
    page = page_html(outcome, tuple(sorted(files)))
    publish(claim, {"report.html": page.encode("utf-8", "replace"), **files})
    return claim.out / "report.html"
