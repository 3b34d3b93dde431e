"""Write: a question → the folder that people get, all or nothing."""

from collections.abc import Sequence
from pathlib import Path

from evidense.auditing.public_records.forms import FILE_OF, FOLDER
from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import publish
from evidense.records import Record
from evidense.report.ask.exports import report_json
from evidense.report.ask.markdown import markdown
from evidense.report.ask.page import page_html
from evidense.report.ask.public_records import public_files
from evidense.report.ask.told import AskOutcome
from evidense.report.comparison.exports import pretty
from evidense.report.search import exports
from evidense.report.search.bibliography import bibtex_of, csl_of

NAMES = (
    "report.html", "report.md", "report.json", "references.bib", "references.json", "prisma.json", "plan.json", "works.json",
    "to_screen.csv", "events.jsonl", "records.json",
    *(f"{FOLDER}/{name}" for name in FILE_OF.values()),
)  # fmt: skip
"""Every file that a question writes, but for scores on benchmarks, of which there may be none."""


def write(told: AskOutcome, records: Sequence[Record], claim: FolderClaim) -> Path:
    """Write report.html and everything beside it, and return the page's path.

    Raises:
        InvalidInput: the folder holds something else, or files in the way.
        StoreError: the disk is full or the folder cannot be written.
    """
    search = told.search
    hits = [work.hit for work in told.works]
    files = {
        "report.md": markdown(told).encode("utf-8", "replace"),
        "report.json": pretty(report_json(told)),
        "references.bib": bibtex_of(hits).encode("utf-8", "replace"),
        "references.json": pretty(csl_of(hits)),
        "prisma.json": pretty(exports.prisma_json(search)),
        "plan.json": pretty(search.plan.to_json()),
        "works.json": pretty(exports.works_json(search)),
        "to_screen.csv": exports.to_screen_csv(search),
        "events.jsonl": search.log.lines(),
        "records.json": pretty([{k: v for k, v in r.to_json().items() if k != "observed"} for r in records]),
    }
    page = page_html(told, (*sorted(files), f"{FOLDER}/{FILE_OF['paper-manifest-v1']}"))
    files = {"report.html": page.encode("utf-8", "replace"), **files}
    publish(claim, {**files, **public_files(told, files)})
    return claim.out / "report.html"
