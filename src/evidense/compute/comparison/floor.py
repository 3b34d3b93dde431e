"""Floors: collections on which no cell does more than controls that cannot know an answer. They are no test of any effect."""

from collections.abc import Sequence

import numpy as np

from evidense.boundary.numerals import short, signed
from evidense.compute.comparison.lineup import KNOW_NOTHING, Lineup
from evidense.compute.comparison.scored import ScoredCells
from evidense.records import Finding, Record, Study
from evidense.stats import CELLS, CellTables
from evidense.store import Store

ESTIMAND = "most above controls"


def floor_finding(study: Study, lineup: Lineup, scored: ScoredCells, store: Store) -> Finding | None:
    """Return how far the best of the four cells is above the controls on a collection; None without such a control.

    A collection is a floor if for each cell there is a control that it does not exceed by the margin: the interval of the difference ends
    below it. All four must pass, so each has its interval by itself (an intersection of tests needs no correction). A collection that is
    merely undecided is no floor, so none is left out since its queries are few.
    """
    cells = [cell for cell in lineup.cells if cell.name in (*CELLS, *KNOW_NOTHING)]
    names = [cell.name for cell in cells]
    controls = [name for name in names if name in KNOW_NOTHING]
    if not controls or not set(CELLS) <= set(names):
        return None
    pairs = [(cell, control) for cell in CELLS for control in controls]
    weights = np.array([[float(name == cell) - float(name == control) for name in names] for cell, control in pairs])
    tables = CellTables([scored.table(cells, study.primary, store)], confidence=study.confidence)
    means, halves = tables.intervals(weights)
    nearest = [
        min(range(i, i + len(controls)), key=lambda row: means[row] + halves[row])
        for i in range(0, len(pairs), len(controls))
    ]
    best = max(nearest, key=lambda row: means[row] + halves[row])
    low, high = float(means[best] - halves[best]), float(means[best] + halves[best])
    labels = [label for cell in cells for label in cell.labels]
    return Finding(
        parents=(study.id, *(scored.scores[label, study.primary].id for label in labels)), estimand=ESTIMAND, unit=study.primary,
        site={**scored.site("", study.primary), "cell": pairs[best][0], "control": pairs[best][1]}, value=float(means[best]),
        low=low, high=high, n=tables.tables[0].n_queries, n_clusters=tables.tables[0].n_clusters, confidence=study.confidence,
        test="Student's t of seeds and of query clusters", family="each cell by itself: all must lie below the margin",
        details={"is_floor": high < study.margin, "margin": study.margin, "n_seeds": tables.tables[0].n_seeds},
    )  # fmt: skip


def floor_reason(floor: Finding | None) -> str:
    """Return why a collection is no test of any effect; "" if it is one."""
    if floor is None or not floor.details["is_floor"]:
        return ""
    return (
        f"a floor, no test: no cell exceeds '{floor.site['control']}' by the margin of {short(floor.details['margin'])} "
        f"(at most {signed(_high(floor))}, {floor.site['cell']})"
    )


def floors(records: Sequence[Record]) -> dict[str, Finding]:
    """Return collection → the finding that it is a floor."""
    found = (r for r in records if isinstance(r, Finding) and r.estimand == ESTIMAND)
    return {str(f.site["collection"]): f for f in found if f.details["is_floor"]}


def _high(finding: Finding) -> float:
    return float("inf") if finding.high is None else float(finding.high)
