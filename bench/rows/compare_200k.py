"""Two static encoders compared on 200,000 documents, from files to page, against one pass of reading, parsing and hashing the same file."""

import ast
import hashlib
import inspect
import json
import os
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import numpy as np

from bench import apart
from bench.lines import Line
from bench.rows.memory import _make as make_static

N, N_QUERIES = int(os.environ.get("BENCH_COMPARE", "200000")), 1_000
_MODULES = ("numpy", "numpy.linalg", "numpy.fft", "scipy.stats", "scipy.optimize", "scipy.signal", "scipy.sparse", "json", "argparse")  # fmt: skip


def measure() -> list[Line]:
    """Run the command in a child; the encoders' own work (tokenising and averaging) is timed there and told apart."""
    with tempfile.TemporaryDirectory() as folder:
        _made(Path(folder))
        make_static(Path(folder))
        pass_s = min(_one_pass(Path(folder) / "beir" / "corpus.jsonl") for _ in range(3))
        ran = apart.run("bench.rows.compare_200k", folder, EVIDENSE_STORE=f"{folder}/store")
    job, peer = f"compare two static encoders on {N:,} documents, files to page", "json.loads and sha256 of each line"
    notes = (
        f"whole command {ran['all']:.1f} CPU-s: opening the collection {ran['open']:.2f}, tokenising and averaging {ran['encoder']:.1f} (the "
        f"libraries of the encoder, {ran['encoder'] / pass_s / 2:.0f} passes an encoder), matrix products of the search {ran['search']:.1f}",
        "beside these two all counts: imports, opening models, writing and hashing vectors, selection and rescoring, statistics, page",
    )
    shared = {"peer": peer, "sense": "ours/peer ≤", "peer_value": pass_s, "unit": "CPU-s", "n_runs": 1}
    rest = ran["all"] - ran["encoder"] - ran["search"]
    return [
        Line(job=f"{job}: opening the collection", target="≤ 3 × its time", bound=3, ours_value=ran["open"], notes=notes, **shared),
        Line(job=f"{job}: all but encoders and search", target="≤ 3 × its time", bound=3, ours_value=rest, notes=(), **shared),
        Line(job=f"{job}: resident memory", peer="–", target="≤ 1,536 MiB + vectors", bound=1536 + N * 384 * 4 / 2**20, sense="ours ≤",
             peer_value=None, ours_value=ran["mib"], unit="MiB", n_runs=1),
    ]  # fmt: skip


def _one_pass(path: Path) -> float:
    started = time.process_time()
    with path.open("rb") as file:
        for line in file:
            hashlib.sha256(json.loads(line)["text"].encode()).digest()
    return time.process_time() - started


def _made(folder: Path) -> None:
    """Write a BEIR folder whose documents are lines of docstrings, put together anew, all distinct."""
    beir, rng = folder / "beir", np.random.default_rng(0)
    (beir / "qrels").mkdir(parents=True)
    texts = [doc for name in _MODULES for doc in _docstrings(name)]
    lines = sorted({line.strip() for text in texts for line in text.splitlines() if len(line.split()) > 3})
    with (beir / "corpus.jsonl").open("w") as file:
        for number in range(N):
            drawn = rng.integers(len(lines), size=8)
            text = " ".join(lines[i] for i in drawn[: rng.integers(3, 9)])
            file.write(
                json.dumps({"_id": f"doc{number}", "title": lines[drawn[0]][:40], "text": f"{text} {number}"}) + "\n"
            )
    judged = rng.choice(N, N_QUERIES, replace=False).tolist()
    queries = [{"_id": f"q{n}", "text": f"{lines[rng.integers(len(lines))]} {doc}"} for n, doc in enumerate(judged)]
    (beir / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    rows = "".join(f"q{n}\tdoc{doc}\t1\n" for n, doc in enumerate(judged))
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows)


def _docstrings(name: str) -> list[str]:
    module = import_module(name)
    texts = [inspect.getdoc(value) or "" for value in vars(module).values() if callable(value)]
    return [*texts, *(ast.get_docstring(ast.parse(inspect.getsource(module))) or "",)]


class _Clock:
    """CPU-seconds that some functions take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def on(self, owner: object, name: str) -> None:
        function = getattr(owner, name)

        def timed(*arguments: object, **options: object) -> object:
            started = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds += time.process_time() - started

        setattr(owner, name, timed)


def _inside(folder: str) -> dict[str, float]:
    from evidense import registry
    from evidense.cli.main import main
    from evidense.compute.search.narrow import NarrowInner
    from evidense.compute.similarity import KERNELS
    from evidense.compute.texts.static_tower import StaticTower

    encoder, opening, search = _Clock(), _Clock(), _Clock()
    encoder.on(StaticTower, "prepare"), encoder.on(StaticTower, "vectors")
    opening.on(registry, "collections")
    search.on(type(KERNELS["cosine"]), "products"), search.on(NarrowInner, "products")
    model = f"{folder}/static"
    sys.argv = [
        "evidense",
        "compare",
        model,
        f"{model}@normalize=true",
        "--on",
        f"{folder}/beir",
        "--out",
        f"{folder}/page",
    ]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    status = Path("/proc/self/status").read_text().splitlines()
    mib = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    return {"all": time.process_time(), "open": opening.seconds, "encoder": encoder.seconds, "search": search.seconds, "mib": mib}  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(_inside(sys.argv[1])))
