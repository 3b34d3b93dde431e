"""Spread: a sentence on each moderator: how much more a stage adds at one level than at another, and how many families say so."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import interval, short, signed
from evidense.records import Finding, Record
from evidense.report.factorial.budgets import STAGES

ESTIMAND = "effect by moderator"


@dataclass(frozen=True)
class SpreadLine:
    """One moderator at one level, for one stage."""

    stage: str
    what: str
    value: str
    verdict: str
    families: str
    note: str


def spread_lines(records: Sequence[Record]) -> list[SpreadLine]:
    """Return the table of moderators; empty for a study that names no strata."""
    return [_line(r) for r in records if isinstance(r, Finding) and r.estimand == ESTIMAND]


def _line(finding: Finding) -> SpreadLine:
    site, d = finding.site, finding.details
    against = f" than {site['against']}" if site["against"] else ""
    what = f"{site['moderator']}: {site['level']}{against}" if site["level"] else f"{site['moderator']}: one more"
    value = f"{signed(finding.value)} {interval(finding.low, finding.high)}" if finding.low is not None else "—"
    verdict = str(d["verdict"])
    return SpreadLine(
        STAGES[site["effect"]], what, value, verdict, f"{finding.n_clusters} ({d['how']})", _note(finding)
    )


def _note(finding: Finding) -> str:
    d = finding.details
    if d["reason"]:
        return f"too few: {d['reason']}"
    explained = d.get("explained")
    between = (
        f"it explains {float(explained):.0%} of the variance between families"
        if explained is not None and d["how"] == "between families"
        else ""
    )
    each = ", ".join(f"{short(round(float(x), 3))}" for x in d["by_family"])
    return between or f"family by family: {each}"
