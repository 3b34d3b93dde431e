"""Controls that cannot know an answer: pairs whose questions are permuted, and an encoder to which all pictures look the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense import registry
from evidense.compute.comparison.lineup import BLIND, KNOW_NOTHING, SHUFFLED_PAIRS
from evidense.compute.search.blind import SUFFIX, blinded, is_blind
from evidense.errors import InvalidInput
from evidense.study.files.toml import study_from
from evidense.study.trained.cells import cells_of
from evidense.study.trained.factorial import factorial_of
from evidense.values import Item, Picture, Spelling

SECTION: dict[str, Any] = {
    "seeds": [0, 1],
    "controls": [*KNOW_NOTHING],
    "backbone": {"text": {"kind": "bert"}, "image": {"kind": "convnet"}},
    "pretraining": {"objective": "clip", "data": "glyphs/sans:cheap@train", "pairs": 1280},
    "finetuning": {"objective": "infonce", "data": "glyphs/sans:t2i@train", "pairs": 640},
}


def test_shuffled_pairs_keep_every_item_and_no_pair(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("query,document\n" + "".join(f"question {i},answer {i}\n" for i in range(9)))
    plain, control = (registry.pairs(f"{prefix}{tmp_path / 'pairs.csv'}") for prefix in ("", "shuffled:"))
    assert control.name == f"shuffled:{plain.name}"
    assert sorted(item.id for item in control.left) == sorted(item.id for item in plain.left)
    assert [item.id for item in control.right] == [item.id for item in plain.right]
    assert all(a.text != b.text for a, b in zip(plain.left, control.left, strict=True))
    assert control.groups == plain.groups, "hard negatives are those of the documents"


def test_to_a_blind_encoder_all_pictures_are_one_and_texts_are_themselves() -> None:
    vectors = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    texts, pictures = (
        [Item("a", "a"), Item("b", "b")],
        [Item("c", picture=Picture(b"x")), Item("d", picture=Picture(b"y"))],
    )
    queries, documents = blinded((vectors[:2], texts), (vectors[2:], pictures))
    assert np.array_equal(queries, vectors[:2])
    assert np.array_equal(documents[0], documents[1])
    assert documents[0] == pytest.approx(vectors[2:].mean(axis=0))
    only_texts = blinded((vectors[:2], texts), (vectors[2:], texts))
    assert np.array_equal(only_texts[1], vectors[2:])
    assert is_blind(Spelling.parse(f"checkpoint:abc{SUFFIX}").options)
    with pytest.raises(InvalidInput, match="'@blind=texts' is unknown; expected @blind=pictures"):
        is_blind({"blind": "texts"})


def test_controls_are_trained_and_ranked_like_both() -> None:
    study = study_from(
        {"name": "small", "question": "?", "collections": ["glyphs/sans:t2i@test"], "factorial": SECTION}, "x"
    )
    cells = cells_of(study)
    (shuffled, _) = [stage for stage in cells.stages if stage.cell == SHUFFLED_PAIRS]
    assert (shuffled.after, shuffled.recipe.data) == ("neither", ("shuffled:glyphs/sans:t2i@train",))
    assert shuffled.recipe.budget == {"pairs": 1280 + 640}, "as long as both"
    assert cells.blinded == {f"{BLIND} #0": "both #0", f"{BLIND} #1": "both #1"}
    compared = {(e.against, next(iter(e.weights))) for e in cells.lineup.effects if e.group == "control"}
    assert {cell for against, cell in compared if against == SHUFFLED_PAIRS} == {
        "neither",
        "pre-trained",
        "fine-tuned",
        "both",
    }
    assert ("neither", "both") in compared


def test_nothing_can_be_hidden_from_an_encoder_of_texts() -> None:
    with pytest.raises(
        InvalidInput, match="'blind to pictures' is among the controls, and the backbone has no image tower"
    ):
        factorial_of({**SECTION, "backbone": {"text": {"kind": "bert"}}}, "x")


@pytest.mark.parametrize(
    ("strata", "message"),
    [
        ({"kind": "photo"}, "expected a table of collections"),
        ({"kind": {"a": True}}, "expected a word or a number"),
        ({"size": {"a": 1, "b": "x"}}, "mixes words and numbers"),
        ({"kind": {"icon": ["a", "b"], "photo": ["b"]}}, "gives 'b' both 'icon' and 'photo'"),
        ({"kind": {"icon": ["a", 3]}}, "'icon' lists 3; expected the spelling of a collection"),
    ],
)
def test_wrong_strata_are_refused_in_words(strata: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        factorial_of({**SECTION, "strata": strata}, "x")


def test_a_word_with_the_list_of_its_collections_means_the_same_as_a_word_for_each() -> None:
    lists = {"roles": {"in-domain": ["a", "b"], "far": ["c"]}, "strata": {"kind": {"icon": ["a", "b"], "photo": ["c"]}}}
    words = {
        "roles": {"a": "in-domain", "b": "in-domain", "c": "far"},
        "strata": {"kind": {"a": "icon", "b": "icon", "c": "photo"}},
    }
    assert factorial_of({**SECTION, **lists}, "x") == factorial_of({**SECTION, **words}, "x")


def test_too_few_resamples_are_refused_before_anything_is_trained() -> None:
    six = [f"glyphs/{style}:{way}@test" for style in ("sans", "serif", "mono") for way in ("t2i", "i2t")]
    study = study_from(
        {"name": "small", "question": "?", "collections": six, "n_resamples": 999, "factorial": SECTION}, "x"
    )
    with pytest.raises(InvalidInput, match="999 resamples cannot decide a family of 54 comparisons"):
        cells_of(study)
