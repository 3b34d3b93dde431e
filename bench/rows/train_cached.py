"""Gradient cache, batch 512 in chunks of 32, against sentence-transformers' CachedMultipleNegativesRankingLoss and our own uncached step."""

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench import apart, small_text
from bench.lines import Line

N_STEPS, N_ROUNDS, BATCH, CHUNK = 3, 1, 512, 32
MODULE = "bench.rows.train_cached"
SIDES = ("theirs", "ours", "uncached")


def measure() -> list[Line]:
    """Run each side in processes of its own, in turns; steps after the first count, and the peak above what was resident before."""
    with tempfile.TemporaryDirectory() as folder:
        apart.run(MODULE, "make", folder)
        runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
        for _ in range(N_ROUNDS):
            for side in SIDES:
                runs[side].append(apart.run(MODULE, side, folder))
    step = {side: median(run["step_s"] for run in runs[side]) for side in SIDES}
    memory = {side: median(run["peak"] - run["base"] for run in runs[side]) / 2**20 for side in SIDES}
    n = N_ROUNDS * (N_STEPS - 1)
    job, peer = (
        f"gradient cache, batch {BATCH} in chunks of {CHUNK}",
        "sentence-transformers CachedMultipleNegativesRankingLoss",
    )
    speeds = f"pairs a CPU-second: theirs {BATCH / step['theirs']:.1f}, ours {BATCH / step['ours']:.1f}, uncached {BATCH / step['uncached']:.1f}"
    return [
        Line(job=job, peer=peer, target="≥ 1.1 × its pairs/s", bound=1.1, sense="peer/ours ≥", peer_value=step["theirs"], ours_value=step["ours"],
             unit="CPU-s a step", n_runs=n, notes=(speeds,)),
        Line(job=f"{job}, memory", peer=peer, target="≤ its memory", bound=1.0, sense="ours/peer ≤", peer_value=memory["theirs"], ours_value=memory["ours"],
             unit="MiB above the base", n_runs=N_ROUNDS, notes=(f"our uncached step takes {memory['uncached']:.0f} MiB",)),
        Line(job=f"{job}, against no cache", peer="our own step without", target="≤ 1.35 ×", bound=1.35, sense="ours/peer ≤", peer_value=step["uncached"],
             ours_value=step["ours"], unit="CPU-s a step", n_runs=n),
    ]  # fmt: skip


def _loss(model: Any) -> Any:
    from sentence_transformers.losses import CachedMultipleNegativesRankingLoss

    return CachedMultipleNegativesRankingLoss(model, scale=1 / small_text.TEMPERATURE, mini_batch_size=CHUNK)


def _side(side: str, folder: Path) -> dict[str, float]:
    if side == "theirs":
        steps = small_text.theirs(folder, N_STEPS, BATCH, _loss)
    else:
        steps = small_text.ours(folder, N_STEPS, BATCH, chunk=CHUNK if side == "ours" else 0)
    return {"step_s": median(steps)}


if __name__ == "__main__":
    name, where = sys.argv[1], Path(sys.argv[2])
    if name == "make":
        small_text.make(where)
        print("{}")
    else:
        import sentence_transformers  # noqa: F401  (both sides start from the same libraries in memory)

        apart.measured(lambda: _side(name, where))
