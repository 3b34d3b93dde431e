"""Pictures, texts and small towers for the tests of two towers."""

from pathlib import Path
from typing import Any

import numpy as np

from encoders.opening import open_encoder
from evidense.training.backbones import architectures, new_towers
from evidense.values import Item, Picture

TEXTS = [
    "red house",
    "small blue circle of light",
    "arrow",
    "a letter a, a letter b",
    "a",
    "dark green arrow and a house",
]
BERT = {"kind": "bert", "n_layers": 2, "width": 32, "n_heads": 4, "max_length": 12, "vocabulary": 150}
CONVNET = {"kind": "convnet", "side": 16, "channels": 1, "patch": 2, "widths": [8, 16, 32], "depths": [1, 1, 1]}
VIT = {"kind": "vit", "side": 16, "patch": 8, "n_layers": 2, "width": 32, "n_heads": 4}
STATIC = {"kind": "static", "vocabulary": 150}


def grey(seed: int, side: int = 16) -> Picture:
    """Return a grey picture as PGM."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
    return Picture(b"P5 %d %d 255\n" % (side, side) + pixels.tobytes())


def mixed_items() -> list[Item]:
    """Return texts, pictures and items that are both, in no order."""
    return [
        Item("t0", TEXTS[0]),
        Item("p0", picture=grey(0)),
        Item("b0", TEXTS[1], grey(1)),
        Item("t1", TEXTS[3]),
        Item("p1", picture=grey(2, side=40)),
        Item("b1", TEXTS[4], grey(3)),
        Item("p2", picture=grey(4)),
    ]


def write_towers(architecture: dict[str, Any], texts: list[str], seed: int, folder: Path) -> None:
    """Write the towers of an architecture into a folder."""
    new_towers.write(architectures.design(architecture), texts, seed, folder)


def built(folder: Path, image: dict[str, Any] = CONVNET, text: dict[str, Any] = BERT, **more: Any) -> Path:
    """Build two towers."""
    write_towers({"text": text, "image": image, "n_dims": 24, **more}, TEXTS, 1, folder)
    return folder


def opened(folder: Path, image: dict[str, Any] = CONVNET, text: dict[str, Any] = BERT, **more: Any) -> Any:
    """Build two towers and open them."""
    return open_encoder(str(built(folder, image, text, **more)))


def trained_a_little(encoder: Any, items: list[Item], *, rate: float = 0.05) -> None:
    """Take three steps down an arbitrary loss, so that no weight is as it was initialised."""
    import torch

    tower = encoder.tower("query")
    weights = list({id(p): p for m in tower.weights.values() for p in m.parameters()}.values())
    for weight in weights:
        weight.requires_grad_(True)
    optimiser = torch.optim.AdamW(weights, lr=rate)
    for _ in range(3):
        seen = tower.represent(tower.prepare(items))
        loss = (seen @ seen.T).square().sum() + seen[:, :3].sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for weight in weights:
        weight.requires_grad_(False)
