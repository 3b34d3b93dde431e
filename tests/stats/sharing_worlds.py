"""Worlds with several collections: true effects that differ, and queries that several of them share."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from evidense.stats import Differences, LinkedCollections, Seeded, Sharing, mean_over, random_effects, seeded_mean_over

NEW_ERROR = 0.02
"""Standard error of a collection's effect, on average."""


@dataclass(frozen=True)
class NewWorld:
    """K independent collections whose true effects have mean 0 and spread τ; skewed ones are exponential."""

    k: int
    tau: float
    is_skewed: bool = False

    def __str__(self) -> str:
        return f"K {self.k}, tau {self.tau}{', skewed' if self.is_skewed else ''}"

    @property
    def least(self) -> float:
        """What coverage is promised."""
        return 0.90 if self.is_skewed else 0.94

    def coverage(self, n: int, seed: int = 0) -> tuple[float, float]:
        """How often the mean, and the effect in a new collection, lie in their intervals."""
        rng = np.random.default_rng(seed)
        mean, new = 0, 0
        for _ in range(n):
            drawn = rng.exponential(size=self.k + 1) - 1 if self.is_skewed else rng.standard_normal(self.k + 1)
            truth, errors = self.tau * drawn, NEW_ERROR * rng.uniform(0.6, 1.4, self.k)
            pooled = random_effects((truth[:-1] + errors * rng.standard_normal(self.k)).tolist(), errors.tolist())
            mean += pooled.low <= 0 <= pooled.high
            new += pooled.predict_low <= truth[-1] <= pooled.predict_high
        return mean / n, new / n


NEW_WORLDS = [
    *(NewWorld(k, tau) for k in (5, 8, 12) for tau in (0.0, 0.02, 0.05, 0.10)),
    *(NewWorld(k, tau, is_skewed=True) for k in (5, 8, 12) for tau in (0.02, 0.05, 0.10)),
]


@dataclass(frozen=True)
class SharedWorld:
    """Four collections of 200 queries, of which the first `n_same` are the same in all; a query's luck is shared by this share of variance."""

    n_same: int
    share: float
    is_skewed: bool = False
    n_collections: int = 4
    n_queries: int = 200
    sd: float = 0.3

    def __str__(self) -> str:
        return f"{self.n_same} of {self.n_queries} shared, {self.share} of luck{', skewed' if self.is_skewed else ''}"

    @property
    def clusters(self) -> list[np.ndarray]:
        """One label a query of each collection."""
        own = self.n_queries - self.n_same
        return [
            np.concatenate([np.arange(self.n_same), self.n_same + c * own + np.arange(own)])
            for c in range(self.n_collections)
        ]

    @property
    def sharing(self) -> Sharing:
        """What the collections share."""
        return Sharing((LinkedCollections(tuple(range(self.n_collections)), np.concatenate(self.clusters)),))

    def luck(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Queries' luck with this leading shape, (…, collections, queries)."""
        draw = (lambda s: rng.exponential(size=s) - 1) if self.is_skewed else rng.standard_normal
        labels = np.stack(self.clusters)
        same = draw((*shape, int(labels.max()) + 1))[..., labels]
        own = draw((*shape, self.n_collections, self.n_queries))
        return self.sd * (np.sqrt(self.share) * same + np.sqrt(1 - self.share) * own)

    def coverage(self, n: int, *, is_joined: bool, seed: int = 0) -> float:
        """How often the interval of the mean over the collections holds it; collections differ in their true effects."""
        rng, held = np.random.default_rng(seed), 0
        truths = np.linspace(-0.1, 0.1, self.n_collections)
        for at in range(n):
            rows = truths[:, None] + self.luck(rng, ())
            family = [Differences(row[None], np.arange(self.n_queries)) for row in rows]
            e = mean_over(family, n_resamples=399, seed=at, sharing=self.sharing if is_joined else None)[0]
            held += e.low <= 0 <= e.high
        return held / n

    def seeded_coverage(self, n: int, seed_sd: float, *, is_joined: bool, seed: int = 0) -> float:
        """How often all three intervals of effects over five seeds hold them; half of the luck is new in every seed."""
        rng, held = np.random.default_rng(seed), 0
        over = partial(seeded_mean_over, n_resamples=299, sharing=self.sharing if is_joined else None)
        for at in range(n):
            every = np.sqrt(0.5) * self.luck(rng, (3, 1)) + np.sqrt(0.5) * self.luck(rng, (3, 5))
            table = every + seed_sd * rng.standard_normal((3, 5, 1, 1))
            family = [Seeded(table[:, :, c], np.arange(self.n_queries)) for c in range(self.n_collections)]
            held += all(e.low <= 0 <= e.high for e in over(family, seed=at))
        return held / n
