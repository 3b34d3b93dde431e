"""20,000 texts encoded with all-MiniLM-L6-v2 by two workers of a Ray cluster on this machine, against `--workers 2`. Wall time, workers' start included."""

import json
import os
import tempfile
import time
from contextlib import chdir
from pathlib import Path
from statistics import median

from bench.lines import Line
from bench.texts import MODEL, skewed
from evidense.store import Store
from evidense.study.compare import comparison
from evidense.study.run import RunOptions, run_study

N_TEXTS, N_QUERIES, N_WORKERS, N_RUNS = 20_000, 50, 2, 3


def measure() -> list[Line]:
    """Compare BM25 with MiniLM on one collection, in turns, each time in an empty store."""
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with tempfile.TemporaryDirectory() as place, chdir(place):
        write(Path("collection"), N_TEXTS)
        ray.init(
            address="local", num_cpus=N_WORKERS, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
        )
        times: dict[str, list[float]] = {"local": [], "ray": []}
        for _ in range(N_RUNS):
            times["local"].append(wall_s(RunOptions(n_workers=N_WORKERS), "collection"))
            times["ray"].append(wall_s(RunOptions(runner="ray"), "collection"))
        ray.shutdown()
    here, cluster = median(times["local"]), median(times["ray"])
    spread = "; ".join(f"{name} {', '.join(f'{t:.1f}' for t in each)}" for name, each in times.items())
    return [Line(
        job=f"encode {N_TEXTS:,} texts by {N_WORKERS} workers, and compare", peer="--workers 2", target="≤ 1.15 × its time", bound=1.15,
        sense="ours/peer ≤", peer_value=here, ours_value=cluster, unit="s on the wall", n_runs=N_RUNS, notes=(f"seconds: {spread}",),
    )]  # fmt: skip


def wall_s(options: RunOptions, collection: str) -> float:
    """Return the seconds that a comparison of BM25 with MiniLM takes, from an empty store."""
    study = comparison("bm25", [f"pip:{MODEL}"], [collection])
    with tempfile.TemporaryDirectory() as store:
        began = time.perf_counter()
        run_study(study, Store(Path(store)), options)
        return time.perf_counter() - began


def write(folder: Path, n_texts: int) -> None:
    """Write a collection in BEIR's form; each query is the beginning of its document."""
    (folder / "qrels").mkdir(parents=True)
    texts = skewed(n_texts, mean_words=8, longest=40)
    corpus = (json.dumps({"_id": f"d{n}", "title": "", "text": text}) + "\n" for n, text in enumerate(texts))
    (folder / "corpus.jsonl").write_text("".join(corpus))
    queries = (json.dumps({"_id": f"q{n}", "text": " ".join(texts[n].split()[:4])}) + "\n" for n in range(N_QUERIES))
    (folder / "queries.jsonl").write_text("".join(queries))
    judged = "".join(f"q{n}\td{n}\t1\n" for n in range(N_QUERIES))
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
