"""Worlds for claims of the literature: simulated sites (layers) with a known effect, estimated as a dissection does."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

from evidense.parts import Evidence
from evidense.stats import Differences, Estimate, Seeded, Sited, join, mean_intervals, seeded, simultaneous
from evidense.stats.equivalence import Join, Relation

Truth = Literal["true", "false", "boundary"]
N_RESAMPLES = 399


@dataclass(frozen=True)
class Kind:
    """The kind and the number of the observations that a world draws."""

    what: Literal["answers", "numbers", "products", "seeds"]
    """answers: right or wrong of two models, subtracted; numbers: any difference, normal; products of two standard normals, whose mean
    is a correlation; seeds: as numbers, in five seeds that differ by .02, at one site."""
    n_queries: int
    n_sites: int
    spread: float
    """For answers, the share on which the models differ; for other kinds, the standard deviation."""
    per_query: int = 1
    """Number of examples per query; their mean is taken."""


PAPER = Kind("answers", 6_515, 12, 0.2, 8)
"""The published study's size: 6,515 questions of 8 examples, twelve layers; the models differ on a fifth of the answers."""
PROBE = Kind("answers", 2_000, 6, 0.15)
"""A dissection of a six-layer encoder on 2,000 queries."""
ONE_PROBE = Kind("answers", 2_000, 1, 0.15)
ITEMS = Kind("numbers", 2_000, 6, 0.5)
"""An index over 2,000 items, by each item's influence on it."""
TEXTS = Kind("numbers", 400, 12, 0.35)
"""Log ratio of two models' effective numbers of neurons, a text: about a factor of 1.4 either way."""
DISCRIMINATING = Kind("numbers", 6_515, 1, 2.4)
"""A change of d′, by each question's influence on it; its standard error is .03."""
SLOPES = Kind("numbers", 400, 1, 0.15)
"""A text's slope over blocks of the logarithm of its effective number of neurons."""
NEURONS = Kind("products", 1_000, 1, 1.0)
FACTS = Kind("seeds", 300, 1, 0.5)
"""Recall of 300 edited facts minus that of their controls, in five trainings."""


@dataclass(frozen=True)
class Planted:
    """A world of one hypothesis. Called with a seed, it returns evidence."""

    kind: Kind
    relation: Relation
    margin: float
    joined: Join
    truth: Truth

    def __call__(self, seed: int) -> Evidence:
        """Draw and estimate the world at a seed. A world that several claims share is drawn once."""
        return _evidence(self, seed)

    def effects(self, seed: int) -> Float[np.ndarray, " s"]:
        """Return each site's true effect.

        It is twice the margin if the claim is true, and 0 if it is false; the reverse for claims of equivalence or of no great loss.
        A claim that says "raises" turns false at 0.
        In a false world of "every", a single site makes the claim false. In a true world of "any", a single site makes it true.

        >>> Planted(PROBE, "within", 0.02, "every", "false").effects(1)[:3] + 0.0
        array([-0.04,  0.  ,  0.  ])
        """
        side = -1 if self.relation == "below" else (-1) ** seed if self.relation == "within" else 1
        holding = 0.0 if self.relation == "within" or self.margin < 0 else 2 * self.margin
        failing = 2 * self.margin - holding
        edge = 0.0 if self.relation == "raises" else self.margin
        odd = {"true": holding, "false": failing, "boundary": edge}[self.truth]
        others = {"every": holding, "any": failing, "mean": odd}[self.joined]
        others = self.margin if self.truth == "boundary" and self.joined == "any" else others
        return np.array([odd] + [others] * (self.kind.n_sites - 1)) * side + 0.0


def worlds(kind: Kind, relation: Relation, margin: float, joined: Join = "every") -> tuple[Planted, Planted]:
    """Return the true and the false world of a hypothesis."""
    return Planted(kind, relation, margin, joined, "true"), Planted(kind, relation, margin, joined, "false")


def planted(kind: Kind, relation: Relation, margin: float, joined: Join = "every") -> dict[str, Any]:
    """Return the fields of a hypothesis that its worlds must agree with."""
    true_world, false_world = worlds(kind, relation, margin, joined)
    return {
        "relation": relation,
        "margin": margin,
        "joined": joined,
        "true_world": true_world,
        "false_world": false_world,
    }


@lru_cache(maxsize=4096)
def _evidence(world: Planted, seed: int) -> Evidence:
    effects = tuple(world.effects(seed).tolist())
    if world.kind.what == "seeds":
        return Evidence(_over_seeds(world.kind, effects[0], _rng(world.truth, seed), seed), world.margin)
    seen = _sites(world.kind, effects, world.truth, seed)
    sites = [Sited(e.effect, interval, (e.low, e.high)) for e, interval in seen]
    joined = join(sites, world.joined, world.relation, world.margin)
    deciding = replace(seen[max(joined.at, 0)][0], effect=joined.effect, low=joined.low, high=joined.high)
    return Evidence(deciding, world.margin)


@lru_cache(maxsize=4096)
def _sites(
    kind: Kind, effects: tuple[float, ...], truth: Truth, seed: int
) -> list[tuple[Estimate, tuple[float, float]]]:
    """Draw and estimate each site; return also its interval that holds alone. Hypotheses with the same effects share them."""
    rng = _rng(truth, seed)
    clusters = _clusters(kind.n_queries, rng)
    values = _values(kind, np.array(effects), clusters, rng)
    estimates = simultaneous([Differences(values, clusters)], n_resamples=N_RESAMPLES, seed=seed)[0]
    intervals = mean_intervals(values, clusters, n_resamples=N_RESAMPLES, seed=seed)
    return [(e, (low, high)) for e, (_, low, high) in zip(estimates, intervals, strict=True)]


def _rng(truth: Truth, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 7, {"true": 0, "false": 1, "boundary": 2}[truth]])


def _clusters(n: int, rng: np.random.Generator) -> Int[np.ndarray, " q"]:
    """Return the group of each query. Groups hold one to three queries."""
    labels: Int[np.ndarray, " q"] = np.repeat(np.arange(n), rng.integers(1, 4, n))[:n]
    return labels


def _values(
    kind: Kind, effects: Float[np.ndarray, " s"], clusters: Int[np.ndarray, " q"], rng: np.random.Generator
) -> Float[np.ndarray, "s q"]:
    """Draw the observations. A fifth of the variance belongs to the group, a fifth to the query at all sites, the remainder is noise."""
    shape = (kind.n_sites, kind.n_queries, kind.per_query)
    shared = np.sqrt(0.2) * (rng.standard_normal(kind.n_queries)[clusters] + rng.standard_normal(kind.n_queries))
    latent = shared[None, :, None] + np.sqrt(0.6) * rng.standard_normal(shape, dtype=np.float32)
    true_effects = effects[:, None, None]
    if kind.what == "numbers":
        drawn = true_effects + kind.spread * latent
    elif kind.what == "products":
        drawn = latent * (true_effects * latent + np.sqrt(1 - true_effects**2) * rng.standard_normal(shape))
    else:
        drawn = (latent > _limit((kind.spread + true_effects) / 2)) * 1.0 - (
            latent < -_limit((kind.spread - true_effects) / 2)
        )
    mean: Float[np.ndarray, "s q"] = drawn.mean(axis=2)
    return mean


def _limit(share: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return the value that a standard normal variable exceeds with this probability."""
    return np.asarray(-ndtri(np.clip(share, 1e-9, 1)))


def _over_seeds(kind: Kind, effect: float, rng: np.random.Generator, seed: int) -> Estimate:
    query = rng.standard_normal((1, 1, kind.n_queries))
    each = rng.standard_normal((1, 5, kind.n_queries))
    luck = 0.02 * rng.standard_normal((1, 5, 1))
    table = effect + luck + kind.spread * (np.sqrt(0.5) * query + np.sqrt(0.5) * each)
    return seeded([Seeded(table, np.arange(kind.n_queries))], n_resamples=N_RESAMPLES, seed=seed)[0][0]
