"""Training pairs by spelling: what each kind holds, how it is named, and what is refused."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

import built_in
from built_in import opened
from evidense import registry
from evidense.compute.pictures.decoding import decode
from evidense.datasets.glyphs import cheap_text
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import PairSource
from evidense.reading.glyph_drawing import drawing, group_of
from evidense.reading.training_pairs import joined, kind_of, pairs_of, with_kind


def test_exact_pairs_are_judgements_above_zero(tmp_path: Path) -> None:
    rows = ["query,document,gain,group,split,block", "a,x,2,g,train,b1", "a,y,0,g,train,b1", "a,z,1,g,train,b1", "c,y,1,h,train,b2",
            "d,x,1,i,test,b1"]  # fmt: skip
    (tmp_path / "pairs.csv").write_text("\n".join(rows))
    pairs = registry.pairs(f"{tmp_path}/pairs.csv@train")
    assert (pairs.name, pairs.kind) == ("pairs.csv@train", "exact")
    found = [(q.text, d.text, g) for q, d, g in zip(pairs.left, pairs.right, pairs.groups, strict=True)]
    assert found == [("a", "x", "g"), ("a", "z", "g"), ("c", "y", "h")]
    assert pairs.blocks == ("b1", "b1", "b2")
    assert [[n.text for n in given] for given in pairs.negatives] == [["y"], ["y"], []]
    items = registry.pairs(f"{tmp_path}/pairs.csv:items@train")
    assert [item.text for item in items.left] == ["x", "y", "z"]
    assert items.name == "pairs.csv:items@train"


def test_exact_pairs_combine_each_query_with_each_relevant_document() -> None:
    pairs = built_in.pairs("weaknesses@train")
    collection = opened("weaknesses@train")
    expected = {(q, d) for q, gains in collection.qrels.items() for d in gains}
    assert {(q.id, d.id) for q, d in zip(pairs.left, pairs.right, strict=True)} == expected
    assert len(pairs) == len(expected)
    assert pairs.groups == tuple(collection.groups[q.id] for q in pairs.left)
    assert pairs.checksum == registry.pairs("weaknesses@train").checksum


@pytest.mark.parametrize(
    ("spelling", "found"),
    [
        ("docstrings:items@train", ("docstrings@train", "items")),
        ("glyphs/sans:t2i@train", ("glyphs/sans:t2i@train", "exact")),
        ("glyphs/sans:t2i:items", ("glyphs/sans:t2i", "items")),
        ("glyphs/sans:exact@train", ("glyphs/sans@train", "exact")),
        ("folder/items@train", ("folder/items@train", "exact")),
    ],
)
def test_kind_is_spelled_in_place_of_the_direction(spelling: str, found: tuple[str, str]) -> None:
    assert kind_of(spelling) == found
    assert kind_of(with_kind(*found)) == found


def test_cheap_texts_never_contain_the_name() -> None:
    for character, _ in drawing("sans").pictures:
        name, told = unicodedata.name(character).lower().split(), set(cheap_text(character).split())
        assert not set(name) <= told, (name, told)
    pairs = registry.pairs("glyphs/sans:cheap@train")
    assert (pairs.name, pairs.kind) == ("glyphs/sans:cheap@train", "cheap")
    exact = built_in.pairs("glyphs/sans:t2i@train")
    assert [item.id for item in pairs.right] == [item.id for item in exact.right], "the same pictures"
    assert len({item.text for item in pairs.left}) < 0.2 * len(pairs), "texts that many share"
    assert pairs.blocks == exact.blocks
    assert "Greek and Coptic" in pairs.blocks


def test_views_draw_one_character_twice_in_one_font() -> None:
    pairs = built_in.pairs("glyphs/sans:views@train")
    assert pairs.checksum == registry.pairs("glyphs/sans:views@train").checksum
    assert len({item.id for item in pairs.left}) == len(pairs) > 3_000
    smaller = 0
    for left, right, group in list(zip(pairs.left, pairs.right, pairs.groups, strict=True))[::40]:
        assert right.id == left.id + "~"
        assert left.content_key() != right.content_key()
        assert left.picture is not None
        assert right.picture is not None
        ink = [255 - np.asarray(decode(one), float)[..., 0] for one in (left.picture, right.picture)]
        assert ink[1].sum() > 0
        smaller += ink[1].sum() < ink[0].sum()
        assert group_of(chr(int(left.id.partition("U+")[2], 16))) == group
    assert smaller > 0.9 * len(pairs) / 40


def test_views_of_names_have_no_pictures() -> None:
    pairs, exact = registry.pairs("glyphs/names:views@train"), built_in.pairs("glyphs/sans:t2i@train")
    assert (pairs.name, pairs.kind) == ("glyphs/names:views@train", "views")
    assert [item.text for item in pairs.right] == [item.text for item in exact.left], "names"
    assert pairs.groups == exact.groups, "so that no character is on two sides of a split"
    for left, right in zip(pairs.left, pairs.right, strict=True):
        assert left.picture is None is right.picture
        assert left.text == cheap_text(chr(int(right.id.removeprefix("U+"), 16)))


def test_views_of_icons_are_two_drawings() -> None:
    pairs = registry.pairs("icons:views@train")
    assert {
        (a.id.replace("solid/", ""), b.id.replace("regular/", "")) for a, b in zip(pairs.left, pairs.right, strict=True)
    } == {(a.id.partition("/")[2], a.id.partition("/")[2]) for a in pairs.left}
    assert pairs.kind == "views"


def test_cheap_pairs_of_icons_are_categories_that_many_share() -> None:
    pairs, exact = registry.pairs("icons:cheap@train"), built_in.pairs("icons/solid:t2i@train")
    assert (pairs.name, pairs.kind) == ("icons:cheap@train", "cheap")
    assert len({item.text for item in pairs.left}) < len(pairs) / 2
    assert {item.id for item in pairs.right} <= {item.id for item in exact.right}
    assert set(pairs.groups) <= set(exact.groups)


def test_i2i_queries_are_pictures_of_the_same_character_in_another_style() -> None:
    collection = opened("glyphs/serif:i2i@test")
    assert collection.modalities == ("image", "image")
    assert collection.name == "glyphs/serif:i2i@test"
    assert all(
        q.startswith("serif/") and all(d.startswith("sans/") for d in gains) for q, gains in collection.qrels.items()
    )
    whole = opened("glyphs/serif:i2i")
    assert whole.qrels["serif/U+0061"] == {"sans/U+0061": 1}
    assert len(whole.corpus) == len(opened("glyphs/sans").corpus)
    assert (
        "a picture in DejaVuSerif looks for the same character among all pictures in DejaVuSans"
        in whole.provenance.notes
    )


def test_mixed_corpus_holds_pictures_and_names_and_leaves_out_the_query_s_name() -> None:
    mixed = opened("glyphs/mono:mixed@test")
    there = opened("glyphs/mono:t2i@test")
    assert mixed.modalities == ("text", "mixed")
    assert mixed.drop_self_matches
    assert set(mixed.query_ids) <= set(mixed.doc_ids), "each name is there, and taken out by its id"
    assert mixed.qrels == there.qrels
    assert len(mixed.corpus) == len(there.corpus) + len(drawing("mono").pictures)


def test_datasets_with_pairs_declare_their_kinds() -> None:
    packaged = {"stamps", "flags", "maps", "game_icons"}
    assert {p.name for p in registry.parts("datasets") if isinstance(p, PairSource)} == {
        "glyphs",
        "icons",
        "pairs",
        *packaged,
    }


@pytest.mark.parametrize(
    ("spelling", "error", "told"),
    [
        ("docstrings:views@train", InvalidInput, "docstrings makes no 'views' pairs; expected exact, items"),
        ("icons/solid:cheap", InvalidInput, "expected icons:views"),
        ("glyphs:cheap@train", InvalidInput, "expected glyphs/STYLE:cheap"),
        ("glyphs/names:cheap@train", UnknownName, "Known: mono, sans, serif, stix"),
        ("glyphs@train", InvalidInput, "means 4 collections"),
        ("icons/solid:views", InvalidInput, "expected icons:views"),
        ("glyphs/comic:cheap", UnknownName, "Known: mono, sans, serif, stix"),
        ("docstring@train", UnknownName, "did you mean 'docstrings'"),
    ],
)
def test_unavailable_kinds_of_pairs_are_refused(spelling: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        registry.pairs(spelling)


def test_pairs_of_several_collections_are_concatenated() -> None:
    one, other = built_in.pairs("weaknesses:items@test"), built_in.pairs("weaknesses:items@dev")
    both = joined([one, other])
    assert both.name == "weaknesses:items@test + weaknesses:items@dev"
    assert len(both) == len(one) + len(other)
    assert len(set(both.groups)) == len(set(one.groups)) + len(set(other.groups))
    assert joined([one]) is one
    with pytest.raises(InvalidInput, match="pairs of several forms"):
        joined([one, registry.pairs("weaknesses@dev")])


def test_kind_that_a_collection_lacks_is_refused() -> None:
    collection = opened("weaknesses@test")
    with pytest.raises(InvalidInput, match="makes no pairs of the kind 'cheap'; expected exact or items"):
        pairs_of(collection, "cheap")
