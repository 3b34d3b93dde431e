"""Pictures from packages: captions, languages, families, variants, and what is wrong with some of them."""

import pytest

import tiny_packages
from evidense import registry
from evidense.datasets.pictures import flags, game_icons, maps, stamps
from evidense.datasets.pictures._messages import messages
from evidense.errors import InvalidInput, UnknownName
from evidense.store import default_root
from evidense.study.fetch import fetchables
from evidense.values import Collection
from tiny_packages import opened

USERS_STORE = default_root()
"""Looked up here, since each test has a store of its own."""


def texts(collection: Collection) -> dict[str, str]:
    return {item.id: item.text or "" for item in collection.queries}


def relevant(collection: Collection, caption: str) -> set[str]:
    (query_id,) = [id_ for id_, text in texts(collection).items() if text == caption]
    return set(collection.qrels[query_id])


def test_captions_find_their_stamps_and_what_cannot_be_used_is_left_out_by_name() -> None:
    one = opened("stamps")
    notes = " ".join(one.provenance.notes)
    assert one.name == "stamps:t2i"
    assert one.modalities == ("text", "image")
    assert relevant(one, "A creature 0.") == {"animals/kind00/creature0", "animals/kind00/cartoon/creature0"}
    assert relevant(one, "A creature 5.") == {"animals/kind01/creature5", "animals/kind01/creature5_mirror"}
    assert relevant(one, "A poster.") == {"things/poster"}, "its PNG: an SVG with text would be drawn without it"
    assert "3 pictures that cannot be read or have one colour were left out" in notes
    assert "things/sheet (one colour only)" in notes
    assert "plants/latin (its caption is not UTF-8: byte 0xE9)" in notes
    assert "1 pictures without a caption were left out" in notes
    assert not {"plants/latin", "plants/silent", "things/sheet", "things/album"} & set(one.doc_ids)


def test_stamps_with_the_same_pixels_are_one_item_and_their_families_one() -> None:
    one = opened("stamps")
    assert relevant(one, "A plant.") == relevant(one, "A creature 40.") == {"animals/kind08/creature40"}
    families = {text: one.groups[id_] for id_, text in texts(one).items()}
    assert families["A plant."] == families["A creature 40."] == families["A creature 44."] == "animals/kind08"
    assert families["A creature 45."] == "animals/kind09"


def test_a_language_has_its_captions_over_the_same_pictures() -> None:
    english, german, same = opened("stamps"), opened("stamps:de"), opened("stamps:fr:t2i")
    assert german.name == "stamps:de:t2i"
    assert relevant(german, "Wesen 7.") == {"animals/kind01/creature7"}
    assert german.doc_ids == english.doc_ids, "also pictures without a caption in German"
    assert set(german.columns["same_as_english"].values()) == {"no"}
    assert set(same.columns["same_as_english"].values()) == {"yes"}
    assert any(
        "61 of 64 pictures have a caption in 'fr'; 61 of these are the same in English" in n
        for n in same.provenance.notes
    )
    assert opened("stamps:ca_valencia:i2t@train").split == "train", "an '@' would begin a split"


def test_too_few_captions_and_unknown_names_are_refused() -> None:
    with pytest.raises(
        InvalidInput, match="3 captions in the language 'oc'; expected at least 50.*take another language"
    ):
        opened("stamps:oc")
    with pytest.raises(UnknownName, match="unknown language of stamps 'dee': did you mean 'de'"):
        opened("stamps:dee")
    with pytest.raises(UnknownName, match="unknown style of maps 'shapes': did you mean 'shape'"):
        opened("maps/shapes:de")
    with pytest.raises(InvalidInput, match="expected t2i .* or i2t or i2i or mixed"):
        opened("stamps:it2t")


def test_variants_look_for_each_other_and_never_for_themselves() -> None:
    one = opened("stamps:i2i")
    assert one.drop_self_matches
    assert one.qrels["animals/kind01/creature5"] == {"animals/kind01/creature5_mirror": 1}
    assert one.qrels["animals/kind00/cartoon/creature0"] == {"animals/kind00/creature0": 1}
    assert len(one.queries) == 4
    assert len(one.corpus) == len(opened("stamps").corpus)
    icons = opened("game_icons:i2i")
    assert len(icons.qrels["kind0-sword"]) == 10
    assert "two-swords" in icons.qrels["kind0-sword"], "swords are a sword"
    assert opened("flags:i2i").qrels["4x3/ac"] == {"squared/ac": 1}
    assert set(opened("maps:i2i").qrels["shape/alfa/Alfa 3"]) == {"located/alfa/Alfa 3", "flag/alfa/Alfa 3"}


@pytest.mark.parametrize("name", tiny_packages.WORLDS)
def test_the_mixed_pool_holds_pictures_and_captions(name: str) -> None:
    mixed, whole = opened(f"{name}:mixed"), opened(name)
    assert mixed.drop_self_matches
    assert set(mixed.doc_ids) == set(whole.doc_ids) | set(whole.query_ids)
    assert mixed.modalities == ("text", "mixed")
    assert mixed.qrels == whole.qrels


def test_countries_that_share_a_flag_share_a_picture_and_a_family() -> None:
    one, german = opened("flags"), opened("flags:de:i2t@train")
    assert relevant(one, "Aaland") == relevant(one, "Abland, Republic of") == {"4x3/aa"}
    assert len(one.corpus) == 59
    assert len(set(one.groups.values())) == 58, "two more look alike as squares"
    assert {item.text for item in german.corpus} >= {"Aaland (de)", "Acland, Republic of (de)"}
    with pytest.raises(InvalidInput, match="3 captions in the language 'fr'"):
        opened("flags:fr")


def test_regions_are_drawn_and_all_maps_of_a_country_are_a_family() -> None:
    located, shape, flag = opened("maps:de"), opened("maps/shape"), opened("maps/flag")
    assert set(opened("maps").groups.values()) == {"alfa", "beta"}
    assert relevant(located, "Gebiet 3, Alfa-Land") == {"located/alfa/Alfa 3"}
    assert len(shape.corpus) == 75, "an island of four pixels and the sea are left out"
    assert not [text for text in texts(shape).values() if text.startswith(("Island", "Sea"))]
    assert len(flag.corpus) == 13, "three maps name the same 13 flags"
    grey = {item.id: item.picture.read() for item in located.corpus if item.picture}["located/alfa/Alfa 3"]
    pixels = grey.removeprefix(b"P5 128 128 255\n")
    assert len(pixels) == 128 * 128
    assert min(pixels) == 0, "the region"
    assert max(pixels) == 255, "the margin"
    assert pixels.count(200) > 5_000, "the other regions"


def test_a_capital_looks_for_its_region_in_each_language() -> None:
    capital, german = opened("maps/capital"), opened("maps/capital:de:i2t")
    assert relevant(capital, "Port 3, Alfa") == {"capital/alfa/Alfa 3"}
    assert [item.text for item in german.corpus][:1] == ["Hafen 1, Alfa-Land"]
    pictures = [{item.id.partition("/")[2]: item.picture for item in opened(name).corpus} for name in ("maps", "maps/capital")]  # fmt: skip
    assert {name: picture.read() for name, picture in pictures[1].items() if picture}.items() <= {
        name: picture.read() for name, picture in pictures[0].items() if picture
    }.items()
    assert {id_.partition("/")[0] for id_ in opened("maps:i2i").doc_ids} == {"located", "shape", "flag"}


def test_flags_of_countries_are_left_to_the_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one country's flag would stand on two sides: its name in `maps` is no family of `flags`."""
    monkeypatch.setattr(maps, "_CONTINENTS", {"alfa"})
    with tiny_packages.in_tiny_store():
        shown = list(tiny_packages.part("maps").pictures(("flag",)))
    assert {one.columns["map"] for one in shown} == {"beta_regions", "beta_towns"}


def test_a_family_has_one_name_in_all_shapes_of_its_flag() -> None:
    oblong, square = opened("flags/4x3"), opened("flags/squared")
    families = [{id_[-2:]: group for id_, group in one.groups.items()} for one in (oblong, square)]
    assert families[0] == families[1]
    assert families[0]["be"] == "bd", "they look alike as squares only"


def test_numbered_hidden_and_empty_icons_are_left_out() -> None:
    one = opened("game_icons")
    assert relevant(one, "Kind0 sword") == {"kind0-sword"}
    assert not {"rank-1", "rank-2", "gone", "empty-air"} & set(one.doc_ids)
    assert any("empty-air (one colour only)" in note for note in one.provenance.notes)


def test_what_the_parts_say_of_their_packages() -> None:
    assert set(fetchables()) == set(tiny_packages.WORLDS)
    for part in (stamps.PART, flags.PART, maps.PART, game_icons.PART):
        for package in part.packages:
            assert len(package.sha256) == 64
            assert package.size_bytes > 1_000_000
            assert package.licence in part.provenance.licence
            assert package.file.endswith(".tgz" if package.client == "npm" else "_all.deb")


WHOLE = {
    "stamps": (803, 957, 79),
    "flags": (249, 237, 233),
    "maps": (4_061, 4_054, 112),
    "maps/flag": (447, 446, 20),
    "game_icons": (3_994, 3_994, 2_159),
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_packages_hold_what_the_page_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENSE_STORE", str(USERS_STORE))
    dataset = name.partition("/")[0]
    if fetchables()[dataset].missing:
        pytest.skip(f"needs the data: evidense fetch {dataset}")
    ((whole,)) = registry.part("datasets", dataset).open(name)
    assert (len(whole.queries), len(whole.corpus), len(set(whole.groups.values()))) == WHOLE[name]


def test_a_catalogue_of_translations_that_is_none_is_refused() -> None:
    whole = tiny_packages.mo({"a": "b"})
    assert messages(whole, "x.mo")["a"] == "b"
    for broken in (b"", whole[:10], b"PK" + whole, whole[:30]):
        with pytest.raises(InvalidInput, match="x.mo"):
            messages(broken, "x.mo")


def test_a_subset_has_its_pictures_and_the_families_of_all() -> None:
    whole, photos = opened("stamps"), opened("stamps/photo")
    assert set(photos.doc_ids) < set(whole.doc_ids)
    assert set(photos.columns["kind"].values()) == {"photo"}
    assert {photos.doc_groups[id_] for id_ in photos.doc_ids} <= set(whole.doc_groups.values())
    assert all(photos.doc_groups[id_] == whole.doc_groups[id_] for id_ in photos.doc_ids)


@pytest.mark.parametrize(("name", "tag"), [("stamps", "animals kind00"), ("maps", "Alfa"), ("game_icons", "Sword")])
def test_cheap_pairs_are_pictures_with_words_that_others_share(name: str, tag: str) -> None:
    pairs = tiny_packages.tagged(f"{name}:cheap@train")
    captions = {text.casefold() for text in texts(opened(name)).values()}
    assert tag in {item.text for item in pairs.left}
    assert pairs.kind == "cheap"
    assert not captions & {(item.text or "").casefold() for item in pairs.left}
    assert set(pairs.groups) <= set(opened(f"{name}:t2i@train").doc_groups.values())
    with pytest.raises(InvalidInput, match="names no pairs"):
        tiny_packages.tagged(f"{name}:de:cheap@train")
