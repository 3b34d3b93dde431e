"""Decide which of several candidates is best, with its effect corrected for the choice."""

from collections.abc import Sequence

import numpy as np

from evidense import stats
from evidense.records import Finding, Record, Study, Verdict
from evidense.store import Store

TEST = "best of {n} by the observed mean; interval simultaneous over all {n}; effect less the bootstrap's mean overestimate of the best"


def decide_winner(study: Study, records: Sequence[Record], pool: stats.Pool, store: Store) -> Finding:
    """Return the Finding of the system with the largest mean difference (over all collections), stored.

    `records` are those of the study, `pool` the differences that they were computed from. The interval is the winner's own among those
    that hold together over all systems, so it is valid whichever system wins. `value` is shrunk for the selection and kept within the
    interval; `details` hold the observed effect.
    """
    estimand = "difference" if len(pool.given) == 1 else "mean over collections"
    candidates = [r for r in records if isinstance(r, Finding) and r.estimand == estimand and r.unit == study.primary]
    effects = np.array([float(candidate.value) for candidate in candidates])
    errors = np.array([float(candidate.details["standard_error"]) for candidate in candidates])
    best = stats.winner(stats.resample(pool.at_means, n_resamples=study.n_resamples, seed=study.seed), effects, errors)
    winner = candidates[best.at]
    low, high = winner.low or 0.0, winner.high or 0.0
    words = (r.verdict for r in records if isinstance(r, Verdict) and r.system == winner.site["system"])
    finding = Finding(
        parents=(study.id, *(c.id for c in candidates)), estimand="winner",
        site={**winner.site, "candidates": [c.site["system"] for c in candidates]},
        value=min(max(best.shrunken, low), high), low=low, high=high, n=winner.n, n_clusters=winner.n_clusters, unit=winner.unit,
        confidence=winner.confidence, p=winner.p, p_adjusted=winner.p_adjusted, test=TEST.format(n=len(candidates)), family=winner.family,
        details={"label": next(words), **winner.details, "observed": best.observed, "n_candidates": len(candidates)},
    )  # fmt: skip
    store.put(finding)
    return finding
