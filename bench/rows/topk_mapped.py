"""Exact top-100 of 1,000 queries over memory-mapped vectors, against numpy's product alone over the same blocks of the same file."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench import machine
from bench.lines import Line, alternate
from evidense.compute.mapped import release
from evidense.compute.search.topk import BLOCK, top_k

N, N_DIMS, N_QUERIES, N_RUNS = int(os.environ.get("BENCH_TOPK_MAPPED", "2000000")), 384, 1_000, 1


def measure() -> list[Line]:
    """Time both in one child in turns; the peak of resident memory is that of ours alone, in another child."""
    with tempfile.TemporaryDirectory() as folder:
        _make(Path(folder))
        peer_s, ours_s = _inside("time", folder)
        resident_mb, file_mb = _inside("memory", folder)
    job, note = f"exact top-100, 1,000 × {N:,} × 384, memory-mapped", f"the file has {file_mb:.0f} MiB"
    return [
        Line(
            job=job, peer="numpy product alone, block by block", target="≤ 1.2 × its time", bound=1.2, sense="ours/peer ≤",
            peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS, notes=(note,),
        ),
        Line(
            job=f"{job}: resident memory", peer="–", target="≤ 2,048 MiB", bound=2048, sense="ours ≤", peer_value=None,
            ours_value=resident_mb, unit="MiB", n_runs=1, notes=(note,),
        ),
    ]  # fmt: skip


def _make(folder: Path) -> None:
    rng = np.random.default_rng(0)
    out = np.lib.format.open_memmap(folder / "documents.npy", "w+", np.float32, (N, N_DIMS))
    for start in range(0, N, 50_000):
        rows = rng.standard_normal((min(50_000, N - start), N_DIMS), dtype=np.float32)
        out[start : start + len(rows)] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        release(out)


def _inside(what: str, folder: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.rows.topk_mapped", what, folder]
    done = subprocess.run(command, env=machine.environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return tuple(json.loads(done.stdout.splitlines()[-1]))  # type: ignore[return-value]


def _product(queries: np.ndarray, documents: np.ndarray) -> None:
    columns, out = np.ascontiguousarray(queries.T), np.empty((BLOCK, len(queries)), np.float32)
    for start in range(0, len(documents), BLOCK):
        block = documents[start : start + BLOCK]
        np.matmul(block, columns, out=out[: len(block)])


def _status(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    documents = np.load(Path(sys.argv[2]) / "documents.npy", mmap_mode="r")
    queries = np.random.default_rng(1).standard_normal((N_QUERIES, N_DIMS), dtype=np.float32)
    order = np.arange(N, dtype=np.int32)
    if sys.argv[1] == "time":
        times = alternate(
            lambda: _product(queries, documents),
            lambda: top_k(queries, documents, 100, doc_order=order),
            warm_up=False,
            n_runs=N_RUNS,
        )
        print(json.dumps(times))
    else:
        top_k(queries, documents, 100, doc_order=order)
        print(json.dumps([_status("VmHWM"), documents.nbytes / 2**20]))
