"""How batches are made: spans lie in their text, short texts are handled, pictures are refused, chances are the papers'."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.errors import InvalidInput
from evidense.objectives._batches import sentences
from evidense.values import Batch, Item, Pairs, Picture

CUTTING = ["crop", "ict", "span"]
TEXT = "The first sentence has six words. Here is a second one! Is the third a question? The last has no end"
WORDS = st.text("ab .,!", max_size=60)


def items(texts: list[str]) -> Pairs:
    listed = [Item(str(i), text) for i, text in enumerate(texts)]
    return Pairs("made:items@train", "items", listed, listed, [str(i) for i in range(len(texts))])


def batch_of(name: str, pairs: Pairs, seed: int = 0, **options: Any) -> Batch:
    part = registry.part("objectives", name)
    rows = np.arange(len(pairs))
    batch: Batch = part.batch(pairs, rows, np.random.default_rng(seed), {**part.options, **options})
    return batch


def is_subsequence(short: list[str], long: list[str]) -> bool:
    remaining = iter(long)
    return all(word in remaining for word in short)


def is_span(short: list[str], long: list[str]) -> bool:
    return any(long[start : start + len(short)] == short for start in range(len(long) - len(short) + 1))


@pytest.mark.parametrize("name", CUTTING)
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(WORDS, min_size=1, max_size=4), seed=st.integers(0, 9))
def test_cut_spans_are_part_of_their_text_and_empty_only_for_an_empty_text(
    name: str, texts: list[str], seed: int
) -> None:
    batch = batch_of(name, items(texts), seed)
    k = batch.n_positives
    for row, text in enumerate(texts):
        words = text.split()
        for item in (batch.queries[row], *batch.documents[row * k : row * k + k]):
            assert item.text is not None
            assert is_subsequence(item.text.split(), words)
            assert bool(item.text) == bool(words)
            assert item.id == str(row)


@pytest.mark.parametrize("name", CUTTING)
def test_a_text_of_one_word_is_its_own_span(name: str) -> None:
    batch = batch_of(name, items(["word"]))
    assert {item.text for item in (*batch.queries, *batch.documents)} == {"word"}


@pytest.mark.parametrize("name", CUTTING)
@pytest.mark.parametrize("text", [None, "a caption"])
def test_cutting_pictures_is_refused(name: str, text: str | None) -> None:
    item = Item("p", text, Picture(b"png"))
    with pytest.raises(InvalidInput, match=r"item 'p' of 'made:items@train' is of the modality image.*expected a text"):
        batch_of(name, replace(items(["x"]), left=[item], right=[item]))


@pytest.mark.parametrize("name", CUTTING)
def test_another_seed_cuts_other_spans(name: str) -> None:
    pairs = items([TEXT] * 8)
    assert repr(batch_of(name, pairs, 1)) == repr(batch_of(name, pairs, 1)) != repr(batch_of(name, pairs, 2))


# --- crop


def test_crops_are_spans_of_5_to_50_percent() -> None:
    words = [f"w{i}" for i in range(200)]
    batch = batch_of("crop", items([" ".join(words)] * 300), deleted=0.0)
    sizes = [len(str(item.text).split()) for item in (*batch.queries, *batch.documents)]
    assert all(is_span(str(item.text).split(), words) for item in batch.queries)
    assert (min(sizes), max(sizes)) == pytest.approx((10, 100), abs=3)
    assert np.mean(sizes) == pytest.approx(55, abs=4)  # uniform: se 26 / √600 = 1.1


def test_the_two_crops_of_a_text_are_independent() -> None:
    words = [f"w{i}" for i in range(200)]
    batch = batch_of("crop", items([" ".join(words)] * 600), deleted=0.0)
    starts = np.array([[int(str(item.text).split()[0][1:]) for item in side] for side in (batch.queries, batch.documents)])  # fmt: skip
    assert abs(np.corrcoef(starts)[0, 1]) < 0.16  # four standard errors


def test_a_tenth_of_the_words_is_deleted_from_a_crop_and_never_all() -> None:
    text = " ".join(f"w{i}" for i in range(200))
    batch = batch_of("crop", items([text] * 300), shortest=0.5, longest=0.5)
    share_kept = np.mean([len(str(item.text).split()) for item in batch.queries]) / 100
    assert share_kept == pytest.approx(0.9, abs=0.01)
    assert all(item.text for item in batch_of("crop", items(["a b"] * 50), deleted=1.0).queries)


def test_crops_of_a_long_text_come_from_one_window() -> None:
    batch = batch_of("crop", items([" ".join(f"w{i}" for i in range(5000))] * 20), window=100, longest=1.0)
    for pair in zip(batch.queries, batch.documents, strict=True):
        numbers = [int(word[1:]) for item in pair for word in str(item.text).split()]
        assert max(numbers) - min(numbers) < 100


# --- ict


def test_a_cloze_takes_whole_sentences() -> None:
    batch = batch_of("ict", items([TEXT] * 60))
    words = TEXT.split()
    assert {item.text for item in batch.queries} == {" ".join(words[a:b]) for a, b in sentences(words)}


def test_sentence_is_removed_in_nine_of_ten_texts() -> None:
    n = 2000
    batch = batch_of("ict", items([TEXT] * n))
    stays = 0
    for query, document in zip(batch.queries, batch.documents, strict=True):
        if document.text == TEXT:
            stays += 1
        else:
            assert str(query.text) not in str(document.text)
            assert len(str(document.text).split()) == len(TEXT.split()) - len(str(query.text).split())
    assert stays / n == pytest.approx(0.1, abs=4 * (0.09 / n) ** 0.5)


def test_text_of_one_sentence_gives_a_clause_or_a_word() -> None:
    assert {i.text for i in batch_of("ict", items(["Fracture of femur, open, left"] * 40)).queries} == {
        "Fracture of femur,",
        "open,",
        "left",
    }
    assert {i.text for i in batch_of("ict", items(["small cat"] * 40)).queries} == {"small", "cat"}


# --- span


def test_spans_of_each_granularity_have_its_length() -> None:
    words = [f"w{i}" for i in range(400)]
    batch = batch_of("span", items([" ".join(words)] * 20))
    assert batch.n_positives == 20
    assert {item.text for item in batch.queries} == {" ".join(words)}
    for place, item in enumerate(batch.documents):
        least, most = [(1, 1), (4, 16), (16, 64), (64, 128)][place % 20 // 5]
        span_words = str(item.text).split()
        assert least <= len(span_words) <= most
        assert is_span(span_words, words)


def test_a_text_shorter_than_a_span_is_the_span() -> None:
    batch = batch_of("span", items(["two words"]), n_spans=1, lengths=[[64, 128]])
    assert [item.text for item in batch.documents] == ["two words"]


# --- as they are


def test_simcse_encodes_the_same_text_twice() -> None:
    batch = batch_of("simcse", items(["a", "b"]))
    assert [item.text for item in batch.queries] == [item.text for item in batch.documents] == ["a", "b"]


def test_mlm_encodes_each_item_once() -> None:
    batch = batch_of("mlm", items(["a", "b"]))
    assert (len(batch.queries), batch.documents) == (2, ())


def exact(**more: Any) -> Pairs:
    left, right = ([Item(f"{side}{i}", f"{side} {i}") for i in range(3)] for side in "qd")
    return replace(Pairs("made@train", "exact", left, right, ["a", "b", "c"]), **more)


def test_hard_negatives_follow_their_query_with_equal_numbers() -> None:
    negatives = [[Item(f"n{i}{m}", f"n {i} {m}") for m in range(2 + i)] for i in range(3)]
    batch = batch_of("infonce", exact(negatives=negatives))
    assert [item.id for item in batch.negatives] == ["n00", "n01", "n10", "n11", "n20", "n21"]
    assert batch.targets is None


def test_hard_negatives_without_target_are_left_out_if_targets_count() -> None:
    negatives = [[Item(f"n{i}{m}", f"n {i} {m}") for m in range(2)] for i in range(3)]
    pairs = exact(negatives=negatives, targets=[[1.0, 0.25], [0.5, 0.0], [1.0, 0.125]])
    batch = batch_of("cosine", pairs)
    assert [item.id for item in batch.negatives] == ["n00", "n10", "n20"]
    assert batch.targets is not None
    assert batch.targets.tolist() == [[1.0, 0.25], [0.5, 0.0], [1.0, 0.125]]
    assert len(batch_of("infonce", pairs).negatives) == 6


def test_batch_keeps_the_order_of_rows() -> None:
    part = registry.part("objectives", "views")
    batch = part.batch(exact(), np.array([2, 0]), np.random.default_rng(0), part.options)
    assert [item.id for item in (*batch.queries, *batch.documents)] == ["q2", "q0", "d2", "d0"]
