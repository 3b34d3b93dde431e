"""A small real text encoder with dropout, pairs of its words, and an InfoNCE in a few lines, for the tests of training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from encoders.text_models import config_of, tokenizer
from evidense.compute.texts.open_text import open_text_encoder
from evidense.parts import Representations
from evidense.records import Recipe
from evidense.training.loop.trainer import Job
from evidense.values import Batch, Item, Pairs, Spelling


def save_bert(folder: Path, dropout: float = 0.1, seed: int = 0) -> Path:
    """Save a BertModel of two layers with both kinds of dropout."""
    import torch
    import transformers

    config = config_of("bert")
    config.num_hidden_layers = 2
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout
    torch.manual_seed(seed)
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def open_bert(folder: Path) -> Any:
    return open_text_encoder(Spelling(str(folder)))


def words(rng: np.random.Generator, n: int) -> str:
    return " ".join(f"w{i}" for i in rng.integers(0, 60, n))


def pairs_of(n: int = 40, *, seed: int = 0, n_negatives: int = 0) -> Pairs:
    """Make pairs that share a first word; texts have from 1 to 20 words."""
    rng = np.random.default_rng(seed)
    left, right, negatives = [], [], []
    for row in range(n):
        word = f"w{row % 60} "
        left.append(Item(f"q{row}", word + words(rng, int(rng.integers(1, 20)))))
        right.append(Item(f"d{row}", word + words(rng, int(rng.integers(1, 20)))))
        negatives.append([Item(f"n{row}-{i}", words(rng, 5)) for i in range(n_negatives)])
    return Pairs(
        "words:exact@train",
        "exact",
        left,
        right,
        [str(row) for row in range(n)],
        negatives=negatives if n_negatives else (),
    )


@dataclass(frozen=True)
class InfoNce:
    """InfoNCE over all candidates."""

    name: str = "reference"
    source: str = "van den Oord et al. 2018, eq. 4"
    stage: str = "alignment fine-tuning"
    feeds_on: frozenset = frozenset({"exact"})
    needs: frozenset = frozenset()
    temperature: float | None = 0.1
    learns_temperature: bool = True
    bias: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def batch(self, pairs: Pairs, rows: np.ndarray, rng: np.random.Generator, options: Mapping[str, Any]) -> Batch:
        negatives: Sequence[Item] = (
            [item for row in rows for item in pairs.negatives[int(row)]] if pairs.negatives else []
        )
        return Batch(
            tuple(pairs.left[int(row)] for row in rows), tuple(pairs.right[int(row)] for row in rows), tuple(negatives)
        )

    def loss(self, seen: Representations, options: Mapping[str, Any]) -> Any:
        import torch

        parts = [seen.documents]
        parts += [seen.negatives.flatten(0, 1)] if seen.negatives is not None else []
        parts += [seen.queue] if seen.queue is not None else []
        logits = seen.scale * seen.queries @ torch.cat(parts).T
        logits = logits.masked_fill(seen.excluded, -torch.inf)
        return torch.nn.functional.cross_entropy(logits, torch.arange(len(seen.queries)))


def job(folder: Path, state: Path, pairs: Pairs | None = None, **changes: Any) -> Job:
    """Return a short training of the encoder in this folder."""
    settings = {"objective": "reference", "n_steps": 6, "batch_size": 8, "learning_rate": 3e-3, "seed": 5, **changes}
    return Job(open_bert(folder), InfoNce(), pairs_of() if pairs is None else pairs, Recipe(**settings), state)


def weights_of(encoder: Any) -> dict[str, Any]:
    """Return copies of all weights."""
    tower = encoder.tower("query")
    return {name: w.detach().clone() for m in tower.weights.values() for name, w in m.named_parameters()}
