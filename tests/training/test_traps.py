"""What in the texts of a collection makes scores mean something else: each trap with its share, and silence without it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counted_items import Counted
from evidense.training.data import traps as module
from evidense.training.data.copies import plain
from evidense.training.data.traps import traps
from evidense.values import Collection, Item, Picture
from evidense.values.contents import Known, contents_of

N = 40
WORDS = [f"word{i}x{i * 7 % 13}" for i in range(500)]


def text(seed: int, n: int = 30) -> str:
    return " ".join(WORDS[i] for i in np.random.default_rng(seed).integers(0, len(WORDS), n))


def collection(
    queries: Mapping[int, str] = {},
    more: Mapping[str, str] = {},
    judged: Mapping[str, Mapping[str, int]] = {},
    **settings: Any,
) -> Collection:
    """Return 40 queries in other words than their relevant documents, with given texts, further documents and judgements."""
    query_texts = {i: f"ask for thing {i} {text(1000 + i, 5)}" for i in range(N)} | dict(queries)
    corpus = [
        *(Item(f"d{i}", text(i)) for i in range(N)),
        *(Item(name, document_text) for name, document_text in more.items()),
    ]
    qrels = {f"q{i}": {f"d{i}": 1, **judged.get(f"q{i}", {})} for i in range(N)}
    return Collection("made", [Item(f"q{i}", query_texts[i]) for i in range(N)], corpus, qrels, **settings)


def test_clean_collection_has_no_traps() -> None:
    assert traps(collection()) == ()


@pytest.mark.parametrize("n", [1, 2, 10])
def test_queries_contained_in_their_document_are_reported_from_five_percent(n: int) -> None:
    """2 of 40 are 5 %; case, spaces and the question mark do not hide them."""
    inside = {i: "  " + " ".join(text(i).split()[4:12]).upper() + "?" for i in range(n)}
    sentences = traps(collection(inside))
    assert len(sentences) == (n >= 2)
    if sentences:
        assert sentences[0].startswith(
            f"{n} of 40 queries are quoted in a document that is relevant to them, or equal it: plain text matching finds them"
        )


def test_queries_of_one_or_two_words_contained_in_a_document_are_not_reported() -> None:
    assert traps(collection({i: " ".join(text(i).split()[4:6]) for i in range(N)})) == ()


@pytest.mark.parametrize(("n_words", "is_said"), [(10, False), (50, False), (70, True)])
def test_queries_more_than_twice_as_long_as_their_documents_look_swapped(n_words: int, is_said: bool) -> None:
    """Documents have 30 words."""
    sentences = traps(collection({i: text(2000 + i, n_words) for i in range(N)}))
    assert len(sentences) == is_said
    assert all("are the columns swapped?" in sentence for sentence in sentences)


def test_query_equal_to_an_irrelevant_document_is_reported() -> None:
    plain = collection()
    twins = {f"t{i}": f"{plain.queries[i].text}!".upper() for i in range(4)}
    (sentence,) = traps(collection(more=twins))
    assert sentence.startswith("10% of the queries (4 of 40) equal a document that is not judged relevant to them")


def test_self_match_is_no_trap_if_it_is_dropped() -> None:
    plain = collection()
    copies = {f"q{i}": plain.queries[i].text or "" for i in range(4)}
    assert traps(collection(more=copies, drop_self_matches=True)) == ()
    assert len(traps(collection(more=copies))) == 1


@pytest.mark.parametrize(
    "copy",
    [str.upper, lambda one: one.replace(" ", "  ") + ".", lambda one: one + " (copy)", lambda one: "a" + one],
    ids=["case", "spaces and full stop", "a word more", "a letter more"],
)
def test_unjudged_copies_of_relevant_documents_are_reported(copy: Callable[[str], str]) -> None:
    (sentence,) = traps(collection(more={f"c{i}": copy(text(i)) for i in range(8)}))
    assert sentence.startswith("20% of the queries (8 of 40) have a relevant document with a copy, or nearly one")


def test_judged_copies_and_copies_of_irrelevant_documents_are_not_reported() -> None:
    more = {"c0": text(0).upper(), "x1": text(500), "x2": text(500) + "."}
    assert traps(collection(more=more, judged={"q0": {"c0": 0}})) == ()


def test_short_texts_that_differ_in_a_word_are_not_copies() -> None:
    docs = {f"c{i}": f"fracture of the {side} femur, first visit {i}" for i, side in enumerate(["left", "right"] * 20)}
    assert traps(collection(more=docs, judged={f"q{i}": {f"c{i}": 1} for i in range(N)})) == ()


def test_pictures_and_judgements_without_texts_are_skipped() -> None:
    picture = Picture(b"P5 1 1 255\n\0")
    assert traps(Collection("ids", [Item("q")], [Item("d")], {"q": {"d": 1}})) == ()
    assert traps(Collection("p", [Item("q", "a cat")], [Item("d", picture=picture)], {"q": {"d": 1}})) == ()


def counted(plain: Collection) -> Collection:
    corpus = list(plain.corpus)
    return replace(plain, corpus=Known(Counted(corpus), contents_of(corpus)))


def n_read(whole: Collection) -> int:
    return whole.corpus.items.n_read  # type: ignore[attr-defined,no-any-return]


def test_a_corpus_is_read_once_and_only_texts_like_those_asked_for_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a larger corpus near copies are not sought; equal ones are, as in a smaller one."""
    twins = {f"c{i}": f"{text(i)}." for i in range(8)}
    others = {f"x{i}": text(2000 + i) for i in range(60)}
    plain = collection({0: text(2000).upper()}, {**others, **twins})
    expected = traps(plain)
    assert len(expected) == 1
    monkeypatch.setattr(module, "MOST_CHARACTERS", 1_000)
    large = counted(plain)
    documents = module._CheckedTexts.of(large, {"q0": text(2000).lower()}, {f"d{i}" for i in range(N)})
    assert not documents.is_whole
    assert sum(map(len, documents.ids_of.values())) == N + 8 + 1
    large = counted(plain)
    assert traps(large) == expected
    assert n_read(large) <= len(plain.corpus) + 2 * N


def test_of_a_very_large_corpus_the_relevant_documents_alone_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DOCUMENTS", 50)
    large = counted(collection(more={f"x{i}": text(2000 + i) for i in range(60)}, judged={"q1": {"x1": 0}}))
    assert traps(large) == ()
    assert n_read(large) <= 2 * N


def test_query_whose_relevant_documents_are_all_empty_is_reported() -> None:
    plain = collection()
    corpus = [Item(item.id, "  " if item.id == "d7" else item.text) for item in plain.corpus]
    (sentence,) = traps(Collection("made", plain.queries, corpus, plain.qrels))
    assert sentence.startswith("2% of the queries (1 of 40) have no relevant document with text")
    judged = {**plain.qrels, "q7": {"d7": 1, "d8": 1}}
    assert traps(Collection("made", plain.queries, corpus, judged)) == ()


PIECES = st.sampled_from(["a", "Bc", "\u00df", "\u0130", ".", "'", "\u2026", " ", "  ", "\n", "\u00a0", "word " * 5])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_head_of_a_text_is_the_beginning_of_its_normal_form(given_text: str) -> None:
    head = module._head(given_text)
    assert head is None or head == module._bare(plain(given_text))[:24]
