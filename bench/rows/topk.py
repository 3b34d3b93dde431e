"""Exact top-100 of 1,000 queries over 100,000 × 384, against faiss's flat index."""

import json
import os
import subprocess
import sys

import numpy as np

from bench import machine
from bench.lines import N_RUNS, Line, alternate
from evidense.compute.search.narrow import multiplies
from evidense.compute.search.topk import top_k

INSIDE = "BENCH_TOPK_INSIDE"


def measure() -> list[Line]:
    """Time faiss as it is installed, and with the kernel that numpy's BLAS chose (its own, older one may not know the processor)."""
    numpys = next(iter(machine.kernels().values())).split()[-1]
    as_installed = machine.kernels("import faiss")
    theirs = [kernel for file, kernel in as_installed.items() if "numpy" not in file and "scipy" not in file]
    lines = [_line("as installed", {}, f"faiss's own BLAS chose: {', '.join(theirs) or 'none seen'}")]
    if not any(kernel.endswith(numpys) for kernel in theirs):
        lines.append(
            _line(
                f"told to use the kernel {numpys}",
                {"OPENBLAS_CORETYPE": numpys},
                f"OPENBLAS_CORETYPE={numpys} in this job only",
            )
        )
    return lines


def _line(how: str, setting: dict[str, str], note: str) -> Line:
    command = [sys.executable, "-m", "bench.rows.topk"]
    done = subprocess.run(
        command, env=machine.environment(**setting) | {INSIDE: "1"}, capture_output=True, text=True, check=True
    )
    peer_s, ours_s, same, width = json.loads(done.stdout.splitlines()[-1])
    return Line(
        job="exact top-100, 1,000 × 100,000 × 384", peer=f"faiss flat, {how}", target="≤ 1.05 × its time", bound=1.05, sense="ours/peer ≤",
        peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=(note, f"{same:.4%} of the places hold the same document", f"shortlist in {width}"),
    )  # fmt: skip


def _inside() -> tuple[float, float, float, str]:
    import faiss
    import torch  # as any command with a model does

    torch.set_num_threads(1)

    faiss.omp_set_num_threads(1)
    faiss.cvar.distance_compute_blas_threshold = 0
    queries, documents = _vectors(1_000, 0), _vectors(100_000, 1)
    index = faiss.IndexFlatIP(384)
    index.add(documents)
    order = np.arange(len(documents), dtype=np.int32)
    times = alternate(lambda: index.search(queries, 100), lambda: top_k(queries, documents, 100, doc_order=order))
    theirs, ours = index.search(queries, 100)[1], top_k(queries, documents, 100, doc_order=order)[0]
    width = "bfloat16" if multiplies() else "float32: this processor does not multiply bfloat16"
    return *times, float((theirs == ours).mean()), width


def _vectors(n: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, 384), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


if __name__ == "__main__" and os.environ.get(INSIDE):
    print(json.dumps(_inside()))
