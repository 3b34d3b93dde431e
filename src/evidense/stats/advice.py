"""Advice: how many queries would decide with an even chance, and the range of that number, since the effect is uncertain."""

import math
from dataclasses import dataclass

from scipy.special import ndtr

from evidense.stats.differences import MIN_CLUSTERS
from evidense.stats.estimates import Estimate
from evidense.stats.rule import groups_of, groups_to_see, is_at_floor, label

_LOW, _EVEN, _HIGH = 0.2, 0.5, 0.8
_MOST = 1e5  # times the queries at hand
_STEPS = 40


@dataclass(frozen=True)
class Advice:
    """Total numbers of queries at which a word other than UNDECIDED has a chance of 20 % (`low`), 50 % (`about`) and 80 % (`high`)."""

    low: int
    about: int
    high: int


def advice(estimate: Estimate, margin: float) -> Advice | None:
    """Return how many queries like these, drawn afresh, would decide.

    The chance is taken over plausible effects: normal around the observed effect, with its standard error. Spread and critical value are
    assumed to stay the same. Numbers are rounded up to two digits. The result is None if the label is decided already, if the baseline
    has nothing to lose, or if no number would decide.

    Raises:
        InvalidInput: as `label`.
    """
    if label(estimate, margin) != "UNDECIDED" or is_at_floor(estimate.base_mean, estimate.low, margin):
        return None
    if not estimate.standard_error > 0 and estimate.effect == 0:
        return None
    numbers = [_needed(estimate, margin, share) for share in (_LOW, _EVEN, _HIGH)]
    if math.isinf(numbers[1]):
        return None
    low, about, high = (_two_digits(n, estimate.n) for n in numbers)
    return Advice(low, about, high)


def chance(estimate: Estimate, margin: float, n: float) -> float:
    """Return the chance that n fresh queries decide, over the plausible effects."""
    half = max(estimate.high - estimate.effect, estimate.effect - estimate.low)
    ratio = math.sqrt(estimate.n / n)
    reach, spread = half * ratio, estimate.standard_error * math.hypot(1.0, ratio)
    if n * estimate.n_clusters / estimate.n < MIN_CLUSTERS:
        return 0.0
    sees = n * groups_of(estimate) / estimate.n >= groups_to_see(margin)
    inside = margin - reach if sees else -1.0
    if inside >= reach:
        return 1.0
    return 1.0 - _within(estimate.effect, spread, reach) + _within(estimate.effect, spread, inside)


def _within(effect: float, spread: float, x: float) -> float:
    """Return the chance that a normal value around the effect lies within ± x."""
    if x <= 0:
        return 0.0
    return float(ndtr((x - effect) / spread) - ndtr((-x - effect) / spread))


def _needed(estimate: Estimate, margin: float, share: float) -> float:
    """Return the smallest number of queries that decides with this chance, or infinity."""
    low, high = math.log(estimate.n), math.log(estimate.n * _MOST)
    if chance(estimate, margin, math.exp(high)) < share:
        return math.inf
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if chance(estimate, margin, math.exp(middle)) >= share else (middle, high)
    return math.exp(high)


def _two_digits(n: float, at_hand: int) -> int:
    if math.isinf(n):
        n = at_hand * _MOST
    unit: int = 10 ** max(0, math.floor(math.log10(n)) - 1)
    return max(math.ceil(n / unit - 1e-9) * unit, at_hand + 1)
