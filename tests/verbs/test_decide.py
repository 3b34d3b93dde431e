"""Decide on planted lists: the number of groups, the size of the family and the standard error are known without the code."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import evidense as ev
from evidense.parts import Setup
from evidense.records import Finding
from evidense.values import Collection, Draft, Item, RankedLists, build

MEASURES = ["RR@10", "R@2"]


class Planted:
    """Puts the relevant document of each query at a given rank: 1 scores 1, 2 scores .5."""

    def __init__(self, name: str, ranks: Mapping[str, Sequence[int]]) -> None:
        self.name, self.ranks, self.setup = name, ranks, Setup(similarity="planted")
        self.fingerprint = repr({key: list(row) for key, row in ranks.items()})

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        n, top = len(collection.queries), min(depth, len(collection.corpus))
        order = np.empty((n, top), np.int32)
        for row, rank in enumerate(self.ranks[collection.name]):
            others = [d for d in range(len(collection.corpus)) if d != row]
            order[row] = [*others[: rank - 1], row, *others[rank - 1 :]][:top]
        scores = np.tile(np.arange(top, 0, -1, dtype=np.float32), (n, 1))
        return RankedLists(collection.query_ids, collection.doc_ids, order, scores)


def collection(name: str, n: int, columns: Mapping[str, Sequence[str]] | None = None) -> Collection:
    """Query i is answered by document i alone; collections share no text."""
    ids = [f"q{i}" for i in range(n)]
    return build(
        Draft(
            name=name, queries=[Item(i, f"query {i} of {name}") for i in ids], corpus=[Item(i, f"text of {i} of {name}") for i in ids],
            qrels={i: {i: 1} for i in ids},
            columns={key: dict(zip(ids, values, strict=True)) for key, values in (columns or {}).items()},
        )
    )  # fmt: skip


def compared(collections: Sequence[Collection], *ranks: Sequence[Sequence[int]], **more: Any) -> Any:
    """Compare systems of these ranks, the first the baseline; `ranks` are one a system, each one a collection."""
    systems = [
        Planted(f"s{index}", {c.name: row for c, row in zip(collections, rows, strict=True)})
        for index, rows in enumerate(ranks)
    ]
    return ev.compare(*systems, on=tuple(collections), measures=MEASURES, **{"n_resamples": 999, **more})


def difference(result: Any, name: str = "made/0", system: str = "python:s1") -> Finding:
    (finding,) = [
        f for f in result.findings
        if f.estimand == "difference" and f.unit == "RR@10" and (f.site["collection"], f.site["system"]) == (name, system)
    ]  # fmt: skip
    return finding


def sidak(p: float, n: int) -> float:
    return 1 - (1 - p) ** n


NOISE = np.random.default_rng(5)
BASE = NOISE.integers(1, 4, 120)
BETTER = np.where(NOISE.random(120) < 0.25, np.maximum(BASE - 1, 1), BASE)  # some queries gain, and none loses


def test_the_difference_is_that_of_the_planted_ranks() -> None:
    finding = difference(compared([collection("made/0", 120)], [BASE], [BETTER]))
    gain = 1 / BETTER - 1 / BASE
    assert finding.value == pytest.approx(gain.mean())
    assert (finding.n, finding.n_clusters) == (120, 120)
    assert (finding.details["win"], finding.details["loss"]) == (int((gain > 0).sum()), 0)
    assert finding.details["standard_error"] == pytest.approx(gain.std(ddof=1) / math.sqrt(120), rel=1e-6)


def test_queries_of_one_group_count_as_one() -> None:
    """Thirty groups of four queries that do alike: the standard error is that of thirty."""
    base, better = np.repeat(BASE[:30], 4), np.repeat(BETTER[:30], 4)
    groups = [f"g{i // 4}" for i in range(120)]
    finding = difference(compared([collection("made/0", 120, {"author": groups})], [base], [better], clusters="author"))
    gain = (1 / better - 1 / base)[::4]
    assert (finding.n, finding.n_clusters) == (120, 30)
    assert finding.details["standard_error"] == pytest.approx(gain.std(ddof=1) / math.sqrt(30), rel=1e-6)


def test_means_count_groups_too() -> None:
    groups = [f"g{i // 4}" for i in range(120)]
    result = compared([collection("made/0", 120, {"author": groups})], [BASE], [BETTER], clusters="author")
    assert {f.n_clusters for f in result.findings if f.estimand == "mean"} == {30}


@pytest.mark.parametrize("n", [1, 3])
def test_the_family_counts_every_collection(n: int) -> None:
    """Collections are independent: Šidák over their number."""
    collections = [collection(f"made/{index}", 120) for index in range(n)]
    finding = difference(compared(collections, [BASE] * n, [BETTER] * n))
    assert finding.p_adjusted == pytest.approx(sidak(finding.p, n))
    size = {1: "1 comparison: 1 system × 1 collection", 3: "3 comparisons: 1 system × 3 collections"}
    assert finding.family.startswith(size[n])


def test_the_family_counts_every_system() -> None:
    """Systems share queries, so the family's p lies between that of one comparison and Bonferroni's."""
    twice = difference(compared([collection("made/0", 120)], [BASE], [BETTER], [BETTER[::-1]]))
    assert twice.p < twice.p_adjusted <= 2 * twice.p
    assert twice.family.startswith("2 comparisons: 2 systems × 1 collection")


@pytest.mark.parametrize(("n_collections", "named"), [(1, ["kind"]), (2, ["kind"]), (2, ["kind", "half"])])
def test_the_family_of_named_slices_counts_values_columns_and_collections(n_collections: int, named: list[str]) -> None:
    columns = {"kind": ["a", "b", "c"] * 40, "half": ["x"] * 60 + ["y"] * 60}
    collections = [collection(f"made/{index}", 120, columns) for index in range(n_collections)]
    result = compared(collections, [BASE] * n_collections, [BETTER] * n_collections, slices=named)
    n_values = {"kind": 3, "half": 2}
    slices = [f for f in result.findings if f.estimand == "slice" and f.site["named"]]
    assert len(slices) == n_collections * sum(n_values[name] for name in named)
    for f in slices:
        size = n_values[f.site["column"]] * len(named) * n_collections
        assert f.p_adjusted == pytest.approx(sidak(f.p, size))
        assert f"about {size} slices" in f.family


def test_a_slice_keeps_the_groups_of_its_queries() -> None:
    columns = {"kind": ["a"] * 80 + ["b"] * 40, "author": [f"g{i // 2}" for i in range(120)]}
    result = compared([collection("made/0", 120, columns)], [BASE], [BETTER], clusters="author", slices=["kind"])
    sizes = {
        f.site["value"]: (f.n, f.n_clusters)
        for f in result.findings
        if f.estimand == "slice" and f.site["column"] == "kind"
    }
    assert sizes == {"a": (80, 40), "b": (40, 20)}


@pytest.mark.parametrize("rank", [1, 3])
def test_a_share_that_is_the_same_for_all_queries_may_still_be_another(rank: int) -> None:
    """Of 25 queries that are all right, .025^(1/25) of all may be right at least, and no more than all."""
    result = compared([collection("made/0", 25)], [[rank] * 25], [[rank] * 25])
    mean = next(f for f in result.findings if f.estimand == "mean" and f.unit == "R@2")
    least = 0.025 ** (1 / 25)
    assert (mean.low, mean.high) == pytest.approx((least, 1) if rank == 1 else (0, 1 - least))


@pytest.mark.parametrize("rank", [1, 3])
def test_the_interval_of_a_share_stays_between_0_and_1(rank: int) -> None:
    """One group holds most queries, so that the interval by groups alone would leave what a share can be."""
    ranks = [rank] * 100 + [rank, 4 - rank] * 10
    authors = collection("made/0", 120, {"author": ["one"] * 100 + [f"g{i}" for i in range(20)]})
    result = compared([authors], [ranks], [ranks], clusters="author")
    mean = next(f for f in result.findings if f.estimand == "mean" and f.unit == "R@2")
    assert mean.value == pytest.approx(110 / 120 if rank == 1 else 10 / 120)
    assert (mean.high if rank == 1 else mean.low) == (1 if rank == 1 else 0)


def test_the_verdict_follows_the_planted_difference() -> None:
    plain = [2] * 120
    result = compared(
        [collection("made/0", 120)], [plain], [[1] * 60 + plain[:60]], [[3] * 60 + plain[:60]], [plain], margin=0.04
    )
    assert {v.system: v.verdict for v in result.verdicts} == {
        "python:s1": "HELPS",
        "python:s2": "HARMS",
        "python:s3": "IDENTICAL",
    }
    assert not result.gate("no-harm")
    assert {failure.split(" on ")[0] for failure in result.gate("no-harm").failures} == {"python:s2"}


def test_the_mean_over_collections_weighs_each_alike_and_counts_all_queries() -> None:
    """Gains of 1/2 on 120 queries and of 0 on 60 make 1/4, not 1/3."""
    collections = [collection("made/0", 120), collection("made/1", 60)]
    result = compared(collections, [[2] * 120, [2] * 60], [[1] * 120, [2] * 60])
    (mean,) = [f for f in result.findings if f.estimand == "mean over collections"]
    assert mean.value == pytest.approx(0.25)
    assert (mean.n, mean.n_clusters) == (180, 180)
    assert mean.site["collections"] == ["made/0", "made/1"]


def test_queries_that_two_collections_share_count_once() -> None:
    twins = [replace(collection("made/0", 120), name=name) for name in ("made/0", "made/1")]
    result = compared(twins, [[2] * 120] * 2, [[1] * 120] * 2)
    (mean,) = [f for f in result.findings if f.estimand == "mean over collections"]
    assert (mean.n, mean.n_clusters) == (240, 120)


def test_random_effects_begin_with_five_collections_and_are_their_plain_mean() -> None:
    rng = np.random.default_rng(1)
    for n, n_expected in ((4, 0), (5, 1)):
        collections = [collection(f"made/{index}", 40) for index in range(n)]
        base = [rng.integers(1, 4, 40) for _ in range(n)]
        other = [rng.integers(1, 4, 40) for _ in range(n)]
        random_effects = [f for f in compared(collections, base, other).findings if f.estimand == "random effects"]
        assert len(random_effects) == n_expected
    gains = [(1 / o - 1 / b).mean() for b, o in zip(base, other, strict=True)]
    assert random_effects[0].value == pytest.approx(np.mean(gains))
    assert random_effects[0].low < random_effects[0].value < random_effects[0].high
    assert random_effects[0].details["n_collections"] == random_effects[0].details["n_families"] == 5


def test_the_best_of_several_is_the_one_with_the_largest_planted_gain() -> None:
    rng = np.random.default_rng(2)
    base, weak, strong = rng.integers(1, 4, 120), rng.integers(1, 4, 120), np.where(np.arange(120) % 3, 1, 3)
    result = compared([collection("made/0", 120)], [base], [weak], [strong], best_of=True)
    (winner,) = [f for f in result.findings if f.estimand == "winner"]
    gain = float((1 / strong - 1 / base).mean())
    assert winner.site["system"] == "python:s2"
    assert winner.details["observed"] == pytest.approx(gain)
    assert winner.details["n_candidates"] == 2
    assert winner.low <= winner.value <= gain


def test_another_measure_has_a_difference_without_p_or_family() -> None:
    result = compared([collection("made/0", 120)], [[3] * 120], [[1] * 60 + [3] * 60])
    (finding,) = [f for f in result.findings if f.estimand == "difference" and f.unit == "R@2"]
    assert finding.value == pytest.approx(0.5)
    assert (finding.p, finding.p_adjusted) == (None, None)
    assert finding.family.startswith("none")
    assert (finding.details["win"], finding.details["tie"], finding.details["loss"]) == (60, 60, 0)
