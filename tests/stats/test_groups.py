import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.stats import MIN_CLUSTERS, Differences, MeanDraws, all_pairs, pair_rows, resample, simultaneous
from evidense.stats.all_pairs import _letters


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 8), st.integers(0, 2**32))
def test_letters_say_exactly_which_pairs_are_alike(s: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    alike = rng.random((s, s)) < 0.6
    alike = alike | alike.T | np.eye(s, dtype=bool)
    names = list(string.ascii_uppercase[:s])
    letters = _letters(alike, rng.permutation(s), names)
    for i in range(s):
        for j in range(s):
            assert bool(set(letters[names[i]]) & set(letters[names[j]])) == alike[i, j]


def test_letters_follow_the_simultaneous_test() -> None:
    rng = np.random.default_rng(1)
    values = 0.2 * rng.normal(size=(4, 150)) + np.array([[0.0], [0.05], [0.1], [0.4]])
    names = ["w", "x", "y", "z"]
    letters = all_pairs([values], [np.arange(150)], n_resamples=1999, seed=3).letters(names)
    assert letters["z"] == "a"
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    family = [Differences(np.array([values[i] - values[j] for i, j in pairs]), np.arange(150))]
    for (i, j), e in zip(pairs, simultaneous(family, n_resamples=1999, seed=3)[0], strict=True):
        assert bool(set(letters[names[i]]) & set(letters[names[j]])) == (e.p_adjusted > 0.05)


def test_one_system_has_one_letter() -> None:
    assert all_pairs([np.zeros((1, 30))], [np.arange(30)], seed=0).letters(["only"]) == {"only": "a"}


def test_letters_refuse_names_that_do_not_fit_the_rows() -> None:
    with pytest.raises(InvalidInput, match="2 names for 3 systems"):
        all_pairs([np.zeros((3, 30))], [np.arange(30)], seed=0).letters(["a", "b"])


def test_ranks_are_those_that_the_pairs_leave_possible() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(0, 0.2, (4, 150)) + np.array([[0.0], [0.5], [0.02], [1.0]])
    tested = all_pairs([values], [np.arange(150)], n_resamples=1999, seed=3)
    assert tested.ranks() == [(3, 4), (2, 2), (3, 4), (1, 1)]
    assert tested.letters(["a", "b", "c", "d"]) == {"a": "c", "b": "b", "c": "c", "d": "a"}


def test_few_queries_leave_every_rank_possible() -> None:
    values = np.arange(4)[:, None] + np.random.default_rng(0).normal(0, 0.01, (4, MIN_CLUSTERS - 1))
    assert all_pairs([values], [np.arange(MIN_CLUSTERS - 1)], n_resamples=999, seed=0).ranks() == [(1, 4)] * 4


def test_possible_ranks_hold_the_true_ones_of_all_systems_together() -> None:
    """Five systems .03 apart on two collections of 100 queries, 200 studies: all ranks hold in 95 %, but for chance."""
    truth, n_held, n_studies = 0.03 * np.arange(5), 0, 200
    for study in range(n_studies):
        rng = np.random.default_rng([9, study])
        tables = [truth[::-1, None] + rng.normal(0, 0.2, (5, 100)) + rng.normal(0, 0.2, 100) for _ in range(2)]
        ranks = all_pairs(tables, [np.arange(100)] * 2, n_resamples=399, seed=study).ranks()
        n_held += all(best <= true <= worst for true, (best, worst) in enumerate(ranks, 1))
    assert n_held / n_studies >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / n_studies)
    assert any(best > 1 for best, _ in ranks)


def test_all_pairs_by_draws_made_before_are_those_by_fresh_draws() -> None:
    rng = np.random.default_rng(5)
    tables = [rng.normal([[0.0], [0.03], [0.08], [0.09]], 0.2, (4, n)) for n in (90, 150)]
    groups, added = [np.arange(90), np.arange(150)], MeanDraws()
    for index, (table, of_table) in enumerate(zip(tables, groups, strict=True)):
        pairs = Differences(pair_rows(table), of_table)
        added.add(resample([pairs], n_resamples=999, seed=0, first=index)[0])
    by_added = all_pairs(tables, groups, n_resamples=999, seed=0, draws=added.draws)
    fresh = all_pairs(tables, groups, n_resamples=999, seed=0)
    np.testing.assert_array_equal(by_added.beats, fresh.beats)
    assert by_added.beats.any()
    assert not by_added.beats.all()
