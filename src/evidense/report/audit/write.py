"""Write: an audit → the folder that people get, all or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evidense.auditing.audited import Audit
from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import publish
from evidense.records import Record
from evidense.report.audit import bibliographies, exports
from evidense.report.audit.page import Corrected, page_html
from evidense.report.comparison.exports import pretty

CORRECTED, DIFF = "corrected.bib", "corrected.diff"
NAMES = (
    "report.html", "audit.json", "references.csv", "audit.sarif", "found.bib", "found.csl.json", "records.json", CORRECTED, DIFF,
)  # fmt: skip
"""Every file that an audit may write."""


@dataclass(frozen=True)
class Fixed:
    """A corrected file beside what was changed."""

    data: bytes
    """The whole corrected file, in the encoding of the input."""
    shown: Corrected


def write(audit: Audit, records: Sequence[Record], claim: FolderClaim, fixed: Fixed | None = None) -> Path:
    """Write report.html and everything beside it, and return the page's path.

    Raises:
        InvalidInput: the folder holds something else, or files in the way.
        StoreError: the disk is full or the folder cannot be written.
    """
    files = {
        "audit.json": pretty(exports.audit_json(audit)),
        "references.csv": exports.references_csv(audit),
        "audit.sarif": pretty(exports.sarif(audit)),
        "found.bib": bibliographies.bibtex(audit).encode("utf-8", "replace"),
        "found.csl.json": pretty(bibliographies.csl_json(audit)),
        "records.json": pretty([{k: v for k, v in r.to_json().items() if k != "observed"} for r in records]),
    }
    if fixed is not None:
        files |= {CORRECTED: fixed.data, DIFF: fixed.shown.diff.encode("utf-8", "replace")}
    page = page_html(audit, fixed.shown if fixed else None, tuple(sorted(files)))
    publish(claim, {"report.html": page.encode("utf-8", "replace"), **files})
    return claim.out / "report.html"
