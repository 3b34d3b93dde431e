"""Whole dissection of the built-in pair, 2,000 queries × 8,000 documents, from cached states: seconds on the wall, two processes of one thread each."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import machine
from bench.lines import Line
from bench.texts import MODEL

N_QUERIES, N_DOCUMENTS = 2_000, 8_000
PAIR = (f"pip:{MODEL}@label=MiniLM", "pip:sre_embedding_model/model_weights@label=SRE-tuned")


def measure() -> list[Line]:
    """Dissect once from an empty store, forget what was found but not the vectors and states, and dissect again: that one counts."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        cold = _dissect(store)
        shutil.rmtree(store / "steps")  # which findings a step gave
        warm = _dissect(store)
    return [Line(
        job=f"whole dissection of MiniLM and the site-reliability model, {N_QUERIES:,} queries × {N_DOCUMENTS:,} documents, from cached states",
        peer="", target="≤ 10 minutes on 2 cores", bound=600.0, sense="ours ≤", peer_value=None, ours_value=warm, unit="s on the wall", n_runs=1,
        notes=(f"all analyses that `evidense dissect` has by default; from an empty store, encoding included, {cold:.0f} s",),
    )]  # fmt: skip


def _dissect(store: Path) -> float:
    """Return the seconds of the command, from its start to its page."""
    argv = [sys.executable, "-m", "evidense", "dissect", *PAIR, "--on", "phenotypes", "--queries", str(N_QUERIES),
            "--documents", str(N_DOCUMENTS), "--out", str(store.parent / "page")]  # fmt: skip
    began = time.monotonic()
    subprocess.run(
        argv, env={**machine.environment(), "EVIDENSE_STORE": str(store)}, check=True, capture_output=True, text=True
    )
    return time.monotonic() - began
