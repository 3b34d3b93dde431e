"""Building a Collection: what is refused, what is merged, what is kept, whatever the input."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.values import Collection, Draft, Item, Picture, build, sample
from evidense.values.build import MAX_TEXT_CHARACTERS, Chosen


def draft(documents: list[Item], qrels: dict[str, dict[str, int]], **more: Any) -> Draft:
    queries = more.pop("queries", None) or [Item(query_id, f"query {query_id}") for query_id in qrels]
    return Draft("c", queries, documents, qrels, **more)


DOCUMENTS = [Item("a", "one"), Item("b", "two"), Item("c", "one")]


def test_equal_documents_are_merged_and_their_judgements_follow() -> None:
    collection = build(draft(DOCUMENTS, {"q": {"b": 0, "c": 2}, "r": {"a": 1, "c": 3}}))
    assert [item.id for item in collection.corpus] == ["a", "b"]
    assert collection.qrels == {"q": {"b": 0, "a": 2}, "r": {"a": 3}}
    assert collection.aliases == {"c": "a"}
    assert collection.provenance.notes == ("1 documents equal to another were merged with it, judgements included",)


def test_query_without_a_relevant_document_is_left_out_with_a_note() -> None:
    collection = build(
        draft(DOCUMENTS[:2], {"q": {"a": 1}, "r": {"a": 0}}, groups={"q": "g", "r": "g"}, columns={"kind": {"r": "x"}})
    )
    assert collection.query_ids == ("q",)
    assert (collection.groups, collection.columns) == ({"q": "g"}, {"kind": {}})
    assert "1 queries without a relevant document were left out" in collection.provenance.notes[0]


def test_collection_without_relevant_documents_is_refused() -> None:
    with pytest.raises(InvalidInput, match="none of 1 queries has a relevant document; expected a judgement above 0"):
        build(draft(DOCUMENTS[:2], {"q": {"a": 0}}))


def test_all_mistakes_are_reported_in_one_error_with_their_places() -> None:
    queries = [Item("q", "x"), Item("q", "y"), Item("r", " \n")]
    documents = [Item("a", "one"), Item("", "two"), Item("a", "x" * (MAX_TEXT_CHARACTERS + 1))]
    bad = draft(
        documents,
        {"q": {"zz": 1}, "nobody": {"a": 1}},
        queries=queries,
        source="my.csv",
        document_place=lambda row: f"line {row + 2}",
    )
    with pytest.raises(InvalidInput) as caught:
        build(bad)
    text = str(caught.value)
    assert text.startswith("my.csv: 6 mistakes")
    for part in (
        "query 2: the id 'q' stands already at query 1",
        "query 3: (id 'r') the text is empty",
        "line 3: the id is empty",
        "line 4: the id 'a' stands already at line 2",
        "line 4: (id 'a') 1,000,001 characters; expected at most 1,000,000",
        "qrels of query 'q': 0 of 1 relevant documents are in the corpus: the judgements name 'zz', the corpus has 'a'",
    ):
        assert part in text
    assert text.index("line 3") < text.index("line 4")


def test_mistakes_of_reading_are_reported_with_those_of_build_without_their_consequences() -> None:
    bad = draft([Item("", "one"), Item("b", "two")], {"q": {"lost": 1}}, mistakes=["line 3: not JSON"])
    with pytest.raises(InvalidInput) as caught:
        build(bad)
    assert "2 mistakes" in str(caught.value)
    assert "lost" not in str(caught.value)


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([], "there is no document; expected at least one"),
        ([Item("a", "one")], "the corpus has 1 document; expected at least 2"),
        ([Item("a", "one"), Item("b", "one")], r"the corpus has 1 document \(2 equal ones\)"),
    ],
)
def test_corpus_too_small_to_rank_is_refused(documents: list[Item], expected: str) -> None:
    with pytest.raises(InvalidInput, match=expected):
        build(draft(documents, {"q": {"a": 1}}))


def test_longest_allowed_text_is_accepted() -> None:
    collection = build(draft([Item("a", "x" * MAX_TEXT_CHARACTERS), Item("b", "y")], {"q": {"a": 1}}))
    assert len(collection.corpus[0].text or "") == MAX_TEXT_CHARACTERS


def test_missing_picture_and_lone_surrogate_are_mistakes_with_their_places(tmp_path: Path) -> None:
    documents = [Item("a", picture=Picture(tmp_path / "no.png")), Item("b", "\ud800"), Item("c", "fine")]
    with pytest.raises(InvalidInput, match="2 mistakes") as caught:
        build(draft(documents, {"q": {"c": 1}}))
    assert "document 1: '" in str(caught.value)
    assert "document 2: the text holds half of a surrogate pair" in str(caught.value)


def test_items_with_only_an_id_are_never_merged() -> None:
    collection = build(draft([Item("a"), Item("b")], {"q": {"a": 1}}, queries=[Item("q")]))
    assert collection.doc_ids == ("a", "b")
    assert collection.modalities == ("ids", "ids")


def test_documents_that_are_queries_are_not_merged_if_self_matches_are_dropped() -> None:
    documents = [Item("other", "same"), Item("q", "same"), Item("b", "two")]
    collection = build(draft(documents, {"q": {"q": 1, "b": 1}}, drop_self_matches=True))
    assert collection.doc_ids == ("other", "q", "b")
    assert collection.qrels == {"q": {"b": 1}}


IDS = st.text(min_size=1, max_size=4).filter(lambda text: text.strip() and text < "\ud800")
TEXTS = st.sampled_from(["one", "two", "three", "four", "<b>=1+1</b>", "../x"])


@st.composite
def drafts(make: st.DrawFn) -> Draft:
    doc_ids = make(st.lists(IDS, min_size=2, max_size=8, unique=True))
    documents = [Item(doc_id, make(TEXTS)) for doc_id in doc_ids]
    query_ids = make(st.lists(IDS, min_size=1, max_size=5, unique=True))
    judged = st.dictionaries(st.sampled_from(doc_ids), st.integers(-1, 3), min_size=1)
    qrels = {query_id: make(judged) for query_id in query_ids}
    return Draft(
        "c", [Item(q, make(TEXTS)) for q in query_ids], documents, qrels, drop_self_matches=make(st.booleans())
    )


def built(one: Draft) -> Collection | None:
    try:
        return build(one)
    except InvalidInput:
        return None


@given(drafts())
def test_merging_never_loses_a_judgement(one: Draft) -> None:
    collection = built(one)
    if collection is None:
        return
    stands = {doc_id: collection.aliases.get(doc_id, doc_id) for doc_id in (item.id for item in one.corpus)}
    assert set(stands.values()) == set(collection.doc_ids)
    texts = {item.id: item.text for item in one.corpus}
    assert all(texts[left] == texts[standing] for left, standing in stands.items())
    for query_id, gains in one.qrels.items():
        judged = {(d, g) for d, g in gains.items() if not (one.drop_self_matches and d == query_id)}
        if any(gain > 0 for _, gain in judged):
            assert all(
                collection.qrels[query_id][stands[d]] >= g
                for d, g in judged
                if not (one.drop_self_matches and stands[d] == query_id)
            )
        else:
            assert query_id not in collection.query_ids


@given(drafts(), st.integers(1, 6), st.integers(1, 9), st.integers(0, 99))
def test_a_sample_keeps_every_judged_document_and_its_size(
    one: Draft, n_queries: int, n_documents: int, seed: int
) -> None:
    whole = built(one)
    if whole is None:
        return
    drawn = sample(whole, n_queries, n_documents, seed)
    judged = {doc for query_id in drawn.query_ids for doc in whole.qrels[query_id]}
    assert judged <= set(drawn.doc_ids)
    assert len(drawn.queries) == min(n_queries, len(whole.queries))
    assert len(drawn.corpus) == min(max(n_documents, len(judged)), len(whole.corpus))
    assert [d for d in whole.doc_ids if d in set(drawn.doc_ids)] == list(drawn.doc_ids)
    assert sample(whole, n_queries, n_documents, seed).checksum == drawn.checksum


def test_sample_has_a_note_and_another_seed_draws_other_rows() -> None:
    documents = [Item(f"d{i}", f"text {i}") for i in range(40)]
    whole = build(draft(documents, {f"q{i}": {f"d{i}": 1} for i in range(20)}))
    drawn = sample(whole, 5, 10, seed=1)
    assert drawn.name == "c~5q10d"
    assert "a sample (seed 1): 5 of 20 queries, 10 of 40 documents" in drawn.provenance.notes[-1]
    assert drawn.checksum != sample(whole, 5, 10, seed=2).checksum
    assert sample(whole, None, None, seed=1) is whole
    with pytest.raises(InvalidInput, match="a sample of 0 queries; expected at least 1"):
        sample(whole, 0, None, seed=1)


def test_named_seed_draws_different_rows_for_different_names() -> None:
    documents = [Item(f"d{i}", f"text {i}") for i in range(40)]
    whole = build(draft(documents, {f"q{i}": {f"d{i}": 1} for i in range(20)}))
    one, other, again = (sample(whole, 5, None, (0, name)) for name in ("a", "b", "a"))
    assert one.query_ids == again.query_ids != other.query_ids
    assert "a sample (seed 0 and its name)" in one.provenance.notes[-1]


CHANGES = [
    lambda d: {"queries": [Item("q", "other"), *d.queries[1:]]},
    lambda d: {"corpus": [*d.corpus[:-1], Item("b", "other")]},
    lambda d: {"corpus": [*d.corpus, Item("new", "new")]},
    lambda d: {"corpus": list(reversed(d.corpus))},
    lambda d: {"qrels": {"q": {"a": 2}}},
    lambda d: {"qrels": {"q": {"a": 1, "b": 0}}},
    lambda d: {"groups": {"q": "g"}},
    lambda d: {"drop_self_matches": True},
    lambda d: {"corpus": [Item("a", "one", Picture(b"png")), d.corpus[1]]},
]


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_of_content_changes_the_checksum(change: Callable[[Draft], dict[str, Any]]) -> None:
    before = draft(DOCUMENTS[:2], {"q": {"a": 1}})
    parts = {
        name: getattr(before, name) for name in ("name", "queries", "corpus", "qrels", "groups", "drop_self_matches")
    }
    after = Draft(**{**parts, **change(before)})
    assert build(before).checksum != build(after).checksum
    assert build(before).checksum == build(draft(DOCUMENTS[:2], {"q": {"a": 1}})).checksum


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(IDS, st.text(max_size=6).filter(lambda t: t < "\ud800")),
        min_size=2,
        max_size=6,
        unique_by=lambda pair: pair[0],
    )
)
def test_corpora_with_different_content_have_different_checksums(pairs: list[tuple[str, str]]) -> None:
    one = [Item(doc_id, text) for doc_id, text in pairs]
    other = [*one[:-1], Item(one[-1].id, (one[-1].text or "") + "x")]
    qrels = {"q": {one[0].id: 1}}
    checksums = [Collection("c", [Item("q", "x")], corpus, qrels).checksum for corpus in (one, other)]
    assert checksums[0] != checksums[1]


def test_chosen_rows_are_a_sequence() -> None:
    view = Chosen(DOCUMENTS, np.array([2, 0]))
    assert [item.id for item in view] == ["c", "a"]
    assert view[-1].id == "a"
    assert [item.id for item in view[:1]] == ["c"]
    assert len(view) == 2
