"""Icons and glyphs from the installed packages: the counts that are known of them, directions, groups, splits."""

import time
import unicodedata
from collections import Counter

import numpy as np
import pytest

from built_in import every, opened, opened_anew
from evidense.compute.pictures.decoding import decode
from evidense.errors import InvalidInput, UnknownName
from evidense.reading.glyph_drawing import drawing


def test_icons_have_the_known_counts() -> None:
    icons = opened("icons")
    # 1,885 icons, of which two are called Vimeo and nothing else: one text for both
    assert (icons.name, icons.modalities) == ("icons:t2i", ("text", "image"))
    assert len(icons.queries) == 1884
    assert sum(icons.columns["has_search_terms"][q] != "no" for q in icons.query_ids) == 1476
    assert sum(map(len, icons.qrels.values())) == 2048  # 2,050 files, of which 2 repeat another
    by_style = Counter(doc_id.partition("/")[0] for doc_id in icons.doc_ids)
    assert by_style["solid"] == 1395
    assert (len(opened("icons/regular").corpus), len(opened("icons/brands").corpus)) == (163, 492)


def test_icons_look_for_their_names() -> None:
    icons = opened("icons/solid")
    house = next(item for item in icons.queries if item.id == "house")
    assert house.text == "House: abode, building, home, main, residence"
    assert icons.qrels["house"] == {"solid/house": 1}
    picture = np.asarray(decode(icons.corpus[icons.doc_ids.index("solid/house")].picture))
    assert picture.shape in {(227, 256, 3), (228, 256, 3)}  # viewBox 576 × 512
    assert (picture[0, 0].tolist(), picture[125, 128].tolist()) == ([255, 255, 255], [0, 0, 0])


def test_the_other_direction_has_the_same_pairs() -> None:
    there, back = opened("icons/regular:t2i"), opened("icons/regular:i2t")
    assert back.modalities == ("image", "text")
    assert {(q, d) for q, gains in there.qrels.items() for d in gains} == {
        (d, q) for q, gains in back.qrels.items() for d in gains
    }


def test_variants_of_an_icon_are_one_group_and_never_split() -> None:
    icons = opened("icons:t2i")
    assert {icons.groups[name] for name in ("house", "house-user", "house-medical")} == {"house"}
    assert icons.groups["square-facebook"] == icons.groups["facebook"]
    assert icons.groups["users"] == icons.groups["user"]
    parts = [opened(f"icons:t2i@{name}") for name in ("train", "dev", "test")]
    groups = [set(part.groups.values()) for part in parts]
    assert not (groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2])
    assert sum(len(part.queries) for part in parts) > 0.97 * len(icons.queries)


def test_glyphs_have_the_known_counts() -> None:
    collections = every("glyphs")
    known = {"sans": (5810, 61), "serif": (3401, 58), "mono": (3313, 20), "stix": (3290, 3)}
    assert [c.name for c in collections] == [f"glyphs/{style}:t2i" for style in known]
    names = [set(c.query_ids) for c in collections]
    for collection, (n_named, n_blank) in zip(collections, known.values(), strict=True):
        if unicodedata.unidata_version == "14.0.0":  # later versions name further characters
            assert f"{n_named:,} named characters; {n_blank:,} without ink were left out" in collection.provenance.notes
            assert len(collection.queries) == n_named - n_blank
        assert 0 < len(collection.queries) - len(collection.corpus) < 500
    assert len(set.intersection(*names)) == pytest.approx(1218, abs=6)  # 1,218 before blank glyphs are left out


def test_the_largest_font_is_drawn_in_five_seconds() -> None:
    drawing.cache_clear()
    began = time.process_time()
    opened_anew("glyphs/sans")
    assert time.process_time() - began < 5


def test_characters_with_identical_pixels_share_a_picture_and_keep_all_names() -> None:
    there, back = opened("glyphs/sans:t2i"), opened("glyphs/sans:i2t")
    latin, greek, cyrillic = "U+0041", "U+0391", "U+0410"
    assert there.qrels[latin] == there.qrels[greek] == there.qrels[cyrillic] == {"sans/U+0041": 1}
    assert {latin, greek, cyrillic} <= set(back.qrels["sans/U+0041"])
    texts = {item.id: item.text for item in there.queries}
    assert texts[greek] == "greek capital letter alpha"


def test_a_glyph_is_drawn_black_on_white_inside_32_pixels() -> None:
    glyphs = opened("glyphs/serif:i2t")
    for item in glyphs.queries[:: len(glyphs.queries) // 50]:
        pixels = np.asarray(decode(item.picture))
        assert pixels.shape == (32, 32, 3)
        assert pixels.min() < 128 or (pixels < 255).sum() > 0
    letter = np.asarray(decode(next(item for item in glyphs.queries if item.id == "serif/U+0049").picture))[..., 0]
    assert letter[16, 16] < 60  # the stem of I
    assert (letter[:, :6] == 255).all()


def test_compatibility_forms_are_one_group() -> None:
    glyphs = opened("glyphs/stix:t2i")
    assert glyphs.groups["U+0041"] == glyphs.groups["U+1D400"] == glyphs.groups["U+1D49C"]  # A, 𝐀, 𝒜
    assert glyphs.groups["U+0041"] != glyphs.groups["U+00C1"]  # Á
    parts = [opened(f"glyphs/stix:t2i@{name}") for name in ("train", "test")]
    assert not set(parts[0].groups.values()) & set(parts[1].groups.values())
    shared = [{d for gains in part.qrels.values() for d in gains} for part in parts]
    assert not shared[0] & shared[1]


@pytest.mark.parametrize("spelling", ["icons/regular:i2t@test", "glyphs/mono:t2i@test"])
def test_equal_spellings_have_equal_checksums_and_provenance(spelling: str) -> None:
    once, again = opened(spelling), opened_anew(spelling)
    assert once.name == spelling
    assert once.checksum == again.checksum
    card = once.provenance
    assert not card.is_user_data
    assert "licence" in card.licence.lower() or "CC BY 4.0" in card.licence
    assert any(ch.isdigit() for ch in card.source)
    assert card.contamination != "unknown"


def test_unknown_styles_and_splits_are_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean 'solid'"):
        opened("icons/sollid")
    with pytest.raises(UnknownName, match="Known: mono, sans, serif, stix"):
        opened("glyphs/cursive")
    with pytest.raises(InvalidInput, match=r"expected t2i .* or i2t"):
        opened("icons:t2t")
    with pytest.raises(InvalidInput, match="names no split"):
        opened("glyphs/mono@validation")
    assert opened("icons:t2i").checksum == opened("icons").checksum
