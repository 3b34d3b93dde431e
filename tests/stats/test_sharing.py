"""Collections that share queries: what is shared counts once, and what is not shared stays as it was."""

from dataclasses import replace

import numpy as np
import pytest

from evidense.stats import (
    Bounds,
    Differences,
    LinkedCollections,
    MeanDraws,
    Overlap,
    Sharing,
    mean_over,
    new_collection,
    overlap_of,
    resample,
    simultaneous,
)
from stats.sharing_worlds import SharedWorld
from worlds import seldom

N = 120


def normal(n: int = N, seed: int = 0, n_systems: int = 2) -> Differences:
    return Differences(np.random.default_rng(seed).normal(0.03, 0.2, (n_systems, n)), np.arange(n))


def copies(k: int, n: int = N) -> Sharing:
    return Sharing((LinkedCollections(tuple(range(k)), np.tile(np.arange(n), k)),))


def test_collections_that_share_nothing_are_resampled_as_before() -> None:
    family = [normal(100, 1), normal(60, 2), normal(200, 3)]
    assert mean_over(family, n_resamples=999, seed=4, sharing=Sharing.nothing(3)) == mean_over(
        family, n_resamples=999, seed=4
    )


def test_draws_added_up_collection_by_collection_give_the_estimates_of_fresh_ones() -> None:
    family = [normal(100, 1), normal(60, 2), normal(200, 3)]
    added = MeanDraws()
    for index, one in enumerate(family):
        added.add(resample([one], n_resamples=999, seed=4, first=index)[0])
    assert mean_over(family, n_resamples=999, seed=4, draws=added.draws) == mean_over(family, n_resamples=999, seed=4)
    linked = Sharing((LinkedCollections((0, 1), np.arange(160)), LinkedCollections((2,))))
    assert mean_over(family, n_resamples=999, seed=4, sharing=linked, draws=added.draws) == mean_over(
        family, n_resamples=999, seed=4, sharing=linked
    )  # collections that share anything are drawn together


@pytest.mark.parametrize("kind", ["continuous", "few differences", "no difference", "all equal"])
def test_copies_of_one_collection_give_the_estimate_of_one(kind: str) -> None:
    one = normal(n_systems=1)
    if kind != "continuous":
        row = np.zeros(N) if kind != "all equal" else np.full(N, 0.3)
        if kind == "few differences":
            row[:6] = 0.4
        one = Differences(row[None], np.arange(N), Bounds.constant((-1.0, 1.0), (1, N)))
    alone = simultaneous([one], n_resamples=999, seed=0)[0][0]
    mean = mean_over([one] * 5, n_resamples=999, seed=0, sharing=copies(5))[0]
    for name in ("effect", "low", "high", "p", "p_adjusted", "standard_error"):
        assert getattr(mean, name) == pytest.approx(getattr(alone, name), rel=1e-9, abs=1e-12), name
    assert (mean.n_clusters, mean.n_groups, mean.n, mean.is_carried) == (N, N, 5 * N, alone.is_carried)


def test_the_error_of_a_mean_is_that_of_its_sums_over_what_is_shared() -> None:
    large, small = normal(150, 1, 1), normal(50, 2, 1)
    labels = [np.arange(150), np.concatenate([np.arange(30), 150 + np.arange(20)])]  # 30 of the 50 stand in both
    e = mean_over(
        [large, small], n_resamples=999, seed=0, sharing=Sharing((LinkedCollections((0, 1), np.concatenate(labels)),))
    )[0]
    sums = np.zeros(170)
    for one, own in zip((large, small), labels, strict=True):
        np.add.at(sums, own, (one.values[0] - one.values[0].mean()) / (2 * one.n_queries))
    assert e.standard_error == pytest.approx(np.sqrt((sums**2).sum() * 170 / 169), rel=1e-9)
    assert e.effect == pytest.approx((large.values.mean() + small.values.mean()) / 2)
    assert e.n_clusters == 170


def test_a_part_beside_a_collection_by_itself_weighs_as_its_collections_do() -> None:
    family = [normal(80, 1, 1), normal(80, 2, 1), normal(100, 3, 1)]
    sharing = Sharing((LinkedCollections((0, 1), np.tile(np.arange(80), 2)), LinkedCollections((2,))))
    e = mean_over(family, n_resamples=999, seed=0, sharing=sharing)[0]
    both = (family[0].values[0] + family[1].values[0]) / 2
    variances = 4 / 9 * both.var(ddof=1) / 80, 1 / 9 * family[2].values[0].var(ddof=1) / 100
    assert e.standard_error == pytest.approx(np.sqrt(sum(variances)), rel=1e-9)
    assert e.effect == pytest.approx(np.mean([one.values.mean() for one in family]))


def test_queries_that_share_documents_in_part_keep_their_overlap_over_collections() -> None:
    qrels = {f"{q}": {f"d{q // 2}": 1, f"d{q // 2 + 1}": 1, f"own{q}": 1} for q in range(N)}
    overlap = overlap_of(list(qrels), qrels, {})
    two = overlap_of(
        [f"{c}/{q}" for c in "ab" for q in qrels], {f"{c}/{q}": docs for c in "ab" for q, docs in qrels.items()}, {}
    )
    assert isinstance(overlap, Overlap)
    one = Differences(normal(n_systems=1).values, overlap)
    alone = simultaneous([one], n_resamples=999, seed=0)[0][0]
    mean = mean_over([one, one], n_resamples=999, seed=0, sharing=Sharing((LinkedCollections((0, 1), two),)))[0]
    assert mean.is_overlapping
    assert mean.standard_error >= 0.95 * alone.standard_error  # two copies: no less uncertain than one
    assert mean.n_clusters <= alone.n_clusters


def test_families_are_those_that_share_more_than_a_tenth() -> None:
    sizes = [100, 100, 100]
    labels = np.concatenate([np.arange(100), 90 + np.arange(100), 300 + np.arange(100)])  # 10 shared by 0 and 1
    labels[-11:] = np.arange(11)  # 11 shared by 0 and 2
    assert Sharing((LinkedCollections((0, 1, 2), labels),)).families(sizes) == ((0, 2), (1,))
    assert Sharing.nothing(3).families(sizes) == ((0,), (1,), (2,))


def test_a_selection_of_collections_keeps_its_sharing() -> None:
    sharing = Sharing((LinkedCollections((0, 2), np.array([0, 1, 1, 5])), LinkedCollections((1,))))
    some = sharing.of([2, 0, 1], [2, 3, 2])
    assert [part.members for part in some.parts] == [(1, 0), (2,)]
    assert sharing.of([0, 1], [2, 3, 2]) == Sharing.nothing(2)


def new(rows: list[Differences], sharing: Sharing):
    def estimated(places, within):
        return mean_over([rows[at] for at in places], n_resamples=999, seed=0, sharing=within)[0]

    return new_collection(rows, sharing, estimated, 0.95)


def bounded(seed: int, effect: float) -> Differences:
    row = effect + np.random.default_rng(seed).normal(0, 0.1, (1, N)) * (effect != 0)
    return Differences(row, np.arange(N), Bounds.constant((-1.0, 1.0), (1, N)))


def test_a_family_counts_once_for_a_new_collection_and_five_families_are_needed() -> None:
    rows = [bounded(at, 0.1) for at in range(6)]
    apart = [LinkedCollections((at,)) for at in range(2, 6)]
    twins = Sharing((LinkedCollections((0, 1), np.tile(np.arange(N), 2)), *apart))
    found = new(rows, twins)
    assert found is not None
    assert (found.n_families, found.n) == (5, 6 * N)
    pair = (rows[0].values.mean() + rows[1].values.mean()) / 2
    assert found.pooled.effect == pytest.approx(np.mean([pair, *(one.values.mean() for one in rows[2:])]))
    triplets = Sharing((LinkedCollections((0, 1, 2), np.tile(np.arange(N), 3)), *apart[1:]))
    assert new(rows, triplets) is None


def test_collections_without_any_difference_take_part() -> None:
    rows = [bounded(at, 0.081 * (at < 7)) for at in range(10)]
    found = new(rows, Sharing.nothing(10))
    assert found is not None
    assert (found.n_families, found.left_out) == (10, ())
    assert found.pooled.effect == pytest.approx(np.mean([one.values.mean() for one in rows]))  # near .057, not .081
    assert found.pooled.low < 0.057 < found.pooled.high


def test_collections_without_bound_and_difference_are_listed_as_left_out() -> None:
    rows = [bounded(at, 0.1) for at in range(5)] + [replace(bounded(9, 0.0), bounds=None)]
    found = new(rows, Sharing.nothing(6))
    assert found is not None
    assert found.left_out == (5,)


@pytest.mark.parametrize(
    "world", [SharedWorld(200, 0.9), SharedWorld(60, 0.5), SharedWorld(200, 0.9, is_skewed=True)], ids=str
)
def test_the_mean_over_collections_that_share_queries_is_covered(world: SharedWorld) -> None:
    assert seldom(1 - world.coverage(100, is_joined=True), 0.05, 100)


def test_without_joining_the_interval_does_not_cover() -> None:
    assert SharedWorld(200, 0.9).coverage(60, is_joined=False) < 0.80


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_effects_over_seeds_are_covered_where_collections_share_queries(share: float) -> None:
    assert seldom(1 - SharedWorld(200, share).seeded_coverage(60, 0.0, is_joined=True), 0.06, 60)
