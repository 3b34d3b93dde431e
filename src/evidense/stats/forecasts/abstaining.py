"""Abstaining: risk against coverage, and the confidence from which on verdicts may be printed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64
from scipy.special import bdtr

from evidense.errors import InvalidInput

N_STEPS = 10
"""Thresholds that are tried, at most."""
_MEANT_FOR = 4.6  # stakes are best where the evidence needed is e^4.6 = 100 to 1, as at a tenth to a half of 5 %
_LARGEST_STAKE = 0.9
_HALVINGS = 40


@dataclass(frozen=True)
class RiskCoverage:
    """One point for each distinct confidence, from the surest down: the risk of giving a verdict at this confidence and above."""

    thresholds: Float64[np.ndarray, " t"]
    coverage: Float64[np.ndarray, " t"]
    risk: Float64[np.ndarray, " t"]

    @property
    def area(self) -> float:
        """Return the area under the curve: the mean risk over the forecasts, each at its own confidence (AURC)."""
        return float(np.diff(self.coverage, prepend=0.0) @ self.risk)


@dataclass(frozen=True)
class Threshold:
    """Verdicts at `at` and above have a risk of at most the target, as sure as was asked for."""

    at: float
    coverage: float
    """Of all statements of these data."""
    risk: float
    """Share of wrong verdicts among the statements at `at` and above."""
    upper: float
    """Upper end of the one-sided interval of the risk, at the level that the choice left for this threshold."""
    n: int
    n_documents: int


def risk_coverage(confidence: Float[np.ndarray, " n"], is_wrong: Bool[np.ndarray, " n"]) -> RiskCoverage:
    """Return the risk–coverage curve.

    Source: El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017.

    Raises:
        InvalidInput: no confidences, one that is not finite, or not one outcome each.

    >>> risk_coverage(np.array([0.9, 0.8, 0.8, 0.1]), np.array([False, False, True, True])).risk.round(3).tolist()
    [0.0, 0.333, 0.5]
    """
    _check(confidence, is_wrong, None)
    values, member, counts = np.unique(-confidence, return_inverse=True, return_counts=True)
    n_selected = np.cumsum(counts)
    n_wrong = np.cumsum(np.bincount(member, weights=is_wrong))
    return RiskCoverage(-values.astype(np.float64), n_selected / len(confidence), n_wrong / n_selected)


def safe_threshold(
    confidence: Float[np.ndarray, " n"],
    is_wrong: Bool[np.ndarray, " n"],
    documents: Int[np.ndarray, " n"] | None = None,
    *,
    target: float = 0.10,
    error: float = 0.05,
) -> Threshold | None:
    """Return the lowest threshold above which the risk is shown to be within the target; None where that is shown for none.

    In at most `error` of all samples the true risk above the returned threshold exceeds the target, although it was chosen from the
    same data. At most ten thresholds are tried, at equal steps of coverage from the surest down; they depend on confidences and
    documents, never on outcomes. Each tests "the risk exceeds the target". The tests share the error by the fallback procedure: the surest
    has half, the others equal parts of the rest; a test that rejects hands what it had on to the next, and one that fails does not end
    the search.

    The test: where each document has one verdict, the exact binomial (Clopper and Pearson's bound). Where a document has several, they
    may all be wrong together. Its W wrong of M verdicts are then one observation of target·M − W, and a bet on each document tests that
    the mean is at most 0, whatever the dependence within documents. Stakes must not ruin on the document with the most verdicts: one with
    a hundred makes any proof hard, and None likely.

    Documents must be independent of each other, and the confidences must not depend on these outcomes: calibrate them on other
    documents. The usual choice, the lowest threshold whose share of wrong verdicts is within the target, exceeds the target in about
    half of all samples (docs/statistics.md, "Abstaining, measured").

    Source: learn then test, Angelopoulos and others 2021; fallback procedure, Wiens 2003; Poisson-binomial tails, Hoeffding 1956;
    bets, Waudby-Smith and Ramdas 2024.

    Raises:
        InvalidInput: arrays that do not fit together, a confidence that is not finite, or a target or error outside 0 to 1.

    >>> confidence = np.linspace(1, 0, 400)
    >>> chosen = safe_threshold(confidence, confidence < 0.5)  # wrong in the lower half only
    >>> round(chosen.coverage, 2), chosen.risk, round(chosen.upper, 2)
    (0.5, 0.0, 0.02)
    >>> safe_threshold(confidence, np.arange(400) % 5 == 0) is None  # a risk of .2 everywhere
    True
    """
    documents = np.arange(len(confidence)) if documents is None else documents
    _check(confidence, is_wrong, documents)
    if not (0 < target < 1 and 0 < error < 1):
        raise InvalidInput(
            f"target is {target} and error is {error}. Expected numbers between 0 and 1. Use 0.10 and 0.05."
        )
    tried = _feasible(
        [(at, _Selected.of(confidence >= at, is_wrong, documents)) for at in thresholds_to_try(confidence)],
        target,
        error,
    )
    best, carried = None, 0.0
    for (at, sample), part in zip(tried, _parts(len(tried)), strict=True):
        level = error * part + carried
        is_shown = sample.chance(target) <= level
        best, carried = ((at, sample, level), level) if is_shown else (best, 0.0)
    return None if best is None else _described(*best, len(confidence))


def bounded_risks(
    confidence: Float[np.ndarray, " n"],
    is_wrong: Bool[np.ndarray, " n"],
    documents: Int[np.ndarray, " n"] | None = None,
    *,
    error: float = 0.05,
) -> tuple[Threshold, ...]:
    """Return the risk at each threshold that is tried, from the surest down, each with its upper end.

    All upper ends hold at once in at least 1 − `error` of all samples: each has an equal part of the error (Bonferroni). `safe_threshold`
    divides the error otherwise, so it may show a threshold whose upper end here is just above the target, and the other way round.

    Raises:
        InvalidInput: as `safe_threshold`.

    >>> confidence = np.linspace(1, 0, 400)
    >>> [(t.coverage, round(t.risk, 2), round(t.upper, 2)) for t in bounded_risks(confidence, confidence < 0.5)[3:6]]
    [(0.4, 0.0, 0.03), (0.5, 0.0, 0.03), (0.6, 0.17, 0.24)]
    """
    documents = np.arange(len(confidence)) if documents is None else documents
    _check(confidence, is_wrong, documents)
    tried = thresholds_to_try(confidence)
    samples = [(at, _Selected.of(confidence >= at, is_wrong, documents)) for at in tried]
    return tuple(_described(at, sample, error / len(tried), len(confidence)) for at, sample in samples)


def thresholds_to_try(confidence: Float[np.ndarray, " n"]) -> list[float]:
    """Return at most ten thresholds, from the surest down, each just above the confidence at an equal step of coverage.

    The statements above a fixed rank are a sample from all that are surer than the one at that rank, so their outcomes can be tested.
    """
    falling = np.sort(confidence.astype(np.float64))[::-1]
    ranks = np.arange(1, N_STEPS) * len(falling) // N_STEPS
    edges = np.unique(np.nextafter(falling[ranks], np.inf))[::-1].tolist()
    return [at for at in (*edges, float(falling[-1])) if (falling >= at).any()]


@dataclass(frozen=True)
class _Selected:
    """What a threshold selects: per document with a verdict how many verdicts, and how many of them wrong."""

    n_verdicts: Int64[np.ndarray, " d"]
    n_wrong: Int64[np.ndarray, " d"]

    @classmethod
    def of(
        cls, is_selected: Bool[np.ndarray, " n"], is_wrong: Bool[np.ndarray, " n"], documents: Int[np.ndarray, " n"]
    ) -> "_Selected":
        _, member, n_verdicts = np.unique(documents[is_selected], return_inverse=True, return_counts=True)
        n_wrong = np.bincount(member, weights=is_wrong[is_selected], minlength=len(n_verdicts)).astype(np.int64)
        return cls(n_verdicts.astype(np.int64), n_wrong)

    def spotless(self) -> "_Selected":
        """Return the same with no verdict wrong."""
        return _Selected(self.n_verdicts, np.zeros_like(self.n_wrong))

    def chance(self, target: float) -> float:
        """Return p of the hypothesis that the risk is `target` or more."""
        most = int(self.n_verdicts.max())
        if most == 1:
            return float(bdtr(float(self.n_wrong.sum()), int(self.n_verdicts.sum()), target))
        gains = target * self.n_verdicts - self.n_wrong  # at least −(1 − target)·most, so no stake below ruins
        variance = target * (1 - target) * np.array([self.n_verdicts.sum(), (self.n_verdicts**2).sum()])
        stakes = np.minimum(np.sqrt(2 * _MEANT_FOR / variance), _LARGEST_STAKE / ((1 - target) * most))
        logs = np.log1p(stakes[:, None] * gains[None, :]).sum(axis=1)
        return float(np.exp(-max(0.0, np.logaddexp.reduce(logs) - np.log(len(stakes)))))

    def upper(self, level: float) -> float:
        """Return the least risk that the test rules out at this level."""
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.chance(middle) <= level else (middle, high)
        return high


def _parts(n: int) -> list[float]:
    """Return the share of the error that each of n tests has of its own: where confidences tell anything, the surest is most likely shown."""
    return [0.5, *[0.5 / (n - 1)] * (n - 1)] if n > 1 else [1.0] * n


def _feasible(samples: list[tuple[float, _Selected]], target: float, error: float) -> list[tuple[float, _Selected]]:
    """Leave out, from the surest down, thresholds with too few verdicts to show anything by an equal part of the error, were none wrong."""
    while samples and samples[0][1].spotless().chance(target) > error / len(samples):
        samples = samples[1:]
    return samples


def _described(at: float, sample: _Selected, level: float, n_all: int) -> Threshold:
    n = int(sample.n_verdicts.sum())
    risk = float(sample.n_wrong.sum()) / n
    return Threshold(at, n / n_all, risk, sample.upper(level), n, int((sample.n_verdicts > 0).sum()))


def _check(
    confidence: Float[np.ndarray, "..."], is_wrong: Bool[np.ndarray, "..."], documents: Int[np.ndarray, "..."] | None
) -> None:
    lengths = {len(confidence), len(is_wrong)} | ({len(documents)} if documents is not None else set())
    if len(lengths) > 1 or not len(confidence) or not bool(np.isfinite(confidence).all()):
        raise InvalidInput(
            f"{len(confidence)} confidences and {len(is_wrong)} outcomes. Expected at least one confidence, all finite, each with one outcome and "
            "one document. Take out statements that were not judged."
        )
