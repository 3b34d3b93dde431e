"""Estimates over seeds × queries: what would another training with another seed, on other queries, have shown?

Seeds are few and queries are many, so each is judged by what it can say. The interval is

    half² = (t with s − 1 degrees of freedom · standard error between the seeds' means)²
          + (t with g − 1 degrees of freedom · what query clusters add to it)²

and never narrower than that of `simultaneous` over queries alone, which knows about ties, skew and rare differences.
`docs/statistics.md` compares it with a Satterthwaite t and with the Multi-Bootstrap.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from evidense.errors import InvalidInput
from evidense.stats.critical import ReferenceDistribution, adjust, unadjust
from evidense.stats.crossed import Seeded, Squares, mean_squares, scales, squares, two_sided
from evidense.stats.estimates import Estimate, mean_over, simultaneous
from evidense.stats.resampling import resample
from evidense.stats.sharing import Sharing, joined_seeded
from evidense.stats.weights.streams import stream

_SEEDS, _SEEDS_MEAN = 3, 4  # streams of random numbers of their own


def seeded(
    family: Sequence[Seeded],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    n_collections: int | None = None,
    first: int = 0,
) -> list[list[Estimate]]:
    """Estimate every contrast on every collection over seeds × queries; all intervals hold together with `confidence`.

    The result is indexed [collection][contrast]. `win`, `tie` and `loss` count queries by their mean over seeds.
    `n_collections` and `first` are as in `simultaneous` and `resample`: the size of the whole family, and this part's
    place in it. With one seed the interval is over queries only, and `test` says so.

    Raises:
        InvalidInput: as `simultaneous`.

    Source: the question, Sellam et al. 2022 (MultiBERTs); limits of a sum from the limits of its independent parts, squared and
    added: Howe 1974, Zou and Donner 2008.

    >>> rng = np.random.default_rng(0)
    >>> table = 0.2 + 0.02 * rng.standard_normal((1, 5, 1)) + 0.1 * rng.standard_normal((1, 5, 50))
    >>> e = seeded([Seeded(table, np.arange(50))], n_resamples=999, seed=0)[0][0]
    >>> (e.n, e.n_seeds, e.low > 0)
    (50, 5, True)
    """
    rows = [table.over_seeds() for table in family]
    drawn = resample(rows, n_resamples=n_resamples, seed=seed, first=first)
    size = len(family) if n_collections is None else n_collections
    queries = simultaneous(rows, confidence=confidence, seed=seed, draws=drawn, n_collections=size)
    results = []
    for index, (table, estimates) in enumerate(zip(family, queries, strict=True), first):
        if table.n_seeds == 1:
            results.append([_one_seed(e) for e in estimates])
            continue
        rng = stream(seed, index, _SEEDS)
        results.append(
            _widened(squares(table), estimates, _largest(squares(table), n_resamples, rng), size, 1 - confidence)
        )
    return results


def seeded_mean_over(
    family: Sequence[Seeded],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
    sharing: Sharing | None = None,
) -> list[Estimate]:
    """Estimate every contrast's mean over *these* collections, each with equal weight; simultaneous over contrasts.

    Seeds are the same on all collections, so a lucky seed is lucky on all of them: each seed's mean over the collections
    is what varies between seeds. Queries vary on each collection by themselves, but for what collections share (`sharing`).

    Raises:
        InvalidInput: as `mean_over`, or collections with different numbers of seeds.
    """
    n_seeds = sorted({table.n_seeds for table in family})
    if len(n_seeds) > 1:
        raise InvalidInput(
            f"collections have {n_seeds} seeds → expected the same seeds everywhere "
            "→ leave out the seeds that miss a collection"
        )
    estimates = mean_over(
        [table.over_seeds() for table in family],
        confidence=confidence,
        n_resamples=n_resamples,
        seed=seed,
        sharing=sharing,
    )
    if n_seeds == [1]:
        return [_one_seed(e) for e in estimates]
    components = mean_squares(family if sharing is None else joined_seeded(family, sharing))
    return _widened(
        components, estimates, _largest(components, n_resamples, stream(seed, 0, _SEEDS_MEAN)), 1, 1 - confidence
    )


def mean_and_error(family: Sequence[Seeded], sharing: Sharing) -> tuple[float, float]:
    """Return the plain mean of one contrast over these collections, and its standard error over seeds and queries; with one seed over queries."""
    several = [Seeded(np.repeat(t.values, 2, axis=1), t.clusters) if t.n_seeds == 1 else t for t in family]
    components = squares(several[0]) if len(several) == 1 else mean_squares(joined_seeded(several, sharing))
    return float(components.mean[0]), float(components.standard_error[0])


def few_seeds(n_seeds: int) -> str:
    """Say that two training seeds hardly ever decide, or nothing (of one seed, the test says that it speaks of no other).

    >>> few_seeds(2)
    "two training seeds hardly ever decide: by Student's t their intervals are three times as wide as from three, or more; train three at least"
    >>> few_seeds(3)
    ''
    """
    if n_seeds != 2:
        return ""
    wider = "by Student's t their intervals are three times as wide as from three, or more"
    return f"two training seeds hardly ever decide: {wider}; train three at least"


def _one_seed(e: Estimate) -> Estimate:
    return replace(e, test=f"{e.test}; one seed: says nothing of other seeds")


def _largest(components: Squares, n_resamples: int, rng: np.random.Generator) -> ReferenceDistribution:
    """Reference of the largest |z| over the contrasts: normal, correlated as the query clusters say.

    What the seeds would say of the correlation is not used, for a few seeds seem to agree by chance; contrasts count as
    independent between seeds, which errs on the side of caution.
    """
    queries = components.between_queries * scales(components.queries_only, components.queries)
    covariance = queries + np.diag(np.maximum(components.seeds, components.rest))
    alive = np.diagonal(covariance) > 0
    if not alive.any():
        return ReferenceDistribution(np.zeros(n_resamples))
    of_alive = covariance[np.ix_(alive, alive)]
    scale = np.sqrt(np.diagonal(of_alive))
    value, vector = np.linalg.eigh(of_alive / np.outer(scale, scale))
    root = vector * np.sqrt(np.maximum(value, 0.0))
    z = np.einsum("rj,ij->ri", rng.standard_normal((n_resamples, len(root))), root)
    return ReferenceDistribution(np.abs(z).max(axis=1))


def _widened(
    components: Squares, queries: Sequence[Estimate], largest: ReferenceDistribution, n_families: int, alpha: float
) -> list[Estimate]:
    """Widen the estimates over queries alone to what seeds and queries leave possible together."""
    z = components.z()
    alone = -float(ndtri(unadjust(alpha, n_families) / 2))  # what one contrast by itself would need, without chance
    critical = np.full_like(z, max(largest.critical(n_families, alpha), alone))
    half, p = components.half(two_sided(critical)), two_sided(z)
    words = f"t of {components.n_seeds} seeds and of query clusters, no narrower than over queries alone"
    widened = []
    for j, e in enumerate(queries):
        if e.tie == e.n and half[j] == 0:  # nothing differs in any seed
            widened.append(replace(e, n_seeds=components.n_seeds))
            continue
        widened.append(
            replace(
                e,
                low=min(e.low, e.effect - float(half[j])),
                high=max(e.high, e.effect + float(half[j])),
                p=max(e.p, float(p[j])),
                p_adjusted=max(
                    e.p, e.p_adjusted, float(p[j]), adjust(max(largest.p(float(z[j])), float(p[j])), n_families)
                ),
                standard_error=float(components.standard_error[j]),
                test=f"{words} ({e.test})",
                n_seeds=components.n_seeds,
            ).within_bounds()
        )
    return widened
