"""Abstaining: the curve against a slow one; the chosen threshold keeps its promise in simulated worlds."""

import numpy as np
import pytest
from abstaining_worlds import RISKS, by_share, measure, ours, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import beta, binom

from evidense.errors import InvalidInput
from evidense.stats import cross_fitted, fit_isotonic, fold_rows, risk_coverage, safe_threshold
from evidense.stats.forecasts.abstaining import _Selected, thresholds_to_try

N = 200
MOST = 0.05 + 2 * np.sqrt(0.05 * 0.95 / N)
CASE = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, n, elements=st.integers(0, 8).map(lambda k: k / 8)),
        arrays(np.bool_, n, elements=st.booleans()),
    )
)


@settings(max_examples=60, deadline=None)
@given(case=CASE)
def test_the_curve_equals_a_slow_one(case) -> None:
    confidence, is_wrong = case
    curve = risk_coverage(confidence, is_wrong)
    assert curve.thresholds.tolist() == sorted(set(confidence), reverse=True)
    for at, coverage, risk in zip(curve.thresholds, curve.coverage, curve.risk, strict=True):
        assert coverage == pytest.approx((confidence >= at).mean())
        assert risk == pytest.approx(is_wrong[confidence >= at].mean())
    assert 0 <= curve.area <= 1


@pytest.mark.parametrize("size", [(150, (1,)), (400, (1,)), (200, (1, 2, 3)), (150, (1, 2, 4, 8))], ids=str)
@pytest.mark.parametrize("world", RISKS)
def test_the_true_risk_exceeds_the_target_in_at_most_five_percent_of_samples(world: str, size) -> None:
    assert measure(ours, world, size, N).exceeds <= MOST


def test_the_usual_choice_exceeds_the_target_in_about_half_of_them() -> None:
    assert measure(by_share, "falls from .3 to 0", (400, (1,)), 100).exceeds > 0.35


def test_a_threshold_is_found_where_the_risk_is_well_within_the_target() -> None:
    assert measure(ours, ".05 everywhere", (400, (1,)), 50).coverage > 0.8
    assert measure(ours, ".05 everywhere", (400, (1, 2, 3)), 50).coverage > 0.6


def test_verdicts_that_are_wrong_by_documents_are_not_counted_as_so_many() -> None:
    """All ten verdicts of a document share their luck, at a risk of .101; a binomial test of verdicts would be fooled."""
    n_fooled = n_ours = 0
    for seed in range(N):
        rng = np.random.default_rng(seed)
        is_wrong, documents = np.repeat(rng.random(80) < 0.101, 10), np.repeat(np.arange(80), 10)
        confidence = rng.random(800)
        n_fooled += safe_threshold(confidence, is_wrong) is not None
        n_ours += safe_threshold(confidence, is_wrong, documents) is not None
    assert n_fooled / N > 0.15
    assert n_ours / N <= MOST


def test_confidences_calibrated_on_folds_keep_the_promise() -> None:
    n_exceeding = 0
    for seed in range(60):
        drawn = sample("falls from .3 to 0", 300, (1, 2), seed)
        folds = fold_rows(drawn.documents, 5, np.random.default_rng(seed))
        calibrated = cross_fitted(fit_isotonic, drawn.confidence, ~drawn.is_wrong, folds)
        found = safe_threshold(calibrated, drawn.is_wrong, drawn.documents)
        if found is not None:
            n_exceeding += float((0.3 * (1 - drawn.confidence[calibrated >= found.at])).mean()) > 0.10
    assert n_exceeding <= 6  # .05 + 2 standard errors of 60


@settings(deadline=None)
@given(n=st.integers(1, 200), share=st.floats(0, 1), target=st.floats(0.01, 0.5))
def test_one_verdict_a_document_is_tested_by_the_exact_binomial(n: int, share: float, target: float) -> None:
    n_wrong = int(share * n)
    selected = _Selected(np.ones(n, np.int64), (np.arange(n) < n_wrong).astype(np.int64))
    assert selected.chance(target) == pytest.approx(binom.cdf(n_wrong, n, target))
    if n_wrong < n:
        assert selected.upper(0.05) == pytest.approx(beta.ppf(0.95, n_wrong + 1, n - n_wrong), abs=1e-6)


@pytest.mark.parametrize("n_verdicts", [(1, 1, 2), (3, 1, 1, 1), (4, 4, 4, 4, 4)])
def test_bets_pay_no_more_than_they_cost_on_average_where_the_risk_is_the_target(n_verdicts: tuple[int, ...]) -> None:
    """Every way in which documents are wholly right or wholly wrong, with its probability: the mean of 1/p is at most 1."""
    sizes, mean = np.array(n_verdicts), 0.0
    for ways in range(1 << len(sizes)):
        is_wrong = np.array([(ways >> i) & 1 for i in range(len(sizes))])
        chance = float(np.prod(np.where(is_wrong, 0.1, 0.9)))
        p = _Selected(sizes, sizes * is_wrong).chance(0.1)
        mean += chance * (1 / p if p < 1 else 0.0)
    assert mean <= 1


@settings(max_examples=60, deadline=None)
@given(case=CASE, seed=st.integers(0, 99))
def test_neither_the_order_nor_a_rising_map_of_confidences_changes_the_choice(case, seed: int) -> None:
    confidence, is_wrong = np.tile(case[0], 10), np.tile(case[1], 10) & (np.arange(10 * len(case[0])) % 3 == 0)
    documents = np.arange(len(confidence)) // 2
    order = np.random.default_rng(seed).permutation(len(confidence))
    found = safe_threshold(confidence, is_wrong, documents, target=0.4)
    again = safe_threshold(2 * confidence[order] + 1, is_wrong[order], documents[order], target=0.4)
    assert (found is None) == (again is None)
    if found is not None:
        assert (found.n, found.n_documents, found.risk) == (again.n, again.n_documents, again.risk)
        assert found.risk <= found.upper <= 0.4 + 1e-9


def test_thresholds_to_try_do_not_depend_on_outcomes_and_fall() -> None:
    tried = thresholds_to_try(np.random.default_rng(0).random(100))
    assert tried == sorted(tried, reverse=True)
    assert len(tried) == 10
    assert thresholds_to_try(np.full(7, 0.5)) == [0.5]


def test_none_where_nothing_can_be_shown() -> None:
    assert safe_threshold(np.ones(10), np.zeros(10, bool)) is None  # .9^10 = .35
    found = safe_threshold(np.ones(29), np.zeros(29, bool))  # .9^29 = .047
    assert found is not None
    assert (found.coverage, found.n) == (1.0, 29)
    assert safe_threshold(np.ones(29), np.zeros(29, bool), np.zeros(29, np.int64)) is None  # one document


@pytest.mark.usefixtures("shapes_unchecked")
def test_what_does_not_fit_is_refused() -> None:
    ones, right = np.ones(3), np.zeros(3, bool)
    for call in (
        lambda: safe_threshold(ones, right[:2]),
        lambda: safe_threshold(ones, right, np.arange(2)),
        lambda: safe_threshold(np.array([1, np.nan, 1]), right),
        lambda: safe_threshold(ones, right, target=1.0),
        lambda: risk_coverage(ones[:0], right[:0]),
    ):
        with pytest.raises(InvalidInput, match="Expected"):
            call()
