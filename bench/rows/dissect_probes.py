"""States of 7 layers × 3 poolings and published probes of N = 2..5 on all of them, against the published recipe."""

import pickle
import random
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.lines import N_RUNS, Line, cpu_s
from bench.texts import MODEL, items, skewed
from evidense.dissection.probes.features import PairStates
from evidense.dissection.published_probe.fit import PublishedRecipe, SlotDraws, train

N_QUERIES, N_PASSAGES, N_STORED, COUNTS = 200, 400, 5, (2, 3, 4, 5)
POOLINGS = ("cls", "mean", "lasttoken")
QUERY_LENGTH, PASSAGE_LENGTH, BATCH = 128, 512, 8
FRACTION = 10
"""The peer encodes a 10th of the examples and one of three poolings, and trains all its probes on the states of that tenth, repeated."""


def measure() -> list[Line]:
    """Time ours five times, each with a fresh store; the peer once, on the stated fraction."""
    queries, passages, places = data()
    with tempfile.TemporaryDirectory() as folder:
        peer_s, peer_bytes = theirs(queries, passages, places, Path(folder))
    times, sizes = [], []
    for _ in range(N_RUNS):
        with tempfile.TemporaryDirectory() as folder:
            times.append(cpu_s(lambda folder=folder: ours(queries, passages, places, Path(folder))))  # type: ignore[misc]
            sizes.append(size_of(Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        ours(queries, passages, places, Path(folder), "float16")
        half_bytes = size_of(Path(folder))
    job = f"7 layers × 3 poolings, {N_QUERIES} queries, {N_PASSAGES} passages, published probes N = 2..5"
    fraction = f"the peer encoded 1/{FRACTION} of the examples once, its time and bytes × {FRACTION} × 3 poolings; its probes were all trained"
    return [
        Line(job=job, peer="the published recipe", target="≥ 20 × its speed", bound=20, sense="peer/ours ≥", peer_value=peer_s,
             ours_value=median(times), unit="CPU-s", n_runs=N_RUNS, notes=(fraction, "ours trains the blind twins as well")),
        Line(job=f"disk of the same, exact states: {job}", peer="the published recipe", target="≤ 1/2 of its disk", bound=0.5, sense="ours/peer ≤",
             peer_value=peer_bytes / 1e6, ours_value=median(sizes) / 1e6, unit="MB", n_runs=N_RUNS),
        Line(job=f"disk of the same, states as float16: {job}", peer="the published recipe", target="≤ 1/4 of its disk", bound=0.25, sense="ours/peer ≤",
             peer_value=peer_bytes / 1e6, ours_value=half_bytes / 1e6, unit="MB", n_runs=1),
    ]  # fmt: skip


def size_of(folder: Path) -> int:
    """Return the bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def data() -> tuple[list[str], list[str], np.ndarray]:
    """Return queries, passages, and each query's five stored passages."""
    passages = skewed(N_PASSAGES, mean_words=70, longest=250)
    queries = [" ".join(text.split()[:8]) for text in passages[:N_QUERIES]]
    rng = np.random.default_rng(0)
    others = np.stack(
        [rng.choice(np.delete(np.arange(N_PASSAGES), i), N_STORED - 1, replace=False) for i in range(N_QUERIES)]
    )
    return queries, passages, np.hstack([np.arange(N_QUERIES)[:, None], others])


def ours(queries: list[str], passages: list[str], places: np.ndarray, folder: Path, precision: str = "float32") -> None:
    """Encode each text once for all layers and poolings, and train every probe and its twins."""
    from evidense import registry
    from evidense.compute.layer_states import Keeping, layer_states
    from evidense.store import Store
    from evidense.values import Spelling

    part, spelling = registry.system(Spelling(f"pip:{MODEL}"))
    tower, store = part.open(spelling).tower("query"), Store(folder)
    found = [layer_states(tower, items(texts), Keeping(store, precision), POOLINGS) for texts in (queries, passages)]
    is_train = np.arange(N_QUERIES) >= N_QUERIES // 5
    draws = SlotDraws.of(N_QUERIES, COUNTS, N_STORED, PublishedRecipe())
    for pooling in POOLINGS:
        for q, d in zip(found[0][pooling], found[1][pooling], strict=True):
            train(PairStates(np.asarray(q), np.asarray(d), places), is_train, draws, PublishedRecipe())


def theirs(queries: list[str], passages: list[str], places: np.ndarray, folder: Path) -> tuple[float, int]:
    """The facts of the published recipe: texts padded to 128 and 512, a pass a pooling, every stored passage of every example
    encoded, a pickle a layer, one probe a layer and N, slots drawn as an example is collated.
    """
    n_small = N_QUERIES // FRACTION
    encode_s = cpu_s(
        lambda: encode_padded(queries[:n_small], [[passages[d] for d in row] for row in places[:n_small]], folder)
    )
    n_bytes = sum(p.stat().st_size for p in folder.glob("*.pkl"))
    train_s = cpu_s(lambda: train_all(folder))
    return (encode_s * FRACTION + train_s) * len(POOLINGS), n_bytes * FRACTION * len(POOLINGS)


def encode_padded(queries: list[str], passages: list[list[str]], folder: Path) -> None:
    """Encode by transformers with all hidden states, and write a pickle a layer."""
    from importlib import resources

    import torch
    from transformers import AutoModel, AutoTokenizer

    package, _, inside = MODEL.partition("/")
    path = str(resources.files(package) / inside)
    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path, dtype=torch.float32).eval()

    def embed(texts: list[str], length: int) -> np.ndarray:
        out = []
        for start in range(0, len(texts), BATCH):
            batch = tokenizer(
                texts[start : start + BATCH],
                padding="max_length",
                truncation=True,
                max_length=length,
                return_tensors="pt",
            )
            with torch.no_grad():
                seen = model(
                    input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True
                ).hidden_states
            out.append(np.stack([h[:, 0].numpy() for h in seen]))
        return np.concatenate(out, axis=1)

    q, p = embed(queries, QUERY_LENGTH), embed([text for row in passages for text in row], PASSAGE_LENGTH)
    for layer in range(len(q)):
        examples = [(q[layer, i], p[layer, i * N_STORED : (i + 1) * N_STORED], 0) for i in range(len(queries))]
        (folder / f"layer{layer}.pkl").write_bytes(pickle.dumps(examples))


def train_all(folder: Path) -> None:
    """Train one probe a layer and N: 30 epochs of Adam, examples collated one by one."""
    import torch

    for path in sorted(folder.glob("*.pkl")):
        examples = pickle.loads(path.read_bytes()) * FRACTION
        kept = examples[: len(examples) * 4 // 5]
        for n in COUNTS:
            random.seed(42)
            torch.manual_seed(42)
            layer = torch.nn.Linear(kept[0][0].shape[0] * (n + 1), n)
            adam = torch.optim.Adam(layer.parameters(), lr=1e-4)
            for _ in range(30):
                z, y = collate(kept, n)
                loss = torch.nn.functional.cross_entropy(layer(z), y)
                adam.zero_grad(), loss.backward(), adam.step()


def collate(examples: list[Any], n: int) -> tuple[Any, Any]:
    """Draw negatives and slots of every example anew."""
    import torch

    rows, right = [], []
    for query, passages, _ in examples:
        order = [0, *random.sample(range(1, N_STORED), n - 1)]
        random.shuffle(order)
        rows.append(torch.from_numpy(np.concatenate([query, *(passages[i] for i in order)])))
        right.append(order.index(0))
    return torch.stack(rows), torch.tensor(right)
