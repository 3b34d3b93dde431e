"""A world in which two systems are equal by exact search, and an index changes what one of them retrieves."""

import numpy as np

from evidense.compute.comparison.index_part import CheckedQueries, word_allowing
from evidense.records import Study
from evidense.stats import Bounds, Differences, Label, label, simultaneous
from worlds import GAINS

STUDY = Study(name="x", question="?", systems=("a", "b"), collections=("c",), n_resamples=999)
MARGIN = 0.02


def words(change: float, n: int, n_checked: int, seed: int) -> tuple[Label, Label]:
    """Return the word as run, and the word that allows for the index.

    The systems move one relevant document between two ranks on a third of the queries, as often up as down. Then an index loses documents:
    the system's if `change` is negative, else the baseline's. `n_checked` of `n` queries are searched exactly, too.
    """
    rng = np.random.default_rng([seed, n, n_checked])
    exact = GAINS[rng.integers(0, len(GAINS), (2, n))]
    exact[1] = np.where(rng.random(n) < 0.67, exact[0], exact[1])
    by_index, loser = exact.copy(), int(change < 0)
    by_index[loser, rng.random(n) < abs(change) / GAINS.mean()] = 0.0
    differences = Differences(
        by_index[1:] - by_index[:1], np.arange(n), Bounds.differences((0.0, 1.0), (1, n)), by_index[0]
    )
    (estimate,) = simultaneous([differences], n_resamples=999, seed=seed)[0]
    rows = np.sort(rng.choice(n, n_checked, replace=False))
    checked = CheckedQueries(
        rows, n, np.arange(n_checked), by_index[:, rows], exact[:, rows], np.arange(2) == loser, (0.0, 1.0)
    )
    by_exact = None if checked.is_sample else simultaneous([checked.exact_differences()], n_resamples=999, seed=seed)[0]
    (part,) = checked.parts(STUDY, [estimate], by_exact, 1)
    return label(estimate, MARGIN), word_allowing(estimate, part, MARGIN)


def false_words(change: float, n: int, n_checked: int, runs: int) -> tuple[float, float]:
    """Return how often HELPS or HARMS is said as run, and when the index is allowed for, though exact search makes no difference."""
    said = [words(change, n, n_checked, seed) for seed in range(runs)]
    as_run, allowing = (
        float(np.mean([word in ("HELPS", "HARMS") for word in column])) for column in zip(*said, strict=True)
    )
    return as_run, allowing
