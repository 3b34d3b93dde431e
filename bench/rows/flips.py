"""28 pairs × 10,000 sign flips over 6,980 queries, against scipy's permutation_test."""

from statistics import median

import numpy as np
from scipy import stats as scipy_stats

from bench.lines import N_RUNS, Line, cpu_s
from evidense.stats import sign_flips

N_PAIRS, N_QUERIES, N_FLIPS = 28, 6_980, 10_000


def measure() -> list[Line]:
    """Time scipy on one pair (a 28th: all would take minutes) and ours on all pairs at once, studentised and adjusted."""
    values = np.random.default_rng(0).standard_normal((N_PAIRS, N_QUERIES)) * 0.25
    peer_s = N_PAIRS * median(cpu_s(lambda: _scipy(values[0])) for _ in range(N_RUNS))
    sign_flips(values, n_resamples=100, seed=0)
    ours_s = median(cpu_s(lambda: sign_flips(values, n_resamples=N_FLIPS, seed=0)) for _ in range(N_RUNS))
    ours = sign_flips(values, n_resamples=N_FLIPS, seed=0, adjust="none")[0]
    return [Line(
        job="28 pairs × 10,000 sign flips, 6,980 queries", peer="scipy permutation_test", target="≥ 20 × its speed", bound=20, sense="peer/ours ≥",
        peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=("scipy ran on 1 of 28 pairs, its time × 28", f"p of that pair: scipy {_scipy(values[0]):.4f}, ours {ours:.4f}"),
    )]  # fmt: skip


def _scipy(differences: np.ndarray) -> float:
    result = scipy_stats.permutation_test(
        (differences,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", vectorized=True, n_resamples=N_FLIPS, batch=100,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    return float(result.pvalue)
