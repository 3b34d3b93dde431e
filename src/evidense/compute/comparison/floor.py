"""Floors: collections on which no cell does more than controls that cannot know an answer. They are no test of any effect."""

from collections.abc import Iterable, Sequence

from evidense.compute.comparison.lineup import KNOW_NOTHING, Lineup
from evidense.records import Finding, Record
from evidense.stats import CELLS

ESTIMAND = "most above controls"


def floor_finding(lineup: Lineup, effects: Iterable[Finding], margin: float) -> Finding | None:
    """Return how far the best of the four cells is above the controls on a collection; None without such a control.

    `effects` are the comparisons with controls on one collection, whose intervals hold together. A collection is a floor if for each
    cell there is a control that it does not exceed by the margin: the interval of the difference ends below it. A collection that is
    merely undecided is none, so none is left out since its queries are few.
    """
    nearest: dict[str, Finding] = {}
    sides = {e.name: (e.weights, e.against) for e in lineup.effects if e.group == "control"}
    for finding in effects:
        weights, control = sides[str(finding.site["effect"])]
        cell = next(name for name, weight in weights.items() if weight > 0)
        if control in KNOW_NOTHING and (cell not in nearest or _high(finding) < _high(nearest[cell])):
            nearest[cell] = finding
    if set(nearest) != set(CELLS):
        return None
    cell, best = max(nearest.items(), key=lambda item: _high(item[1]))
    control = sides[str(best.site["effect"])][1]
    place = {key: best.site[key] for key in ("collection", "measure", "role", "direction")}
    return Finding(
        parents=best.parents, estimand=ESTIMAND, site={**place, "cell": cell, "control": control}, unit=best.unit, value=best.value,
        low=best.low, high=best.high, n=best.n, n_clusters=best.n_clusters, confidence=best.confidence, test=best.test,
        family=best.family, details={"is_floor": _high(best) < margin, "margin": margin, "n_seeds": best.details["n_seeds"]},
    )  # fmt: skip


def floor_reason(floor: Finding | None) -> str:
    """Return why a collection is no test of any effect; "" if it is one."""
    if floor is None or not floor.details["is_floor"]:
        return ""
    return (
        f"a floor, no test: no cell exceeds '{floor.site['control']}' by the margin of {floor.details['margin']:g} "
        f"(at most {_high(floor):+.3f}, {floor.site['cell']})"
    )


def floors(records: Sequence[Record]) -> dict[str, Finding]:
    """Return collection → the finding that it is a floor."""
    found = (r for r in records if isinstance(r, Finding) and r.estimand == ESTIMAND)
    return {str(f.site["collection"]): f for f in found if f.details["is_floor"]}


def _high(finding: Finding) -> float:
    return float("inf") if finding.high is None else float(finding.high)
