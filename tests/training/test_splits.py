"""Splits without leaks: one character on one side in every style, a branch or a module on one side, items of their side only."""

from itertools import combinations

import pytest

from built_in import opened, pairs
from evidense.reading.glyph_drawing import FONTS, drawing, group_of, look_alikes
from evidense.reading.splits import SHARES, only_split, split_of
from evidense.reading.training_pairs import pairs_of
from evidense.values import Collection, Draft, Item, build

SPLITS = tuple(SHARES)


def characters(items: list[Item] | tuple[Item, ...]) -> set[str]:
    return {chr(int(item.id.rstrip("~").rpartition("U+")[2], 16)) for item in items}


def asked_and_relevant(collection: Collection) -> set[str]:
    relevant = {d for gains in collection.qrels.values() for d, gain in gains.items() if gain > 0}
    return characters([*collection.queries, *(item for item in collection.corpus if item.id in relevant)])


def test_training_characters_are_in_no_test_collection_of_any_style_form_or_direction() -> None:
    trained = {
        group_of(c)
        for kind in ("t2i", "cheap", "views", "items")
        for one in [pairs(f"glyphs/sans:{kind}@train")]
        for c in characters([*one.left, *one.right])
    }
    assert len(trained) > 3_000
    for style in FONTS:
        for direction in ("t2i", "i2i"):
            tested = {group_of(c) for c in asked_and_relevant(opened(f"glyphs/{style}:{direction}@test"))}
            assert len(tested) > 250
            assert not trained & tested, (style, direction)
    assert not trained & {group_of(c) for c in asked_and_relevant(opened("glyphs/sans:mixed@test"))}


def test_training_pictures_and_their_look_alikes_are_in_no_test_collection() -> None:
    trained = {item.picture.source for item in pairs("glyphs/sans:t2i@train").right if item.picture}
    sides = {style: {c: split_of(look_alikes()[group_of(c)]) for c, _ in drawing(style).pictures} for style in FONTS}
    for style in FONTS:
        tested = opened(f"glyphs/{style}:t2i@test")
        relevant = {d for gains in tested.qrels.values() for d in gains}
        assert not trained & {i.picture.source for i in tested.corpus if i.id in relevant and i.picture}
        by_picture: dict[bytes, set[str]] = {}
        for character, pixels in drawing(style).pictures:
            by_picture.setdefault(pixels, set()).add(sides[style][character])
        assert all(len(found) == 1 for found in by_picture.values()), "drawn alike, on one side"
    assert sides["sans"]["A"] == sides["sans"]["Α"] == sides["sans"]["А"] == sides["stix"]["𝐀"]
    assert not [
        note for note in opened("glyphs/sans:t2i@test").provenance.notes if "left out" in note and "split" in note
    ]


@pytest.mark.parametrize("name", ["docstrings", "phenotypes", "icd10cm", "weaknesses", "icons", "icons:i2i"])
def test_items_and_pairs_of_two_splits_share_nothing(name: str) -> None:
    sides = [only_split(opened(name), split) for split in SPLITS]
    exact, items = ([pairs_of(side, kind) for side in sides] for kind in ("exact", "items"))
    for one, other in combinations(range(3), 2):
        for kind in (exact, items):
            assert not set(kind[one].groups) & set(kind[other].groups)
            assert not {i.content_key() for i in kind[one].right} & {i.content_key() for i in kind[other].right}
        assert not {i.id for i in items[one].right} & {i.id for i in exact[other].right}, (
            "no test document is a training item"
        )
    assert sum(map(len, items)) == len(opened(name).corpus), "every document lies on a side"


def test_a_branch_of_phenotypes_is_in_one_split_and_clusters_stay_the_phenotypes() -> None:
    parts = [only_split(opened("phenotypes"), split) for split in SPLITS]
    branches = [set(part.columns["block"].values()) for part in parts]
    assert all(not one & other for one, other in combinations(branches, 2))
    assert min(map(len, branches)) > 10
    assert sum(len(part.queries) for part in parts) == len(opened("phenotypes").queries)
    assert all(group.startswith("HP:") for group in parts[0].groups.values())


def test_a_query_is_kept_if_its_documents_and_its_group_are_in_the_same_split() -> None:
    on_side = {side: next(f"g{n}" for n in range(99) if split_of(f"g{n}") == side) for side in SPLITS}
    train, test = on_side["train"], on_side["test"]
    collection = build(
        Draft(
            "made",
            [Item("q1", "one"), Item("q2", "two"), Item("q3", "three")],
            [Item("d1", "a"), Item("d2", "b"), Item("d3", "c"), Item(test, "alone")],
            {"q1": {"d1": 1, "d2": 0}, "q2": {"d2": 1}, "q3": {"d1": 1, "d2": 1}},
            groups={"q1": train, "q2": train, "q3": train},
            doc_groups={"d1": train, "d2": test, "d3": test},
        )
    )
    assert only_split(collection, "train").query_ids == ("q1",), "q2's document lies elsewhere, q3's on two sides"
    with pytest.raises(ValueError, match="has no query"):
        only_split(collection, "test")
    whole = only_split(collection, "train")
    assert whole.doc_ids == collection.doc_ids
    assert whole.doc_groups == {"d1": train, "d2": test, "d3": test}
