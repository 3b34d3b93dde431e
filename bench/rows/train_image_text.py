"""Image-text step: a small ViT and a small text transformer, batch 256, against a plain loop with symmetric InfoNCE over the same towers."""

import gc
import io
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, cast

import numpy as np

from bench.lines import Line
from bench.texts import skewed
from evidense.records import Recipe
from evidense.values import Item, Pairs, Picture

N_PAIRS, BATCH, N_STEPS, N_ROUNDS, RATE, TEMPERATURE = 1_024, 256, 6, 3, 1e-3, 0.07
ARCHITECTURE = {
    "text": {"kind": "bert", "n_layers": 2, "width": 128, "n_heads": 4, "max_length": 32, "vocabulary": 2000, "pooling": "mean"},
    "image": {"kind": "vit", "side": 32, "width": 128},
    "n_dims": 128, "shared_projection": False, "dropout": 0.1,
}  # fmt: skip


def measure() -> list[Line]:
    """Take a few steps each, in turns, from equal weights; the median step after the first counts, both with items made ready before."""
    from evidense.training.backbones import architectures, new_towers

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = _pairs()
        (folder / "towers").mkdir()
        texts = [item.text or "" for item in pairs.right]
        new_towers.write(architectures.design(ARCHITECTURE), texts, 0, folder / "towers")
        seen: tuple[list[float], list[float]] = ([], [])
        for _ in range(N_ROUNDS):
            seen[0].extend(_theirs(folder, pairs))
            seen[1].extend(_ours(folder, pairs))
            gc.collect()
    plain_s, ours_s = median(seen[0]), median(seen[1])
    return [Line(
        job=f"image-text step, small ViT, batch {BATCH}", peer="a plain loop, symmetric InfoNCE, the same towers", target="≥ 1.0 × its pairs/s", bound=1.0,
        sense="peer/ours ≥", peer_value=plain_s, ours_value=ours_s, unit="CPU-s a step", n_runs=len(seen[1]),
        notes=(f"pairs a CPU-second: theirs {BATCH / plain_s:.1f}, ours {BATCH / ours_s:.1f}",),
    )]  # fmt: skip


def _pairs() -> Pairs:
    """Return pictures of 32 × 32 and their captions."""
    from PIL import Image

    rng = np.random.default_rng(0)
    captions = skewed(N_PAIRS, mean_words=8, longest=16)
    left, right = [], []
    for row, caption in enumerate(captions):
        held = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8)).save(held, "PNG")
        left.append(Item(f"i{row}", picture=Picture(held.getvalue())))
        right.append(Item(f"t{row}", caption))
    return Pairs("bench", "exact", left, right, tuple(str(row) for row in range(N_PAIRS)))


def _opened(folder: Path) -> Any:
    from evidense import registry
    from evidense.values import Spelling

    part, spelling = registry.system(Spelling(str(folder / "towers")))
    return part.open(spelling)


def _ours(folder: Path, pairs: Pairs) -> list[float]:
    from evidense import registry
    from evidense.training.loop.trainer import Callbacks, Job, run

    recipe = Recipe(
        objective="clip", n_steps=N_STEPS, batch_size=BATCH, learning_rate=RATE, warmup=0.0, temperature=TEMPERATURE
    )
    moments: list[float] = []
    job = Job(_opened(folder), registry.part("objectives", "clip"), pairs, recipe, folder / f"state{time.time_ns()}")
    run(job, Callbacks(diagnostics=lambda _: moments.append(time.process_time())))
    return [float(step) for step in np.diff(moments)]


def _theirs(folder: Path, pairs: Pairs) -> list[float]:
    import torch
    from torch.nn.functional import cross_entropy

    encoder = _opened(folder)
    towers = [cast(Any, encoder.tower(side)) for side in ("query", "document")]
    ready = [tower.prepare(list(items)) for tower, items in zip(towers, (pairs.left, pairs.right), strict=True)]
    modules = {id(module): module for tower in towers for module in tower.weights.values()}
    weights = list(
        {id(p): p.requires_grad_(True) for module in modules.values() for p in module.train().parameters()}.values()
    )
    scale = torch.nn.Parameter(torch.tensor(1 / TEMPERATURE).log())
    optimiser = torch.optim.AdamW([*weights, scale], lr=RATE)
    moments = []
    for step in range(N_STEPS):
        rows = np.random.default_rng(step).permutation(N_PAIRS)[:BATCH]
        images, texts = (tower.represent(prepared.take(rows)) for tower, prepared in zip(towers, ready, strict=True))
        logits = images @ texts.T * scale.exp()
        target = torch.arange(BATCH)
        loss = (cross_entropy(logits, target) + cross_entropy(logits.T, target)) / 2
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*weights, scale], 1.0)
        optimiser.step()
        moments.append(time.process_time())
    return [float(step) for step in np.diff(moments)]
