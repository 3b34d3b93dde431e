"""Exact top-k: equal to a ten-line reference, whatever blocks, threads and order of documents."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from evidense.compute.search import topk
from evidense.compute.search.topk import Search, id_order, rank_vectors, top_k
from evidense.errors import InvalidInput
from evidense.values import Collection, Item

Result = tuple[np.ndarray, np.ndarray]
SCORE = {
    "dot": np.dot,
    "cosine": lambda q, d: np.dot(*(x / (np.linalg.norm(x) or 1) for x in (q, d))),
    "euclidean": lambda q, d: 0 - np.sqrt(((q - d) ** 2).sum()),
    "manhattan": lambda q, d: 0 - np.abs(q - d).sum(),
}
SIMILARITIES = list(SCORE)


def reference(queries: np.ndarray, documents: np.ndarray, depth: int, order: np.ndarray, search: Search) -> Result:
    places = np.full((len(queries), depth), -1, dtype=np.int32)
    scores = np.full((len(queries), depth), -np.inf, dtype=np.float32)
    for q, query in enumerate(queries):
        all_scores = [
            float(np.float32(SCORE[search.similarity](query.astype(float), d.astype(float)))) for d in documents
        ]
        allowed = [d for d in range(len(documents)) if search.allowed is None or search.allowed[d]]
        allowed = [d for d in allowed if search.excluded is None or search.excluded[q] != d]
        best = sorted(allowed, key=lambda d: (-all_scores[d], order[d]))[:depth]
        places[q, : len(best)], scores[q, : len(best)] = best, [all_scores[d] for d in best]
    return places, scores


@st.composite
def problems(draw: st.DrawFn) -> dict:
    """Small whole numbers: every score is exact in float32, and ties abound."""
    q, d, e = draw(st.integers(1, 6)), draw(st.integers(1, 60)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width = draw(st.integers(1, 3))
    return {
        "queries": rng.integers(-width, width + 1, (q, e)).astype(np.float32),
        "documents": rng.integers(-width, width + 1, (d, e)).astype(np.float32),
        "depth": draw(st.integers(1, 70)),
        "order": rng.permutation(d).astype(np.int32),
        "search": Search(
            draw(st.sampled_from(["dot", "euclidean", "manhattan"])),
            rng.random(d) < 0.7 if draw(st.booleans()) else None,
            rng.integers(-1, d, q).astype(np.int32) if draw(st.booleans()) else None,
        ),
    }


@settings(max_examples=150, deadline=None)
@given(problem=problems(), block=st.integers(1, 70), n_queries=st.integers(1, 7))
def test_top_k_equals_the_reference_for_every_block_size(problem: dict, block: int, n_queries: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topk, "BLOCK", block)
        patch.setattr(topk, "QUERIES", n_queries)
        patch.setattr(topk, "FIRST", block)
        patch.setattr(topk, "FIRST_PER_K", 0)
        places, scores = top_k(
            problem["queries"],
            problem["documents"],
            problem["depth"],
            doc_order=problem["order"],
            search=problem["search"],
        )
    expected, exact = reference(*(problem[name] for name in ("queries", "documents", "depth", "order", "search")))
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(scores, exact)


def vectors(n: int, e: int, seed: int, spread: float = 1.0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, e)) * spread + np.ones(e)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("spread", [1.0, 1e-3], ids=["usual", "collapsed to almost one direction"])
def test_top_k_is_bit_identical_for_any_blocks_threads_and_document_order(
    monkeypatch: pytest.MonkeyPatch, spread: float, similarity: str
) -> None:
    queries, documents = vectors(70, 48, 1, spread), vectors(3000, 48, 2, spread)
    documents *= np.random.default_rng(9).uniform(0.2, 5, (3000, 1)).astype(np.float32)  # lengths differ
    search = Search(similarity)
    documents[1500:1600] = documents[:100]  # equal documents tie exactly
    order = np.random.default_rng(3).permutation(3000).astype(np.int32)
    expected = top_k(queries, documents, 25, doc_order=order, search=search)
    shuffle = np.random.default_rng(4).permutation(3000)
    for block, n_queries, n_threads in [(64, 7, 1), (257, 70, 2), (1000, 1, 2)]:
        monkeypatch.setattr(topk, "BLOCK", block)
        monkeypatch.setattr(topk, "QUERIES", n_queries)
        monkeypatch.setattr(topk, "FIRST", block)
        monkeypatch.setattr(topk, "FIRST_PER_K", 0)
        with threadpool_limits(n_threads):
            places, scores = top_k(queries, documents[shuffle], 25, doc_order=order[shuffle], search=search)
        np.testing.assert_array_equal(shuffle[places], expected[0])
        np.testing.assert_array_equal(scores, expected[1])


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("offset", [0.0, 30.0], ids=["centred", "far from the origin"])
def test_near_ties_are_ranked_by_the_score_that_is_returned(similarity: str, offset: float) -> None:
    rng = np.random.default_rng(10)
    documents = (rng.standard_normal(24) + offset + 1e-6 * rng.standard_normal((2000, 24))).astype(np.float32)
    queries = (rng.standard_normal((5, 24)) + offset).astype(np.float32)
    every, scores = top_k(queries, documents, 2000, doc_order=np.arange(2000), search=Search(similarity))
    for q in range(5):
        expected = [SCORE[similarity](queries[q].astype(float), d) for d in documents[every[q]].astype(float)]
        np.testing.assert_allclose(scores[q], expected, rtol=2e-6)
        np.testing.assert_array_equal(np.lexsort((every[q], -scores[q])), np.arange(2000))
    places, best = top_k(queries, documents, 10, doc_order=np.arange(2000), search=Search(similarity))
    np.testing.assert_array_equal(places, every[:, :10])
    np.testing.assert_array_equal(best, scores[:, :10])


def test_vector_length_does_not_change_a_cosine() -> None:
    queries, documents = vectors(20, 16, 11), vectors(500, 16, 12)
    lengths = np.random.default_rng(13).choice([2.0**-30, 0.5, 1, 8, 2.0**30], (500, 1)).astype(np.float32)
    search = Search("cosine")
    plain = top_k(queries, documents, 30, doc_order=np.arange(500), search=search)
    places, scores = top_k(4 * queries, documents * lengths, 30, doc_order=np.arange(500), search=search)
    np.testing.assert_array_equal(places, plain[0])
    np.testing.assert_allclose(scores, plain[1], atol=5e-7)


def test_the_cosine_of_a_zero_vector_is_0() -> None:
    documents = np.array([[-1, 0], [0, 0], [5, 0]], np.float32)
    queries = np.array([[2, 0], [0, 0]], np.float32)
    places, scores = top_k(queries, documents, 3, doc_order=np.arange(3), search=Search("cosine"))
    assert places.tolist() == [[2, 1, 0], [0, 1, 2]]
    assert scores.tolist() == [[1, 0, -1], [0, 0, 0]]


def test_documents_in_ascending_order_of_score_are_all_considered() -> None:
    documents = np.linspace(0, 1, 30_000, dtype=np.float32)[:, None]
    places, _ = top_k(np.ones((3, 1), np.float32), documents, 10, doc_order=np.arange(30_000))
    np.testing.assert_array_equal(places, [list(range(29_999, 29_989, -1))] * 3)


def test_top_k_equals_faiss() -> None:
    faiss = pytest.importorskip("faiss", reason="faiss-cpu is the oracle of this test")
    queries, documents = vectors(50, 64, 5), vectors(20_000, 64, 6)
    places, scores = top_k(queries, documents, 100, doc_order=np.arange(20_000))
    index = faiss.IndexFlatIP(64)
    index.add(documents)
    theirs, ids = index.search(queries, 100)
    np.testing.assert_allclose(scores, theirs, atol=1e-6)
    assert (places == ids).mean() > 0.999  # they may swap neighbours whose scores differ in the last bit


@pytest.mark.parametrize("similarity", ["dot", "cosine"])
@pytest.mark.parametrize("length", [1, 3])
def test_a_memory_map_is_read_block_by_block(tmp_path: Path, similarity: str, length: float) -> None:
    documents, search = vectors(20_000, 8, 7) * np.float32(length), Search(similarity)
    np.save(tmp_path / "documents.npy", documents)
    mapped = np.load(tmp_path / "documents.npy", mmap_mode="r")
    plain = top_k(documents[:5], documents, 3, doc_order=np.arange(20_000), search=search)
    places, scores = top_k(documents[:5], mapped, 3, doc_order=np.arange(20_000), search=search)
    np.testing.assert_array_equal(places, plain[0])
    np.testing.assert_array_equal(scores, plain[1])
    np.testing.assert_array_equal(places[:, 0], np.arange(5))


def test_lists_are_padded_when_the_depth_exceeds_the_corpus() -> None:
    places, scores = top_k(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), 4, doc_order=np.arange(2))
    np.testing.assert_array_equal(places, [[0, 1, -1, -1], [1, 0, -1, -1]])
    np.testing.assert_array_equal(scores, [[1, 0, -np.inf, -np.inf]] * 2)


def test_an_empty_pool_gives_empty_lists() -> None:
    search = Search(allowed=np.zeros(2, dtype=bool))
    places, _ = top_k(
        np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), 2, doc_order=np.arange(2), search=search
    )
    assert (places == -1).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["query", "document"])
def test_a_broken_vector_is_named(bad: float, side: str) -> None:
    queries, documents = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)
    {"query": queries, "document": documents}[side][2, 1] = bad
    with pytest.raises(InvalidInput, match=rf"{side} vector 2 holds"):
        top_k(queries, documents, 1, doc_order=np.arange(3))


def test_a_broken_vector_is_named_by_its_number_in_the_whole_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topk, "FIRST", 4)
    monkeypatch.setattr(topk, "FIRST_PER_K", 0)
    monkeypatch.setattr(topk, "BLOCK", 4)
    documents = vectors(20, 3, 8)
    documents[17] = np.nan
    with pytest.raises(InvalidInput, match="document vector 17 holds"):
        top_k(documents[:1], documents, 1, doc_order=np.arange(20), search=Search(allowed=np.arange(20) % 2 == 1))


@pytest.mark.usefixtures("shapes_unchecked")
def test_shapes_that_do_not_fit_are_refused() -> None:
    eye = np.eye(3, dtype=np.float32)
    for queries, documents, depth, n_ids in [(eye[:, :2], eye, 1, 3), (eye, eye, 0, 3), (eye, eye, 1, 2)]:
        with pytest.raises(InvalidInput, match="expected"):
            top_k(queries, documents, depth, doc_order=np.arange(n_ids))


def test_ids_are_ordered_as_text() -> None:
    assert id_order(["10", "9", "é", "z"]).tolist() == [0, 1, 3, 2]


def test_a_collection_that_drops_self_matches_never_returns_the_query_itself() -> None:
    items = [Item("a", "x"), Item("b", "y"), Item("c", "z")]
    collection = Collection("c", items[:2], items, {"a": {"b": 1}, "b": {"a": 1}}, drop_self_matches=True)
    own = rank_vectors(collection, np.eye(3, dtype=np.float32)[:2], np.eye(3, dtype=np.float32), 3, "dot")
    np.testing.assert_array_equal(own.documents, [[1, 2, -1], [0, 2, -1]])
