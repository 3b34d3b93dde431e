"""Memory of a comparison of 200,000 documents: texts and vectors pass through, they do not stay."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

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
