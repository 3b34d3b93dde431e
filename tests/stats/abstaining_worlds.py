"""Worlds for the choice of a threshold: the risk at each confidence is known, and wrong verdicts may come by documents."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from scipy.stats import beta

from evidense.stats import risk_coverage, safe_threshold

RISKS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    ".101 everywhere": lambda c: np.full_like(c, 0.101),
    "falls from .5 to 0": lambda c: 0.5 * (1 - c),
    "falls from .3 to 0": lambda c: 0.3 * (1 - c),
    "a step: .03, below the surest .3 it is .4": lambda c: np.where(c > 0.7, 0.03, 0.4),
    "the surest tenth is wrong at .2, the next .4 at .05": lambda c: np.where(
        c > 0.9, 0.2, np.where(c > 0.5, 0.05, 0.5)
    ),
    ".05 everywhere": lambda c: np.full_like(c, 0.05),
}
"""World → risk of a verdict at a confidence from 0 to 1."""
TARGET = 0.10


class Sample(NamedTuple):
    """Verdicts with their documents."""

    confidence: np.ndarray
    is_wrong: np.ndarray
    documents: np.ndarray


def sample(world: str, n_documents: int, per_document: tuple[int, ...], seed: int) -> Sample:
    """Draw verdicts; in half of the documents all verdicts share their luck."""
    rng = np.random.default_rng(seed)
    documents = np.repeat(np.arange(n_documents), rng.choice(per_document, n_documents))
    confidence = rng.random(len(documents))
    shared, shares = rng.random(n_documents)[documents], (rng.random(n_documents) < 0.5)[documents]
    luck = np.where(shares, shared, rng.random(len(documents)))
    return Sample(confidence, luck < RISKS[world](confidence), documents)


def true_risk(world: str, threshold: float) -> float:
    """Return the risk of verdicts at a threshold and above."""
    return float(RISKS[world](np.linspace(threshold, 1, 4001)).mean())


def ours(drawn: Sample) -> float | None:
    """Return the threshold in use."""
    found = safe_threshold(*drawn, target=TARGET)
    return None if found is None else found.at


def by_share(drawn: Sample) -> float | None:
    """Return the lowest threshold whose share of wrong verdicts is within the target."""
    curve = risk_coverage(drawn.confidence, drawn.is_wrong)
    return _lowest(curve.thresholds, curve.risk)


def by_bound(drawn: Sample) -> float | None:
    """Return the lowest threshold whose own 95 % bound is within the target, as if it alone had been looked at."""
    curve = risk_coverage(drawn.confidence, drawn.is_wrong)
    n = np.rint(curve.coverage * len(drawn.confidence))
    n_wrong = np.rint(curve.risk * n)
    return _lowest(curve.thresholds, beta.ppf(0.95, n_wrong + 1, np.maximum(n - n_wrong, 1e-9)))


def _lowest(thresholds: np.ndarray, risks: np.ndarray) -> float | None:
    within = np.flatnonzero(risks <= TARGET)
    return float(thresholds[within[-1]]) if len(within) else None


class Measured(NamedTuple):
    """Of many samples."""

    exceeds: float
    """Share in which the true risk above the threshold exceeds the target."""
    coverage: float
    """Mean share of verdicts that are given."""


def measure(
    choose: Callable[[Sample], float | None], world: str, size: tuple[int, tuple[int, ...]], n: int
) -> Measured:
    """Draw n samples, seeds 0 on, and choose a threshold in each."""
    exceeds, coverage = 0, 0.0
    for seed in range(n):
        drawn = sample(world, *size, seed)
        at = choose(drawn)
        if at is not None:
            exceeds += true_risk(world, at) > TARGET
            coverage += float((drawn.confidence >= at).mean())
    return Measured(exceeds / n, coverage / n)
