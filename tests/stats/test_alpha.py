"""Agreement of raters: against the library `krippendorff`, against definitions, against values by hand."""

import warnings

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evidense.errors import InvalidInput
from evidense.stats import effective_raters, krippendorff_alpha

SCALES = ("nominal", "ordinal", "interval", "ratio")
RATING = st.one_of(st.just(np.nan), st.integers(0, 6).map(float), st.sampled_from([0.5, 2.25, 9.75, 1e3]))
TABLE = st.tuples(st.integers(2, 6), st.integers(1, 9)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=RATING)
)
NAN = np.nan
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)
"""The example of Krippendorff 2011, "Computing Krippendorff's alpha-reliability"."""


@settings(max_examples=300, deadline=None)
@given(ratings=TABLE, scale=st.sampled_from(SCALES))
def test_alpha_equals_the_library_and_is_none_where_the_library_has_none(ratings: np.ndarray, scale) -> None:
    ours = krippendorff_alpha(ratings, scale, n_resamples=1).alpha
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it divides 0 by 0
            theirs = float(krippendorff.alpha(ratings, level_of_measurement=scale))
    except ValueError:
        theirs = NAN
    assert (ours is None) == bool(np.isnan(theirs))
    if ours is not None:
        assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("scale", "alpha"), [*zip(SCALES, (0.743, 0.815, 0.849, 0.797), strict=True)])
def test_the_published_example(scale, alpha: float) -> None:
    found = krippendorff_alpha(PUBLISHED, scale)
    assert found.alpha == pytest.approx(alpha, abs=5e-4)
    assert (found.n_raters, found.n_units, found.n_ratings) == (4, 11, 40)
    assert found.low < found.alpha < found.high <= 1


def test_what_has_no_alpha_says_why() -> None:
    equal, apart = krippendorff_alpha(np.full((3, 4), 2.0)), krippendorff_alpha(np.array([[1, NAN], [NAN, 2]]))
    assert (equal.alpha, equal.low, equal.high, equal.why) == (
        None,
        None,
        None,
        "all ratings are equal, and chance would agree too",
    )
    assert (apart.alpha, apart.why, apart.n_units) == (None, "no unit has two ratings", 0)
    assert krippendorff_alpha(np.empty((2, 0))).why == "no unit has two ratings"
    one = krippendorff_alpha(np.array([[1.0], [2.0]]))
    assert (one.alpha, one.low, one.why) == (0.0, None, "one unit has no interval")
    rare = krippendorff_alpha(np.array([[1.0, 1, 1], [1, 1, 2]]), "nominal")
    assert rare.alpha is not None
    assert rare.low is None
    assert "resamples hold equal ratings only" in rare.why


def test_ratings_off_the_scale_are_refused() -> None:
    for ratings, scale in ((np.array([[1, -1.0]]), "ratio"), (np.array([[1, np.inf]]), "interval")):
        with pytest.raises(InvalidInput, match="Expected finite ratings"):
            krippendorff_alpha(ratings, scale)


def test_a_seed_gives_one_interval_and_the_order_of_raters_none_other() -> None:
    rng = np.random.default_rng(3)
    ratings = rng.integers(0, 5, (4, 30)).astype(float)
    first, again = krippendorff_alpha(ratings, seed=7), krippendorff_alpha(ratings[::-1], seed=7)
    assert (first.low, first.high) == (again.low, again.high)
    assert krippendorff_alpha(ratings, seed=8).low != first.low


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Raters copy a true value with chance .7; α over very many units is the truth."""

    def sample(rng: np.random.Generator, n_units: int) -> np.ndarray:
        truth = rng.integers(0, 4, n_units)
        return np.where(rng.random((3, n_units)) < 0.7, truth, rng.integers(0, 4, (3, n_units))).astype(float)

    truth = krippendorff_alpha(sample(np.random.default_rng(0), 100_000), "nominal", n_resamples=1).alpha
    found = [
        krippendorff_alpha(sample(np.random.default_rng(s), 60), "nominal", n_resamples=300) for s in range(1, 201)
    ]
    held = np.mean([a.low <= truth <= a.high for a in found])
    assert 0.90 <= held <= 0.99  # 60 units: a percentile interval is a little short


@settings(deadline=None)
@given(n_copies=st.integers(1, 6), n_units=st.integers(3, 8))
def test_copies_of_a_rater_are_worth_one(n_copies: int, n_units: int) -> None:
    row = np.arange(n_units, dtype=float)
    found = effective_raters(np.tile(row, (n_copies, 1)) * np.arange(1, n_copies + 1)[:, None])
    assert found.n == pytest.approx(1)
    assert found.n_raters == n_copies


@settings(max_examples=100, deadline=None)
@given(scores=arrays(np.float64, (4, 7), elements=st.integers(0, 10).map(float)))
def test_effective_raters_equal_kish_from_the_whole_matrix(scores: np.ndarray) -> None:
    live = scores[np.ptp(scores, axis=1) > 0]
    found = effective_raters(scores)
    if not len(live):
        assert found.n is None
        assert found.why
        return
    total = np.corrcoef(live).sum() if len(live) > 1 else 1.0
    assert found.n == pytest.approx(min(len(live), len(live) ** 2 / total) if total > 0 else len(live))
    assert 1 - 1e-9 <= found.n <= len(live) + 1e-9


def test_uncorrelated_raters_count_whole_constant_ones_not_at_all_unknown_pairs_as_copies() -> None:
    assert effective_raters(np.array([[1.0, -1, 1, -1], [1, 1, -1, -1], [5, 5, 5, 5]])).n == 2
    found = effective_raters(np.array([[1.0, 2, NAN, NAN], [NAN, NAN, 1, 2]]))
    assert (found.n, found.n_unknown) == (1.0, 1)
