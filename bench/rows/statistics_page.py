"""Statistics and page of a large study: 10 systems on 20 collections with 50,000 queries in all, once their rankings are there."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench import apart
from bench.lines import Line

N_SYSTEMS, N_COLLECTIONS, N_QUERIES, N_DOCUMENTS, N_WORDS, N_DIMS = 10, 20, 50_000, 1_000, 5_000, 32
PER_COLLECTION = int(os.environ.get("BENCH_STATISTICS_QUERIES", str(N_QUERIES))) // N_COLLECTIONS


def measure() -> list[Line]:
    """Compare static encoders of a few random numbers a word; encoding and ranking are timed apart."""
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder))
        ran = apart.run("bench.rows.statistics_page", folder, EVIDENSE_STORE=f"{folder}/store")
    job = f"statistics and page: {N_SYSTEMS} systems × {N_COLLECTIONS} collections, {PER_COLLECTION * N_COLLECTIONS:,} queries"
    note = f"whole command {ran['all']:.1f} CPU-s, of which opening, encoding and ranking {ran['ranked']:.1f}; peak of resident memory {ran['mib']:.0f} MiB"
    shared = {"peer": "–", "sense": "ours ≤", "peer_value": None, "n_runs": 1}
    return [
        Line(job=job, target="≤ 60 CPU-s", bound=60, ours_value=ran["all"] - ran["ranked"], unit="CPU-s", notes=(note,), **shared),
        Line(job=f"{job}: the page", target="≤ 5 MB", bound=5, ours_value=ran["page_mb"], unit="MB", notes=(), **shared),
    ]  # fmt: skip


def made(folder: Path) -> None:
    """Write the collections and the encoders: query n is some words of document n; encoders differ in how much noise their vectors have."""
    rng = np.random.default_rng(0)
    for number in range(N_COLLECTIONS):
        documents = rng.integers(N_WORDS, size=(N_DOCUMENTS, 12))
        judged = rng.integers(N_DOCUMENTS, size=PER_COLLECTION)
        asked = [rng.choice(documents[doc], 4) for doc in judged]
        write_collection(folder / f"c{number:02d}", documents, asked, judged)
    meaning = rng.standard_normal((N_WORDS + 1, N_DIMS))
    for number in range(N_SYSTEMS):
        noise = rng.standard_normal(meaning.shape)
        model(folder / f"s{number}", (meaning + (0.6 + 0.05 * number) * noise).astype(np.float32))


def write_collection(folder: Path, documents: np.ndarray, asked: list[np.ndarray], judged: np.ndarray) -> None:
    """Write a BEIR folder of texts from numbers of words."""
    (folder / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", documents), ("queries", asked)):
        lines = [json.dumps({"_id": f"{name[0]}{n}", "text": _text(row)}) for n, row in enumerate(rows)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    rows = "".join(f"q{n}\tc{doc}\t1\n" for n, doc in enumerate(judged.tolist()))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows)


def _text(words: np.ndarray) -> str:
    return " ".join(f"w{word}" for word in words.tolist())


def model(folder: Path, table: np.ndarray) -> None:
    """Write a static model: one row of the table a word w0, w1 …, after that of unknown words."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    from evidense.compute.texts.save_static import save_static
    from evidense.compute.texts.static_tower import EmbeddingTable, StaticTower

    words = {"[UNK]": 0} | {f"w{n}": n + 1 for n in range(len(table) - 1)}
    tokens = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tower = StaticTower("made", tokens, EmbeddingTable(table))
    save_static(tower, tower, folder, "cosine")


def _inside(folder: Path) -> dict[str, float]:
    from evidense import registry
    from evidense.cli.main import main
    from evidense.study import run

    ranked = [timed(registry, "collections"), timed(run, "retrieve")]
    systems = [f"{folder}/s{n}" for n in range(N_SYSTEMS)]
    collections = ",".join(f"{folder}/c{n:02d}" for n in range(N_COLLECTIONS))
    sys.argv = ["evidense", "compare", *systems, "--on", collections, "--out", f"{folder}/page"]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    status = Path("/proc/self/status").read_text().splitlines()
    mib = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    page_mb = (folder / "page" / "report.html").stat().st_size / 1e6
    return {"all": time.process_time(), "ranked": sum(sum(taken) for taken in ranked), "mib": mib, "page_mb": page_mb}


def timed(owner: object, name: str) -> list[float]:
    """Note the CPU-seconds of every call of a function."""
    function, taken = getattr(owner, name), list[float]()

    def timed(*arguments: object, **options: object) -> object:
        started = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            taken.append(time.process_time() - started)

    setattr(owner, name, timed)
    return taken


if __name__ == "__main__":
    print(json.dumps(_inside(Path(sys.argv[1]))))
