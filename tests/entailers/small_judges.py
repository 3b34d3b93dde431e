"""Small seeded judges, saved as the script saves them."""

import json
from pathlib import Path

import numpy as np

from encoders.text_models import config_of
from entailers.pair_models import pair_tokenizer
from evidense.checking.softmax import Softmax
from evidense.entailers._judge_net import built_net
from evidense.entailers._judge_table import N_INPUTS, TABLE, table_json

WIDTH = 32


def save_judge(folder: Path, *, seed: int = 0) -> Path:
    """Save a judge with random weights."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    config = config_of("bert")
    save_file(built_net(config).state_dict(), str(folder / "model.safetensors"))
    config.save_pretrained(folder)
    pair_tokenizer().save_pretrained(folder)
    rng = np.random.default_rng(seed)
    stacks = {kind: softmax(rng, N_INPUTS) for kind in ("claim", "citing sentence")}
    (folder / TABLE).write_text(
        json.dumps(table_json({"stacks": stacks, "head": softmax(rng, 2 * WIDTH), "max_length": 64}))
    )
    return folder


def softmax(rng: np.random.Generator, n: int) -> Softmax:
    """Return a regression with random weights."""
    return Softmax(np.zeros(n), np.ones(n), rng.normal(size=(3, n)), rng.normal(size=3))
