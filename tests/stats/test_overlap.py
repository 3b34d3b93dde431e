"""Queries that share documents in part: what is estimated, drawn and decided, against slow references and planted worlds."""

import judged
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.stats import (
    Differences,
    Overlap,
    Seeded,
    cluster_queries,
    effective,
    labels_of,
    overlap_of,
    part_of,
    resample,
    seeded,
    simultaneous,
)
from evidense.stats.differences import cluster_sums
from evidense.stats.resampling import observed, overlap_flips, overlap_observed
from worlds import seldom


def dense(overlap: Overlap) -> np.ndarray:
    """K, the slow way."""
    rows = overlap.rows.toarray()
    return rows @ rows.T


def partly(seed: int = 0, n: int = 40, n_documents: int = 25) -> Overlap:
    rng = np.random.default_rng(seed)
    qrels = {
        str(q): {f"d{d}": int(rng.integers(1, 4)) for d in rng.choice(n_documents, rng.integers(1, 6), replace=False)}
        for q in range(n)
    }
    found = overlap_of(list(qrels), qrels, {})
    assert isinstance(found, Overlap)
    return found


def test_two_queries_share_what_their_weighted_judgements_share() -> None:
    qrels = {"a": {"d": 1, "e": 2}, "b": {"e": 1, "f": 0}, "c": {"g": 1}, "d": {}}
    found = overlap_of("abcd", qrels, {})
    assert isinstance(found, Overlap)
    share = 2 / np.sqrt(5)  # (1, 2) · (0, 1) / |(1, 2)|
    expected = np.eye(4)
    expected[0, 1] = expected[1, 0] = share
    np.testing.assert_allclose(dense(found), expected, atol=1e-12)
    assert found.total == pytest.approx(4 + 2 * share)
    assert labels_of(found).tolist() == [0, 0, 1, 2]  # they share more than half


def test_queries_of_one_group_share_all_and_their_group_shares_what_its_documents_share() -> None:
    qrels = {"a": {"d": 1, "e": 1}, "b": {"f": 1}, "c": {"f": 1, "g": 1}}
    found = overlap_of("abc", qrels, {"a": "x", "b": "x"})
    assert isinstance(found, Overlap)
    k = dense(found)
    assert k[0, 1] == pytest.approx(1)
    assert 0 < k[0, 2] < 1
    assert k[0, 2] == pytest.approx(k[1, 2])


def test_one_relevant_document_each_gives_the_labels_of_components() -> None:
    qrels = {"a": {"d": 1}, "b": {"d": 2}, "c": {"e": 1, "f": 0}}
    assert (
        overlap_of("abc", qrels, {"c": "x", "b": "x"}).tolist()
        == cluster_queries("abc", qrels, {"c": "x", "b": "x"}).tolist()
    )


def test_all_or_nothing_gives_labels_with_many_documents_too() -> None:
    qrels = {"a": {"d": 1, "e": 2}, "b": {"d": 1, "e": 2}, "c": {"f": 1, "g": 1}}
    assert overlap_of("abc", qrels, {}).tolist() == [0, 0, 1]


@given(st.integers(0, 10_000), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_the_squared_error_is_unbiased_whatever_the_correlation_and_lies_between_its_ends(
    seed: int, icc: float
) -> None:
    overlap = partly(seed)
    k, n = dense(overlap), len(overlap)
    a, b = overlap.weights
    centre = np.eye(n) - 1 / n
    covariance = (1 - icc) * np.eye(n) + icc * k
    expected = a * np.trace(centre @ covariance) + b * np.trace(centre @ k @ centre @ covariance)
    assert expected == pytest.approx(covariance.sum())
    x = np.random.default_rng(seed).standard_normal((n, 3))
    off = x - x.mean(axis=0)
    plain, joint = (off**2).sum(axis=0), np.einsum("ir,ij,jr->r", off, k, off)
    least = plain / (n * (n - 1))
    slow = np.clip((a * plain + b * joint) / n**2, least, least * max(k.sum() / n, 1))
    np.testing.assert_allclose(overlap.squared_error(x), slow, rtol=1e-9)


def test_equal_clusters_have_the_cluster_robust_error() -> None:
    """An overlap of all or nothing, built by hand: the estimator is today's."""
    from scipy.sparse import csr_matrix

    labels = np.repeat(np.arange(12), 3)
    overlap = Overlap(csr_matrix(np.eye(12)[labels]), labels)
    x = np.random.default_rng(0).standard_normal((36, 4))
    x += np.random.default_rng(1).standard_normal((12, 4))[labels]
    expected = observed(cluster_sums(x.T, labels))[1]
    np.testing.assert_allclose(np.sqrt(overlap.squared_error(x)), expected, rtol=1e-9)
    assert overlap.effective == 12


def test_overlap_flips_equal_a_slow_reference() -> None:
    overlap = partly(3)
    x = np.random.default_rng(0).standard_normal((2, len(overlap)))
    mean, se = overlap_flips(x, overlap, 4000, np.random.default_rng(5))
    k = dense(overlap)
    np.testing.assert_allclose((mean**2).mean(axis=0), np.einsum("si,ij,sj->s", x, k, x) / len(overlap) ** 2, rtol=0.1)
    assert (se > 0).all()


def test_draws_do_not_depend_on_the_other_systems() -> None:
    overlap = partly(4)
    x = np.random.default_rng(0).standard_normal((3, len(overlap)))
    every, alone = (resample([Differences(rows, overlap)], n_resamples=200, seed=1)[0] for rows in (x, x[1:2]))
    np.testing.assert_array_equal(every.flip_mean[:, 1:2], alone.flip_mean)
    np.testing.assert_allclose(every.flip_se[:, 1:2], alone.flip_se, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "n", "n_effective"), [("nfcorpus", 323, 70), ("trec-covid", 50, 28), ("scidocs", 1000, 539)]
)
def test_real_judgements_are_worth_enough_queries_to_decide(name: str, n: int, n_effective: int) -> None:
    found = judged.grouping(name)
    assert isinstance(found, Overlap)
    assert (len(found), found.effective) == (n, n_effective)
    assert effective(cluster_queries(*judged.judgements(name), {})) in (1, 6, 350)


@pytest.mark.parametrize("icc", [0.0, 0.5])
@pytest.mark.parametrize("name", ["nfcorpus", "trec-covid"])
def test_intervals_hold_the_truth_on_real_judgements(name: str, icc: float) -> None:
    """The usual t interval holds it in 77 % of samples on NFCorpus where half of the variance comes from documents."""
    overlap = judged.grouping(name)
    assert isinstance(overlap, Overlap)
    x = judged.drawn(overlap, icc, (100, len(overlap)), np.random.default_rng(0))
    held = [
        e.low <= 0 <= e.high
        for row in x
        for e in simultaneous([Differences(row[None], overlap)], n_resamples=199, seed=0)[0]
    ]
    assert seldom(1 - float(np.mean(held)), 0.05 if icc == 0 else 0.07, 100)


def test_a_clear_difference_on_real_judgements_is_decided_within_the_measure() -> None:
    overlap = judged.grouping("trec-covid")
    values = 0.05 + 0.08 * np.random.default_rng(0).standard_normal((1, len(overlap)))
    e = simultaneous([Differences(values, overlap)], n_resamples=999, seed=0)[0][0]
    assert (e.n, e.n_clusters) == (50, 28)
    assert 0 < e.low < e.effect < e.high < 0.1


def test_a_slice_keeps_what_its_queries_share() -> None:
    overlap = partly(7)
    mask = np.arange(len(overlap)) % 2 == 0
    found = part_of(overlap, mask)
    assert isinstance(found, Overlap)
    np.testing.assert_allclose(dense(found), dense(overlap)[np.ix_(mask, mask)])


def test_a_slice_whose_queries_share_nothing_in_part_has_plain_labels() -> None:
    qrels = {"a": {"d": 1, "e": 1}, "b": {"e": 1, "f": 1}, "c": {"g": 1}}
    overlap = overlap_of("abc", qrels, {})
    assert isinstance(overlap, Overlap)
    assert part_of(overlap, np.array([True, False, True])).tolist() == [0, 1]
    assert part_of(overlap, np.array([True, False, False])).tolist() == [0]  # one query alone can be decided on, too


def test_few_differences_are_enumerated_with_queries_that_share_half_as_one() -> None:
    overlap = judged.grouping("nfcorpus")
    values = np.zeros((1, len(overlap)))
    values[0, :8] = 0.3
    e = simultaneous([Differences(values, overlap)], n_resamples=999, seed=0)[0][0]
    assert "exact enumeration" in e.test
    n_alike = len(np.unique(labels_of(overlap)[:8]))
    assert e.p == pytest.approx(2 / 2**n_alike)


def test_seeds_and_queries_use_the_same_error() -> None:
    overlap = partly(9)
    rng = np.random.default_rng(0)
    table = 0.1 * rng.standard_normal((1, 5, len(overlap))) + 0.3
    e = seeded([Seeded(table, overlap)], n_resamples=499, seed=0)[0][0]
    assert e.low > 0
    assert e.n_clusters == overlap.effective


def test_equal_differences_have_an_error_of_a_thousandth_of_their_size() -> None:
    overlap = partly(2)
    mean, se = overlap_observed(np.full((1, len(overlap)), 0.5), overlap)
    assert mean[0] == pytest.approx(0.5)
    assert 0 < se[0] < 0.001
