"""Write: a check → the folder that people get, all or nothing."""

from pathlib import Path

from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import publish
from evidense.records import Json
from evidense.report.check.exports import checks_json
from evidense.report.check.page import page_html
from evidense.report.check.statements import CheckedStatements
from evidense.report.comparison.exports import pretty

NAMES = ("report.html", "checks.json", "calibration.json")
"""Every file that a check writes."""


def write(told: CheckedStatements, claim: FolderClaim, calibration: dict[str, Json] | None = None) -> Path:
    """Write report.html and checks.json, and what was measured where there is something; return the page's path.

    Raises:
        InvalidInput: the folder holds something else, or files in the way.
        StoreError: the disk is full or the folder cannot be written.
    """
    page = page_html(told).encode("utf-8", "replace")
    files = {"report.html": page, "checks.json": pretty(checks_json(told))}
    publish(claim, files if calibration is None else {**files, "calibration.json": pretty(calibration)})
    return claim.out / "report.html"
