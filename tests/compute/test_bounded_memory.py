"""Memory of a comparison of 200,000 documents: texts and vectors pass through, they do not stay."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evidense.compute.texts.save_static import save_static
from evidense.compute.texts.static_tower import EmbeddingTable, StaticTower

N, N_DIMS, N_QUERIES, N_SHARDS = 200_000, 384, 64, 5
VECTORS_MB = N * N_DIMS * 4 / 2**20
TEXT = "a sentence that stands in every document, with words enough to weigh something if all of them were kept " * 4

CHILD = """
import json, sys
from pathlib import Path
from evidense import registry
from evidense.store import Store
from evidense.verbs.retrieve import open_system, retrieve
import evidense.datasets.beir, evidense.encoders.vectors, ir_measures, pydantic_core, scipy.sparse

def resident(name):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024

folder = Path(sys.argv[1])
Path("/proc/self/clear_refs").write_text("5")
base = resident("VmRSS")
(collection,) = registry.collections(str(folder / "beir"))
opened = resident("VmHWM") - base
ranking = retrieve(open_system(str(folder / "vectors")), collection, 100, Store(folder / "store"))
print(json.dumps({"opened": opened, "ranked": resident("VmHWM") - base, "n": ranking.collection["n_documents"]}))
"""


def made(folder: Path) -> None:
    (folder / "beir" / "corpus").mkdir(parents=True)
    (folder / "beir" / "qrels").mkdir()
    (folder / "vectors").mkdir()
    for shard, numbers in enumerate(np.array_split(np.arange(N), N_SHARDS)):
        lines = "".join(f'{{"_id": "d{n}", "title": "", "text": "{n} {TEXT}"}}\n' for n in numbers.tolist())
        (folder / "beir" / "corpus" / f"{shard}.jsonl").write_text(lines)
    queries = "".join(json.dumps({"_id": f"q{n}", "text": f"query {n}"}) + "\n" for n in range(N_QUERIES))
    (folder / "beir" / "queries.jsonl").write_text(queries)
    judged = "".join(f"q{n}\td{n}\t1\n" for n in range(N_QUERIES))
    (folder / "beir" / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    rng = np.random.default_rng(0)
    out = np.lib.format.open_memmap(folder / "vectors" / "documents.npy", "w+", np.float32, (N, N_DIMS))
    for start in range(0, N, 20_000):
        out[start : start + 20_000] = rng.random((20_000, N_DIMS), dtype=np.float32) - np.float32(0.5)
    np.save(folder / "vectors" / "queries.npy", rng.random((N_QUERIES, N_DIMS), dtype=np.float32) - np.float32(0.5))
    for side, letter, n in (("documents", "d", N), ("queries", "q", N_QUERIES)):
        (folder / "vectors" / f"{side}.ids.txt").write_text("".join(f"{letter}{i}\n" for i in range(n)))


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peaks of resident memory are read as Linux tells them"
)
def test_200_000_documents_from_shards_are_ranked_in_less_memory_than_their_texts_or_vectors(tmp_path: Path) -> None:
    made(tmp_path)
    done = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    peak = json.loads(done.stdout.splitlines()[-1])
    texts_mb = N * len(TEXT) / 2**20
    assert peak["n"] == N
    assert peak["opened"] < 0.8 * texts_mb
    assert peak["ranked"] < 0.7 * VECTORS_MB
    assert not (tmp_path / "store" / "vectors").exists(), "given vectors are read where they are, not copied"


COMPARED = """
import resource, sys
from pathlib import Path
from evidense.cli.main import main

folder, limit = sys.argv[1], int(sys.argv[2])

def compare(name):
    sys.argv = ["evidense", "compare", f"{folder}/static", f"{folder}/static@int8", "--on", f"{folder}/{name}", "--out", f"{folder}/{name}-page"]
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code

compare("small")  # loads every library
size = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmSize"))
resource.setrlimit(resource.RLIMIT_AS, (size * 1024 + limit, -1))
compare("large")
"""
LONG_WORD = "x" * 440
LIMIT_MB = 135
"""Address space beyond that of a comparison of 100 documents; the texts alone have 87 MB."""


def words(n: int) -> str:
    """Return a text of two words that the tokeniser below knows and a long one that it does not."""
    return f"w{n % 997} w{n % 1009} {LONG_WORD}"


def static_model(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokens = Tokenizer(models.WordLevel({"[UNK]": 0} | {f"w{n}": n + 1 for n in range(1009)}, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    table = EmbeddingTable(np.random.default_rng(0).standard_normal((1010, 16)).astype(np.float32))
    tower = StaticTower("made", tokens, table)
    save_static(tower, tower, folder, "cosine")


def collection(folder: Path, n: int, n_shards: int) -> None:
    (folder / "corpus").mkdir(parents=True)
    (folder / "qrels").mkdir()
    for shard, numbers in enumerate(np.array_split(np.arange(n), n_shards)):
        lines = "".join(f'{{"_id": "d{i}", "title": "", "text": "{words(i)}"}}\n' for i in numbers.tolist())
        (folder / "corpus" / f"{shard}.jsonl").write_text(lines)
    queries = "".join(json.dumps({"_id": f"q{i}", "text": f"w{i % 997} w{i % 1009}"}) + "\n" for i in range(N_QUERIES))
    (folder / "queries.jsonl").write_text(queries)
    judged = "".join(f"q{i}\td{i}\t1\n" for i in range(N_QUERIES))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not enforce RLIMIT_AS")
def test_200_000_documents_are_encoded_and_compared_within_a_limit_on_address_space(tmp_path: Path) -> None:
    static_model(tmp_path / "static")
    collection(tmp_path / "small", 100, 1)
    collection(tmp_path / "large", N, N_SHARDS)
    environment = os.environ | {"EVIDENSE_STORE": str(tmp_path / "store")}
    command = [sys.executable, "-c", COMPARED, str(tmp_path), str(LIMIT_MB << 20)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "large-page" / "report.html").exists()
