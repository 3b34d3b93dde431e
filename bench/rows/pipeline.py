"""Given embeddings → verdicts, 1,000 × 20,000, two systems, against mteb.evaluate on the same embeddings, twice."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.lines import N_RUNS, Line, alternate
from evidense import api
from evidense.values import Collection, Draft, Item, build

N_QUERIES, N_DOCUMENTS, N_DIMS = 1_000, 20_000, 384
Embeddings = dict[str, np.ndarray]


def measure() -> list[Line]:
    """Time both; ours ends in intervals and verdicts, mteb's in two means."""
    systems = [_embeddings(noise) for noise in (1.0, 1.1)]
    collection = _collection()
    task, models = _mteb_task(collection), [_mteb_model(one, number) for number, one in enumerate(systems)]
    with tempfile.TemporaryDirectory() as folder:
        names = [_saved(Path(folder) / f"system{number}", one) for number, one in enumerate(systems)]
        peer_s, ours_s = alternate(lambda: [_mteb(task, model) for model in models], lambda: _ours(names, collection))
        rows = _ours(names, collection)
    theirs = [_mteb(task, model) for model in models]
    return [Line(
        job="given embeddings → verdicts, 1,000 × 20,000, two systems", peer="mteb.evaluate, twice", target="≤ ¼ of its time", bound=0.25,
        sense="ours/peer ≤", peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=(f"nDCG@10: mteb {theirs[0]:.5f} and {theirs[1]:.5f}; ours {rows.base_mean:.5f} and {rows.system_mean:.5f}, {rows.verdict}",),
    )]  # fmt: skip


def _embeddings(noise: float) -> Embeddings:
    rng = np.random.default_rng(0)
    documents = rng.standard_normal((N_DOCUMENTS, N_DIMS), dtype=np.float32)
    queries = documents[:N_QUERIES] + np.float32(5 * noise) * rng.standard_normal((N_QUERIES, N_DIMS), dtype=np.float32)
    return {
        side: rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for side, rows in (("queries", queries), ("documents", documents))
    }


def _collection() -> Collection:
    queries, documents = (
        [Item(f"{s}{i}", f"text {s}{i}") for i in range(n)] for s, n in (("q", N_QUERIES), ("d", N_DOCUMENTS))
    )
    return build(Draft("given", queries, documents, {f"q{i}": {f"d{i}": 1} for i in range(N_QUERIES)}))


def _saved(folder: Path, one: Embeddings) -> str:
    folder.mkdir()
    for side, letter in (("queries", "q"), ("documents", "d")):
        np.save(folder / f"{side}.npy", one[side])
        (folder / f"{side}.ids.txt").write_text("".join(f"{letter}{i}\n" for i in range(len(one[side]))))
    return str(folder)


def _ours(names: list[str], collection: Collection) -> Any:
    with tempfile.TemporaryDirectory() as folder:  # a fresh store: nothing is found there
        os.environ["EVIDENSE_STORE"] = folder
        return api.compare(names[0], names[1], on=collection).verdicts[0]


def _mteb(task: Any, model: Any) -> float:
    import mteb

    result = mteb.evaluate(model, [task], cache=None, overwrite_strategy="always", show_progress_bar=False)
    return float(result[0].scores["test"][0]["ndcg_at_10"])


def _mteb_model(one: Embeddings, number: int) -> Any:
    from mteb.models.model_meta import ModelMeta

    class Given:
        mteb_model_meta = ModelMeta.create_empty({"name": f"bench/system{number}", "revision": "1"})

        def encode(self, inputs: Any, **_: Any) -> np.ndarray:
            names = [text.split()[-1] for batch in inputs for text in batch["text"]]
            side = "queries" if names[0].startswith("q") else "documents"
            return one[side][[int(name[1:]) for name in names]]

        def similarity(self, a: Any, b: Any) -> Any:
            import torch

            return torch.as_tensor(np.asarray(a)) @ torch.as_tensor(np.asarray(b)).T

        def similarity_pairwise(self, a: Any, b: Any) -> Any:
            raise NotImplementedError

    return Given()


def _mteb_task(collection: Collection) -> Any:
    from mteb.abstasks.retrieval import AbsTaskRetrieval
    from mteb.abstasks.retrieval_dataset_loaders import RetrievalSplitData
    from mteb.abstasks.task_metadata import TaskMetadata

    from datasets import Dataset

    queries = Dataset.from_list([{"id": item.id, "text": item.text} for item in collection.queries])
    corpus = Dataset.from_list([{"id": item.id, "title": "", "text": item.text} for item in collection.corpus])
    relevant = {q: dict(gains) for q, gains in collection.qrels.items()}

    class Given(AbsTaskRetrieval):
        metadata = TaskMetadata(
            name="GivenRetrieval", description="given", dataset={"path": "none/none", "revision": "1"}, type="Retrieval", category="t2t",
            modalities=["text"], eval_splits=["test"], eval_langs=["eng-Latn"], main_score="ndcg_at_10", reference=None, date=None, domains=None,
            task_subtypes=None, license=None, annotations_creators=None, dialect=None, sample_creation=None, bibtex_citation=None,
        )  # fmt: skip

        def load_data(self, *_: Any, **__: Any) -> None:
            held = RetrievalSplitData(queries=queries, corpus=corpus, relevant_docs=relevant, top_ranked=None)
            self.dataset = {"default": {"test": held}}
            self.data_loaded = True

    return Given()
