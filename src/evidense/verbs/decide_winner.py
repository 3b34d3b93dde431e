"""Decide which of several candidates is best, and what it is worth after having been chosen for that."""

from collections.abc import Sequence

import numpy as np

from evidense import stats
from evidense.records import Finding, Record, Study, Verdict
from evidense.store import Store

TEST = "best of {n} by the observed mean; interval simultaneous over all {n}; effect less the bootstrap's mean overestimate of the best"


def decide_winner(study: Study, found: Sequence[Record], pool: stats.Pool, store: Store) -> Finding:
    """Return the Finding of the best system, stored: the largest mean difference, over the collections where there are several.

    `found` are the records of the study, `pool` the differences that they came of. The interval is the winner's own among those that
    hold together over all systems, so it holds whichever of them wins. `value` is shrunken for the selection and kept inside of it;
    `details` have what was observed.
    """
    estimand = "difference" if len(pool.given) == 1 else "mean over collections"
    rows = [r for r in found if isinstance(r, Finding) and r.estimand == estimand and r.unit == study.primary]
    effects, errors = (np.array([float(x) for x in xs]) for xs in zip(*map(_estimate, rows), strict=True))
    best = stats.winner(stats.resample(pool.at_means, n_resamples=study.n_resamples, seed=study.seed), effects, errors)
    own = rows[best.at]
    low, high = own.low or 0.0, own.high or 0.0
    words = (r.verdict for r in found if isinstance(r, Verdict) and r.system == own.site["system"])
    finding = Finding(
        parents=(study.id, *(r.id for r in rows)), estimand="winner", site={**own.site, "candidates": [r.site["system"] for r in rows]},
        value=min(max(best.shrunken, low), high), low=low, high=high, n=own.n, n_clusters=own.n_clusters, unit=own.unit,
        confidence=own.confidence, p=own.p, p_adjusted=own.p_adjusted, test=TEST.format(n=len(rows)), family=own.family,
        details={"label": next(words), **own.details, "observed": best.observed, "n_candidates": len(rows)},
    )  # fmt: skip
    store.put(finding)
    return finding


def _estimate(row: Finding) -> tuple[float, float]:
    return row.value, row.details["standard_error"]
