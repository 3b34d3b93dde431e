"""A simulated collection with a known effect, on which rules and claims are tested."""

import numpy as np

from evidense.errors import InvalidInput
from evidense.stats.differences import Differences
from evidense.stats.estimates import Estimate, simultaneous

_GAINS = np.concatenate([[0.0], 1 / np.log2(np.arange(2, 12))])  # nDCG@10 of a query with one relevant document
_MOVED = 0.2  # the share of queries in which a tuned model changes anything, a common share in practice
_JUMP = float(np.abs(_GAINS[:, None] - _GAINS).mean())
N_QUERIES = 1000


def planted(effect: float, seed: int, *, n_queries: int = N_QUERIES) -> Differences:
    """Draw differences of nDCG@10 whose expectation is `effect`: 80 % ties, else the relevant document moves in rank.

    A query's difference has a standard deviation of 0.15.

    Raises:
        InvalidInput: an effect that so few moves cannot make.

    >>> bool(np.mean(planted(0.04, seed=1).values == 0) > 0.75)
    True
    """
    up = 0.5 + effect / (2 * _MOVED * _JUMP)
    if not 0 <= up <= 1:
        raise InvalidInput(f"effect {effect} → expected at most {_MOVED * _JUMP:.3f} either way → plant a smaller one")
    rng = np.random.default_rng(seed)
    before, after = _GAINS[rng.integers(0, len(_GAINS), (2, 1, n_queries))]
    sign = np.where(rng.random((1, n_queries)) < up, 1.0, -1.0)
    moved = rng.random((1, n_queries)) < _MOVED
    return Differences(np.where(moved, sign * np.abs(before - after), 0.0), np.arange(n_queries))


def planted_estimate(effect: float, seed: int) -> Estimate:
    """Estimate the effect of `planted` as a comparison on its own, with 2,000 resamples for speed."""
    return simultaneous([planted(effect, seed)], n_resamples=2000, seed=seed)[0][0]
