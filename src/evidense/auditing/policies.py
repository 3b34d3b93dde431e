"""Policies: which verdicts the criteria of a venue's chairs would count against a paper, and which are errors to report.

Source: the criteria of the NeurIPS 2026 chairs of 5 September 2026, as quoted in bibtexupdater #80; no public page of them is known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from evidense.auditing.fields import FieldCheck
from evidense.auditing.references import ReferenceDecision

Weight = Literal["counts", "error to report", "no matter"]


@dataclass(frozen=True)
class Ruling:
    """What a policy says of one reference."""

    weight: Weight
    reason: str = ""


def _neurips2026(decision: ReferenceDecision) -> Ruling:
    """Count what cannot be found, unless it is a thesis, author lists that are mostly another's, and venues of which no index knows anything."""
    if decision.verdict == "NOT FOUND" and decision.may_be_missing:
        return Ruling("no matter")
    if decision.verdict == "NOT FOUND":
        return Ruling("counts", "the title cannot be found")
    wrong = {check.name: check for check in decision.fields if check.is_wrong}
    if "authors" in wrong and is_mostly_foreign(wrong["authors"]):
        return Ruling("counts", "most of the authors are not the work's")
    if "venue" in wrong and not wrong["venue"].known:
        return Ruling("counts", "no index knows this venue")
    if wrong or decision.verdict == "OTHER WORK":
        return Ruling("error to report", f"wrong: {', '.join(wrong) or 'identifier'}")
    return Ruling("no matter")


def is_mostly_foreign(check: FieldCheck) -> bool:
    """Say whether at least half of the cited authors are named by no index."""
    n_cited = len([name for name in check.cited.split(";") if name.strip()])
    return bool(check.foreign) and 2 * len(check.foreign) >= n_cited


POLICIES: Mapping[str, Callable[[ReferenceDecision], Ruling]] = {"neurips2026": _neurips2026}
"""Name → what it says of a decision."""
EXPLAINED: Mapping[str, str] = {
    "neurips2026": (
        "NeurIPS 2026: a title that cannot be found, an author list that is mostly another's, or a venue without evidence of existing counts; "
        "a real but wrong venue, a wrong arXiv number and small errors of authors or title are errors to report. Whether something counts is the "
        "chairs' to decide: this page shows which of their criteria apply."
    )
}
