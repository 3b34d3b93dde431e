"""Tables of seeds × queries with a known truth, and how often each way of making an interval holds it."""

from dataclasses import dataclass

import numpy as np
import scipy.stats

QUERY_SD = 0.3


@dataclass(frozen=True)
class Crossed:
    """One contrast: value = 0 + seed + query + rest, all normal."""

    n_seeds: int
    n_queries: int
    seed_sd: float
    rest: float = 0.5
    """Share of a query's variance that is new in every seed."""

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        s, q = self.n_seeds, self.n_queries
        own, rest = QUERY_SD * np.sqrt([1 - self.rest, self.rest])
        return (
            self.seed_sd * rng.standard_normal((s, 1))
            + own * rng.standard_normal((1, q))
            + rest * rng.standard_normal((s, q))
        )


def anova(x: np.ndarray) -> tuple[float, float, float]:
    """The textbook's mean squares between seeds, between queries, and of the rest, each over s·q; written out."""
    s, q = x.shape
    grand = sum(x[i, j] for i in range(s) for j in range(q)) / (s * q)
    seed = [sum(x[i, j] for j in range(q)) / q for i in range(s)]
    query = [sum(x[i, j] for i in range(s)) / s for j in range(q)]
    between_seeds = q * sum((m - grand) ** 2 for m in seed) / (s - 1)
    between_queries = s * sum((m - grand) ** 2 for m in query) / (q - 1)
    rest = sum((x[i, j] - seed[i] - query[j] + grand) ** 2 for i in range(s) for j in range(q)) / ((s - 1) * (q - 1))
    return between_seeds / (s * q), between_queries / (s * q), rest / (s * q)


def _squares(x: np.ndarray) -> tuple[float, float, float]:
    """`anova`, as fast as a simulation needs it."""
    s, q = x.shape
    seed, query = x.mean(axis=1), x.mean(axis=0)
    rest = x - seed[:, None] - query + x.mean()
    return seed.var(ddof=1) / s, query.var(ddof=1) / q, float((rest**2).sum()) / ((s - 1) * (q - 1) * s * q)


def rival_intervals(x: np.ndarray, rng: np.random.Generator, n_resamples: int) -> dict[str, float]:
    """Half the width of a 95 % interval around the mean of a table [s, q], by each method that is not in use.

    *Satterthwaite*: t with his degrees of freedom on the sum of the variance components, each floored at 0.
    """
    s, q = x.shape
    seeds, queries, rest = _squares(x)
    variance = max(seeds - rest, 0) + max(queries - rest, 0) + rest
    df = variance**2 / (seeds**2 / (s - 1) + queries**2 / (q - 1) + rest**2 / ((s - 1) * (q - 1)))
    mean, se = _multi_bootstrap(x, rng, n_resamples)
    low, high = np.quantile(mean, [0.025, 0.975])
    t = np.quantile(np.abs(mean - x.mean()) / se, 0.95)
    halves = {
        "queries alone": 1.96 * np.sqrt(queries),
        "Multi-Bootstrap, percentile": (high - low) / 2,
        "Multi-Bootstrap, studentised": t * np.sqrt(max(seeds + queries - rest, queries)),
        "Satterthwaite": scipy.stats.t.isf(0.025, df) * np.sqrt(variance),
    }
    return {name: float(half) for name, half in halves.items()}


def _multi_bootstrap(x: np.ndarray, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard errors of n tables of which seeds and queries were drawn with replacement (Sellam et al. 2022)."""
    s, q = x.shape
    seeds = rng.multinomial(s, np.full(s, 1 / s), n).astype(float)
    cell = rng.integers(0, q, (n, q)) + np.arange(n)[:, None] * q
    queries = np.bincount(cell.ravel(), minlength=n * q).reshape(n, q).astype(float)
    by_seed, by_query = queries @ x.T / q, seeds @ x / s
    mean = (by_seed * seeds).sum(axis=1) / s
    of_seeds = ((by_seed - mean[:, None]) ** 2 * seeds).sum(axis=1) / (s * (s - 1))
    of_queries = ((by_query - mean[:, None]) ** 2 * queries).sum(axis=1) / (q * (q - 1))
    return mean, np.sqrt(np.maximum(of_seeds + of_queries - _squares(x)[2], of_queries))
