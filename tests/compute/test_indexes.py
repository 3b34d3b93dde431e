"""Approximate indexes: they rank by the similarity that the system names, the same bytes every time, and what they miss is counted."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.compute.indexes import approximate
from evidense.compute.indexes.approximate import BothSides, Found, checked_queries, search_vectors
from evidense.compute.indexes.choice import Approximation
from evidense.compute.indexes.euclidean import EuclideanRows
from evidense.compute.indexes.faiss_index import built, overhead
from evidense.compute.indexes.recall import recall
from evidense.compute.search.topk import Search, rank_vectors, top_k
from evidense.errors import EvidenseError, InvalidInput
from evidense.store import Store
from evidense.values import Collection, Item, RankedLists

N, N_QUERIES, DIMS, DEPTH = 600, 40, 16, 10
POOR = {"index": "hnsw", "M": "2", "ef_construction": "1", "ef": "1"}
"""A graph with so few links that it misses most."""


def collection_of(n_documents: int, n_queries: int = N_QUERIES, *, drop_self_matches: bool = False) -> Collection:
    """A collection whose queries have the ids of its first documents."""
    documents = [Item(f"d{i}", f"document {i}") for i in range(n_documents)]
    queries = [Item(f"d{i}", f"query {i}") for i in range(n_queries)]
    qrels = {f"d{i}": {f"d{i}": 1} for i in range(n_queries)}
    return Collection("indexed", queries, documents, qrels, drop_self_matches=drop_self_matches)


def sides(similarity: str, seed: int = 0, *, copies: int = 0) -> BothSides:
    """Clustered vectors of very unequal lengths, one of them zero; `copies` documents share the row of another."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((12, DIMS))
    documents, queries = (
        centres[rng.integers(12, size=n)] + 0.5 * rng.standard_normal((n, DIMS)) for n in (N, N_QUERIES)
    )
    documents *= rng.uniform(0.2, 3, (N, 1))
    documents[7] = 0
    rows = np.concatenate([np.arange(N), rng.integers(N, size=copies)]) if copies else None
    return BothSides(queries.astype(np.float32), documents.astype(np.float32), similarity, rows)


def searched(vectors: BothSides, options: dict[str, str], root: Path, **how: bool) -> Found:
    n = N if vectors.rows is None else len(vectors.rows)
    return search_vectors(collection_of(n, **how), vectors, DEPTH, Approximation.of(options), Store(root))


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("drop", [False, True])
def test_an_index_that_visits_everything_ranks_as_exact_search(tmp_path: Path, similarity: str, drop: bool) -> None:
    """Lengths are unequal, rows repeat and self matches are dropped: lists and scores are those of exact search, to the byte."""
    vectors = sides(similarity, copies=90)
    found = searched(vectors, {"index": "ivf", "nlist": "9", "nprobe": "9"}, tmp_path, drop_self_matches=drop)
    exact = rank_vectors(
        collection_of(N + 90, drop_self_matches=drop), vectors.queries, vectors.documents, DEPTH, Search(similarity, rows=vectors.rows)
    )  # fmt: skip
    np.testing.assert_array_equal(found.lists.documents, exact.documents)
    np.testing.assert_array_equal(found.lists.scores, exact.scores)
    assert found.exact is not None
    np.testing.assert_array_equal(found.exact.documents, exact.documents)
    assert (recall(found.lists, found.exact) == 1).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), similarity=st.sampled_from(["cosine", "dot", "euclidean"]))
def test_euclidean_order_is_the_order_of_the_similarity(seed: int, similarity: str) -> None:
    vectors = sides(similarity, seed)
    rows = EuclideanRows.of(vectors.documents, similarity)
    placed, queries = np.concatenate(list(rows.blocks())).astype(float), rows.queries(vectors.queries).astype(float)
    nearest = ((queries[:, None] - placed[None]) ** 2).sum(axis=2).argmin(axis=1)
    best = top_k(vectors.queries, vectors.documents, 1, doc_order=np.arange(N), search=Search(similarity))[0][:, 0]
    assert (nearest == best).mean() > 0.97  # near ties may round the other way


def test_unit_vectors_get_no_further_dimension() -> None:
    documents = sides("dot").documents[8:]
    assert EuclideanRows.of(documents, "cosine").n_dims == DIMS
    assert EuclideanRows.of(documents, "dot").n_dims == DIMS + 1
    assert EuclideanRows.of(documents, "euclidean").n_dims == DIMS


@pytest.mark.parametrize("options", [{"index": "hnsw"}, {"index": "ivf", "nprobe": "4"}], ids=lambda o: o["index"])
def test_the_same_vectors_give_the_same_index_whatever_threads_there_are(options: dict[str, str]) -> None:
    choice, rows = Approximation.of(options), EuclideanRows.of(sides("cosine").documents, "cosine")
    assert choice is not None
    before, indexes = faiss.omp_get_max_threads(), []
    for n_threads in (1, 3):
        faiss.omp_set_num_threads(n_threads)
        indexes.append(faiss.serialize_index(built(choice.kind, choice.values(N), rows)).tobytes())
        assert faiss.omp_get_max_threads() == n_threads
    faiss.omp_set_num_threads(before)
    assert indexes[0] == indexes[1]


def test_an_index_is_kept_by_content_and_built_again_where_it_is_damaged(tmp_path: Path) -> None:
    vectors = sides("cosine")
    first = searched(vectors, {"index": "hnsw"}, tmp_path)
    (kept,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    stamp, whole = kept.stat().st_mtime_ns, kept.read_bytes()
    other_ef = searched(vectors, {"index": "hnsw", "ef": "300"}, tmp_path)  # the same graph, searched more widely
    assert kept.stat().st_mtime_ns == stamp
    kept.chmod(0o644)
    kept.write_bytes(whole[:-9])
    again = searched(vectors, {"index": "hnsw"}, tmp_path)
    assert kept.read_bytes() == whole
    np.testing.assert_array_equal(first.lists.documents, again.lists.documents)
    assert "ef 300" in other_ef.sentence


def test_rows_of_no_document_are_not_in_the_index(tmp_path: Path) -> None:
    """Given vectors may hold more documents than the collection."""
    whole = sides("cosine")
    vectors = BothSides(whole.queries, whole.documents, "cosine", np.arange(0, N, 4))
    found = searched(vectors, {"index": "ivf", "nlist": "5", "nprobe": "5"}, tmp_path)
    exact = top_k(
        whole.queries,
        whole.documents[::4],
        DEPTH,
        doc_order=approximate.id_order(found.lists.doc_ids),
        search=Search("cosine"),
    )
    np.testing.assert_array_equal(found.lists.documents, exact[0])


def test_what_an_index_misses_is_counted_as_a_slow_loop_counts_it(tmp_path: Path) -> None:
    vectors = sides("dot")
    found = searched(vectors, POOR, tmp_path)
    assert found.exact is not None
    shares = []
    for ours, theirs, scores in zip(found.lists.documents, found.exact.documents, found.exact.scores, strict=True):
        assert len(set(scores)) == DEPTH  # without ties, recall is an intersection
        shares.append(len(set(ours.tolist()) & set(theirs.tolist())) / DEPTH)
    np.testing.assert_array_equal(recall(found.lists, found.exact), shares)
    assert np.mean(shares) < 0.7
    assert searched(vectors, {"index": "hnsw"}, tmp_path / "good").lists.documents.min() >= 0


def test_a_list_that_is_shorter_than_the_exact_one_falls_short() -> None:
    exact = RankedLists(("q",), ("a", "b"), np.array([[0, 1]], np.int32), np.array([[2.0, 1.0]], np.float32))
    empty = RankedLists(("q",), ("a", "b"), np.array([[-1, -1]], np.int32), np.full((1, 2), -np.inf, np.float32))
    assert recall(empty, exact).tolist() == [0.0]
    assert recall(exact, empty).tolist() == [1.0]  # there was nothing to find


def test_many_queries_are_sampled_alike_for_all_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "CHECKED", 25)
    numbers = checked_queries(N_QUERIES)
    assert len(set(numbers)) == 25
    np.testing.assert_array_equal(numbers, checked_queries(N_QUERIES))
    found = searched(sides("cosine"), {"index": "ivf"}, tmp_path)
    assert found.exact is not None
    assert found.exact.query_ids == tuple(f"d{number}" for number in numbers)


def test_ef_below_the_depth_is_raised_and_said_so(tmp_path: Path) -> None:
    assert "ef 10 (raised from 1 to the depth)" in searched(sides("cosine"), POOR, tmp_path).sentence


def test_links_weigh_what_the_graph_of_faiss_weighs() -> None:
    choice, rows = (
        Approximation.of({"index": "hnsw", "M": "8"}),
        EuclideanRows.of(sides("euclidean").documents, "euclidean"),
    )
    assert choice is not None
    graph = built("hnsw", choice.values(N), rows).hnsw
    assert 4 * faiss.vector_to_array(graph.neighbors).size / N == pytest.approx(
        overhead("hnsw", choice.values(N)), rel=0.05
    )


@pytest.mark.parametrize(("options", "said"), [
    ({"index": "lsh"}, "unknown index 'lsh'.*hnsw, ivf"),
    ({"index": "diskann"}, "pinned to numpy 1.25"),
    ({"ef": "64"}, "gives @ef=64 and names no index; expected @index=hnsw"),
    ({"index": "ivf", "ef": "64", "nlist": "0"}, "(?s)2 mistakes.*@ef=64 belongs to @index=hnsw.*@nlist=0; expected a whole number from 1"),
    ({"index": "hnsw", "M": "1"}, "@M=1; expected a whole number from 2 to 256"),
    ({"index": "hnsw", "ef": "1.5"}, "@ef=1.5; expected a whole number"),
    ({"index": "hnsw", "ef": "-3"}, "@ef=-3; expected a whole number"),
    ({"index": "hnsw", "ef": "9" * 30}, "expected a whole number from 1 to 100,000"),
])  # fmt: skip
def test_a_wrong_index_is_refused_when_it_is_read(options: dict[str, str], said: str) -> None:
    with pytest.raises(EvidenseError, match=said):
        Approximation.of(options, "model")


@pytest.mark.parametrize(("options", "similarity", "said"), [
    ({"index": "ivf", "nlist": "601"}, "cosine", r"@nlist=601 makes more lists than there are distinct vectors \(600\)"),
    ({"index": "ivf", "nlist": "5", "nprobe": "6"}, "cosine", r"@nprobe=6 visits more lists than there are \(5\)"),
    ({"index": "hnsw"}, "manhattan", "this system by manhattan; leave @index out"),
])  # fmt: skip
def test_an_index_that_does_not_fit_the_vectors_is_refused(
    tmp_path: Path, options: dict[str, str], similarity: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        searched(sides(similarity), options, tmp_path)
