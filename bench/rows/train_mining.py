"""10 hard negatives for 20,000 queries in 100,000 documents, static vectors of 384 d, against sentence-transformers' mine_hard_negatives."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import apart
from bench.lines import Line
from bench.texts import MODEL, items, skewed

N_QUERIES, N_DOCUMENTS, N_DIMS, N_NEGATIVES = 20_000, 100_000, 384, 10
MARGIN = 0.05
MODULE = "bench.rows.train_mining"


def measure() -> list[Line]:
    """Run each side in a process of its own; the peer with torch and with faiss, its better one counts. Encoding is taken off on both sides."""
    with tempfile.TemporaryDirectory() as folder:
        apart.run(MODULE, "make", folder)
        runs = {side: apart.run(MODULE, side, folder) for side in ("theirs", "theirs_faiss", "ours")}
        found = [np.load(Path(folder) / f"{side}.npy") for side in ("theirs", "ours")]
    same = float((np.sort(found[0], axis=1) == np.sort(found[1], axis=1)).mean())
    mining = {side: run["cpu_s"] - run["encoding_s"] for side, run in runs.items()}
    above = {side: (run["peak"] - run["base"]) / 2**20 for side, run in runs.items()}
    shown = "; ".join(
        f"{side}: {mining[side]:.1f} CPU-s and {runs[side]['encoding_s']:.1f} for encoding, {above[side]:.0f} MiB"
        for side in runs
    )
    notes = (
        f"{shown}; each ran once; {same:.1%} of the negatives are the same documents (the others tie, or round differently)",
    )
    job, peer = (
        f"mine {N_NEGATIVES} hard negatives, {N_QUERIES:,} queries in {N_DOCUMENTS:,} documents",
        "sentence-transformers mine_hard_negatives",
    )
    return [
        Line(job=job, peer=peer, target="≥ 1.5 × its speed", bound=1.5, sense="peer/ours ≥", peer_value=min(mining["theirs"], mining["theirs_faiss"]),
             ours_value=mining["ours"], unit="CPU-s", n_runs=1, notes=notes),
        Line(job=f"{job}, memory", peer=peer, target="≤ ½ its memory", bound=0.5, sense="ours/peer ≤", peer_value=min(above["theirs"], above["theirs_faiss"]),
             ours_value=above["ours"], unit="MiB above the base", n_runs=1),
    ]  # fmt: skip


def _texts() -> tuple[list[str], list[str]]:
    """Return queries and documents: query i's positive is document i, of which it is the first words."""
    documents = skewed(N_DOCUMENTS, mean_words=12, longest=40)
    return [f"{' '.join(text.split()[:3])} query {i}" for i, text in enumerate(documents[:N_QUERIES])], documents


def _make(folder: Path) -> None:
    """Save a static model of random vectors with MiniLM's tokeniser."""
    from importlib import resources

    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
    from tokenizers import Tokenizer

    package, _, inside = MODEL.partition("/")
    tokenizer = Tokenizer.from_file(str(resources.files(package) / inside / "tokenizer.json"))
    table = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), N_DIMS), dtype=np.float32)
    modules = [StaticEmbedding(tokenizer, embedding_weights=table), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "static"))


def _theirs(folder: Path, use_faiss: bool) -> Callable[[], dict[str, float]]:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import mine_hard_negatives

    from datasets import Dataset

    queries, documents = _texts()
    spent = [0.0]

    class Timed(SentenceTransformer):
        def encode(self, *args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            vectors = super().encode(*args, **kwargs)
            spent[0] += time.process_time() - began
            return vectors

    model = Timed(str(folder / "static"), device="cpu")
    data = Dataset.from_dict({"anchor": queries, "positive": documents[:N_QUERIES]})
    place = {text: row for row, text in enumerate(documents)}

    def work() -> dict[str, float]:
        found = mine_hard_negatives(data, model, corpus=documents, num_negatives=N_NEGATIVES, relative_margin=MARGIN, batch_size=512,
                                    output_format="n-tuple", use_faiss=use_faiss, verbose=False)  # fmt: skip
        rows = {row["anchor"]: [place[row[f"negative_{n}"]] for n in range(1, N_NEGATIVES + 1)] for row in found}
        np.save(folder / "theirs.npy", np.array([rows.get(query, [-1] * N_NEGATIVES) for query in queries]))
        return {"encoding_s": spent[0]}

    return work


def _ours(folder: Path) -> Callable[[], dict[str, float]]:
    from evidense import registry
    from evidense.compute.search.encode import encode
    from evidense.store import Store
    from evidense.training.data.mining import Mining, mine
    from evidense.values import Spelling

    queries, documents = (items(texts) for texts in _texts())
    part, spelling = registry.system(Spelling(str(folder / "static")))
    tower = part.open(spelling).tower("document")
    store = Store(Path(tempfile.mkdtemp(dir=folder)))

    def work() -> dict[str, float]:
        began = time.process_time()
        made = [encode(tower, given, store).all() for given in (queries, documents)]
        spent = time.process_time() - began
        positives = [[row] for row in range(N_QUERIES)]
        found = mine(made[0], made[1], positives, Mining(n_negatives=N_NEGATIVES, relative_margin=MARGIN))
        np.save(folder / "ours.npy", found.rows)
        return {"encoding_s": spent}

    return work


if __name__ == "__main__":
    side, where = sys.argv[1], Path(sys.argv[2])
    if side == "make":
        _make(where)
        print("{}")
    else:
        apart.measured(_ours(where) if side == "ours" else _theirs(where, side == "theirs_faiss"))
