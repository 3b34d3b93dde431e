"""The memory that a plan states for a step grows with what the step keeps."""

from pathlib import Path

import pytest

pytest.importorskip("wordllama")
pytest.importorskip("faiss", reason="faiss is not installed (extra: index)")

from evidense.compute.indexes.build_time import build_seconds
from evidense.store import Store
from evidense.study.compare import comparison
from evidense.study.memory import INDEXED_BYTES, ranking_bytes, training_bytes, weights_bytes
from evidense.study.plan import plan
from evidense.study.run import RunOptions, open_study
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


def test_a_plan_counts_the_time_and_disk_of_building_an_index(tmp_path: Path) -> None:
    study = comparison("wordllama@dim=64", ["wordllama@dim=64@index=hnsw", "wordllama@dim=64@index=ivf"], ["c"])
    options = RunOptions(values={"c": collection(10, 3_000)})
    exact, graph, lists = plan(open_study(study, options), Store(tmp_path)).steps
    assert graph.seconds > 0 < lists.seconds
    listed, vectors = 10 * 100 * 8, 3_010 * 256 * 4
    assert exact.size_bytes == listed + vectors
    assert graph.size_bytes >= listed + 3_000 * 4 * (64 + 2 * 32), "vectors are counted once, with the first system"
    values = {"M": 32, "ef_construction": 200, "ef": 200}
    small, large = (build_seconds("hnsw", values, n, 64) for n in (10_000, 100_000))
    assert large / small == pytest.approx(12.5), "n log n"
    few, many = (build_seconds("ivf", {"nlist": n, "nprobe": 1}, 10**6, 64) for n in (1_000, 2_000))
    assert many / few == pytest.approx(2 * 6.12 / 3.56, rel=1e-6), "the sample of the clustering grows with the lists"


def test_memory_of_a_training_holds_gradients_moments_and_the_graph_of_a_batch() -> None:
    engine = open_system("wordllama@dim=64").engine
    still, deep = training_bytes(engine, 0.0), training_bytes(engine, 1e9)
    assert still > 4 * weights_bytes(engine)
    assert deep - still == round(6.4e9 / engine.tower("document").n_dims)
