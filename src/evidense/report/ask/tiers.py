"""Tiers: what the checks of each finding came to, and the tier that a report has by them."""

from evidense.auditing.public_records.dimensions import scored
from evidense.auditing.public_records.levels import Columns
from evidense.auditing.public_records.tiers import tier_of
from evidense.report.ask.told import AskedFinding, AskOutcome


def columns_of(finding: AskedFinding) -> Columns:
    """Return what the checks of a finding came to."""
    checked = finding.checked
    return Columns(True, checked.grounded, checked.corroborated, checked.tested)


def tier(told: AskOutcome) -> str:
    """Return the tier of a report."""
    n_verified = sum(columns_of(finding).is_verified for finding in told.findings)
    return tier_of(told.panel.score, n_verified, scored(told.panel.votes)["reproducibility_status"].level)
