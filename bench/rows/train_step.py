"""InfoNCE step of a 4-layer 256-d text encoder, batch 128, against sentence-transformers' trainer with MultipleNegativesRankingLoss."""

import gc
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench import small_text
from bench.lines import Line
from evidense.compute.models.precision import has_bf16

N_STEPS, N_ROUNDS, BATCH = 7, 2, 128


def measure() -> list[Line]:
    """Train a few steps each, in turns; the median step after the first counts, tokenising and loading included."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_text.make(folder)
        seen: tuple[list[float], list[float], list[float]] = ([], [], [])
        for _ in range(N_ROUNDS):
            seen[0].extend(small_text.theirs(folder, N_STEPS, BATCH, _loss))
            seen[1].extend(small_text.ours(folder, N_STEPS, BATCH))
            if has_bf16():
                seen[2].extend(small_text.ours(folder, N_STEPS, BATCH, dtype="bf16"))
            gc.collect()
    peer_s, ours_s = median(seen[0]), median(seen[1])
    speeds = f"pairs a CPU-second: theirs {BATCH / peer_s:.1f}, ours {BATCH / ours_s:.1f}"
    lines = [_line("fp32", 1.0, peer_s, ours_s, len(seen[1]), (speeds,))]
    if seen[2]:
        bf16_s = median(seen[2])
        return [
            *lines,
            _line(
                "bf16",
                1.6,
                peer_s,
                bf16_s,
                len(seen[2]),
                (f"against the peer in fp32; ours {BATCH / bf16_s:.1f} pairs a CPU-second",),
            ),
        ]
    missing = "bf16 not measured: this processor has no avx512_bf16 or amx_bf16"
    return [_line("fp32", 1.0, peer_s, ours_s, len(seen[1]), (speeds, missing))]


def _loss(model: Any) -> Any:
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    return MultipleNegativesRankingLoss(model, scale=1 / small_text.TEMPERATURE)


def _line(how: str, bound: float, peer_s: float, ours_s: float, n: int, notes: tuple[str, ...]) -> Line:
    return Line(job=f"InfoNCE step, 4 layers × 256 d, batch {BATCH}, {how}", peer="sentence-transformers trainer", target=f"≥ {bound} × its pairs/s",
                bound=bound, sense="peer/ours ≥", peer_value=peer_s, ours_value=ours_s, unit="CPU-s a step", n_runs=n, notes=notes)  # fmt: skip
