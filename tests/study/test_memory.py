"""The memory that a plan states for a step grows with what the step keeps."""

import pytest

pytest.importorskip("wordllama")
pytest.importorskip("faiss", reason="faiss is not installed (extra: index)")

from evidense.study.memory import INDEXED_BYTES, ranking_bytes, training_bytes, weights_bytes
from evidense.values import Collection, Draft, Item, build
from evidense.verbs.retrieve import open_system


def collection(n_queries: int, n_documents: int) -> Collection:
    queries = [Item(f"q{n}", f"question {n}") for n in range(n_queries)]
    documents = [Item(f"d{n}", f"answer {n}") for n in range(n_documents)]
    return build(Draft("c", queries, documents, {query.id: {"d0": 1} for query in queries}))


def test_memory_of_a_step_grows_with_queries_depth_weights_and_the_index() -> None:
    few, many = collection(10, 500), collection(1_000, 500)
    static, words = open_system("wordllama@dim=64"), open_system("bm25")
    weights = weights_bytes(static.engine)
    assert weights == 4 * (static.engine.setup.n_parameters or 0) > 0
    assert ranking_bytes(static, many, 100) - ranking_bytes(static, few, 100) == 990 * 100 * 32
    assert ranking_bytes(static, many, 10**6) - ranking_bytes(static, many, 100) == 1_000 * 400 * 32, (
        "a list ends with the corpus"
    )
    assert ranking_bytes(words, few, 100) == ranking_bytes(static, few, 100) - weights + 500 * INDEXED_BYTES
    graph = open_system("wordllama@dim=64@index=hnsw")
    assert ranking_bytes(graph, few, 100) - ranking_bytes(static, few, 100) > 2 * 500 * 4 * (64 + 2 * 32)


def test_memory_of_a_training_holds_gradients_moments_and_the_graph_of_a_batch() -> None:
    engine = open_system("wordllama@dim=64").engine
    still, deep = training_bytes(engine, 0.0), training_bytes(engine, 1e9)
    assert still > 4 * weights_bytes(engine)
    assert deep - still == round(6.4e9 / engine.tower("document").n_dims)
