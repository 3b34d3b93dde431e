"""Gradient cache, batch 512 in chunks of 32, against sentence-transformers' CachedMultipleNegativesRankingLoss and our own uncached step."""

import gc
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench import apart, small_text
from bench.lines import Line

N_STEPS, N_ROUNDS, BATCH, CHUNK = 2, 3, 512, 32
"""The first step of each training is not counted."""
MODULE = "bench.rows.train_cached"
SIDES = ("theirs", "ours", "uncached")


def measure() -> list[Line]:
    """Time the sides in this process, in turns; take the memory of each in a process of its own, above what was resident before."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_text.make(folder)
        steps: dict[str, list[float]] = {side: [] for side in SIDES}
        for _ in range(N_ROUNDS):
            for side in SIDES:
                steps[side] += _steps(side, folder)
                gc.collect()
        alone = {side: apart.run(MODULE, side, name) for side in SIDES}
    step = {side: median(steps[side]) for side in SIDES}
    memory = {side: (run["peak"] - run["base"]) / 2**20 for side, run in alone.items()}
    n = N_ROUNDS * (N_STEPS - 1)
    alone_s = ", ".join(f"{side} {run['step_s']:.1f}" for side, run in alone.items())
    job, peer = (
        f"gradient cache, batch {BATCH} in chunks of {CHUNK}",
        "sentence-transformers CachedMultipleNegativesRankingLoss",
    )
    speeds = f"pairs a CPU-second: theirs {BATCH / step['theirs']:.1f}, ours {BATCH / step['ours']:.1f}, uncached {BATCH / step['uncached']:.1f}"
    return [
        Line(job=job, peer=peer, target="≥ 1.1 × its pairs/s", bound=1.1, sense="peer/ours ≥", peer_value=step["theirs"], ours_value=step["ours"],
             unit="CPU-s a step", n_runs=n, notes=(speeds, f"one step of each in a process of its own: {alone_s} CPU-s")),
        Line(job=f"{job}, memory", peer=peer, target="≤ its memory", bound=1.0, sense="ours/peer ≤", peer_value=memory["theirs"], ours_value=memory["ours"],
             unit="MiB above the base", n_runs=1, notes=(f"our uncached step takes {memory['uncached']:.0f} MiB",)),
        Line(job=f"{job}, against no cache", peer="our own step without", target="≤ 1.35 ×", bound=1.35, sense="ours/peer ≤", peer_value=step["uncached"],
             ours_value=step["ours"], unit="CPU-s a step", n_runs=n),
    ]  # fmt: skip


def _loss(model: Any) -> Any:
    from sentence_transformers.losses import CachedMultipleNegativesRankingLoss

    return CachedMultipleNegativesRankingLoss(model, scale=1 / small_text.TEMPERATURE, mini_batch_size=CHUNK)


def _steps(side: str, folder: Path) -> list[float]:
    if side == "theirs":
        return small_text.theirs(folder, N_STEPS, BATCH, _loss)
    return small_text.ours(folder, N_STEPS, BATCH, chunk=CHUNK if side == "ours" else 0)


if __name__ == "__main__":
    import sentence_transformers  # noqa: F401  (both sides start from the same libraries in memory)

    name, where = sys.argv[1], Path(sys.argv[2])
    apart.measured(lambda: {"step_s": median(_steps(name, where))})
