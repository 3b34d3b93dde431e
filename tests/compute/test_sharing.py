"""What collections have in common is found by content: equal queries, equal documents, and group keys that they declare to share."""

import numpy as np
import pytest

from evidense import registry
from evidense.compute.comparison.grouping import grouping_of
from evidense.compute.comparison.sharing import Shared
from evidense.stats import Overlap, Sharing, effective, labels_of
from evidense.values import Collection, Item


def collection(name: str, queries: list[str], documents: list[str], **more) -> Collection:
    """The first query asks for the first document, and so on."""
    asked = [Item(f"q{at}", text) for at, text in enumerate(queries)]
    found = [Item(f"d{at}", text) for at, text in enumerate(documents)]
    qrels = more.pop("qrels", {f"q{at}": {f"d{at}": 1} for at in range(len(queries))})
    return Collection(name, asked, found, qrels, **more)


def opened(spelling: str) -> Collection:
    part, rest = registry.dataset(spelling)
    return part.open(rest)[0]


def test_collections_with_nothing_in_common_are_apart() -> None:
    one, other = collection("a", ["x", "y"], ["1", "2"]), collection("b", ["v", "w"], ["3", "4"])
    shared = Shared((one, other))
    assert shared.sharing == Sharing.nothing(2)  # although ids are the same
    assert [labels.tolist() for labels in shared.labels] == [[0, 1], [2, 3]]
    assert shared.same == []


def test_equal_queries_are_one_without_regard_to_case_and_spaces_and_ids() -> None:
    one, other = collection("a", ["What is  it", "y"], ["1", "2"]), collection("b", ["w", "what is it"], ["3", "4"])
    shared = Shared((one, other))
    assert [labels.tolist() for labels in shared.labels] == [[0, 1], [2, 0]]
    assert shared.n_distinct([0, 1]) == 3


def test_collections_that_ask_the_same_are_named() -> None:
    one, other = collection("a", ["x", "y"], ["1", "2"]), collection("b", ["y", "x"], ["3", "4"])
    assert Shared((one, collection("c", ["x", "z"], ["1", "2"]), other)).same == [(0, 2)]


def test_queries_with_an_equal_relevant_document_are_one() -> None:
    one, other = collection("a", ["x", "y"], ["1", "2"]), collection("b", ["v", "w"], ["2", "3"])
    assert [labels.tolist() for labels in Shared((one, other)).labels] == [[0, 1], [1, 2]]
    assert Shared((one, other), "queries").sharing == Sharing.nothing(2)


def test_pairs_asked_in_both_directions_are_one() -> None:
    one, back = collection("a", ["x", "y"], ["1", "2"]), collection("b", ["1", "2"], ["x", "y"])
    assert [labels.tolist() for labels in Shared((one, back)).labels] == [[0, 1], [0, 1]]


def test_what_is_shared_in_part_counts_in_part() -> None:
    qrels = {f"q{at}": {f"d{at}": 1, f"d{at + 1}": 1, f"d{at + 2}": 1} for at in range(8)}
    one = collection("a", [f"x{at}" for at in range(8)], [str(at) for at in range(10)], qrels=qrels)
    other = collection("b", [f"y{at}" for at in range(8)], [str(at) for at in range(6, 16)], qrels=qrels)
    (part,) = Shared((one, other)).sharing.parts
    assert isinstance(part.clusters, Overlap)
    k = (part.clusters.rows @ part.clusters.rows.T).toarray()
    assert k[7, 8] == pytest.approx(2 / 3)  # 7, 8, 9 and 6, 7, 8
    assert k[0, 8] == 0
    own = grouping_of(one)
    assert isinstance(own, Overlap)
    assert k[:8, :8] == pytest.approx((own.rows @ own.rows.T).toarray())


def test_group_keys_join_only_where_both_say_what_they_name() -> None:
    groups = {"q0": "g", "q1": "h"}
    named = [collection(n, [f"{n}x", f"{n}y"], [f"{n}1", f"{n}2"], groups=groups, shares="letter") for n in "ab"]
    alone = [collection(n, [f"{n}x", f"{n}y"], [f"{n}1", f"{n}2"], groups=groups) for n in "ab"]
    assert [labels.tolist() for labels in Shared(tuple(named)).labels] == [[0, 1], [0, 1]]
    assert Shared(tuple(alone)).sharing == Sharing.nothing(2)


def test_judgements_without_texts_are_the_same_where_ids_and_gains_are() -> None:
    def judged(name: str, gain: int) -> Collection:
        ids = [[Item(f"{side}{at}") for at in range(2)] for side in "qd"]
        return Collection(name, *ids, {"q0": {"d0": 1}, "q1": {"d1": gain}})

    shared = Shared((judged("a", 1), judged("b", 1), judged("c", 2)))
    assert shared.same == [(0, 1)]
    assert [labels.tolist() for labels in shared.labels] == [[0, 1], [0, 1], [0, 2]]


def test_the_same_characters_in_several_styles_are_one_family() -> None:
    names = ("glyphs/sans:t2i@test", "glyphs/sans:mixed@test", "glyphs/serif:i2t@test", "icons/solid:t2i@test")
    shared = Shared(tuple(map(opened, names)))
    assert shared.sharing.families(shared.sizes) == ((0, 1, 2), (3,))
    assert shared.same == [(0, 1)]
    part = shared.sharing.parts[0]
    own = effective(grouping_of(shared.collections[0]))
    n_groups = len(np.unique(labels_of(part.clusters))) if part.clusters is not None else 0
    assert n_groups < 1.3 * own  # hardly more than one style has
