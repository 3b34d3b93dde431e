"""Representations made at random, in every form that a trainer hands over."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch

from evidense.parts import Objective, Representations
from evidense.training.loop.batches import ContentKeys


class Form(NamedTuple):
    """How many of what a batch has."""

    b: int
    k: int = 1
    n: int = 0
    m: int = 0
    repeats: bool = False
    """Whether contents repeat, so that some candidates are excluded."""


FORMS = [
    Form(4), Form(1), Form(4, n=2, m=3), Form(5, n=2, m=4, repeats=True), Form(3, k=3), Form(4, k=2, n=3, m=5, repeats=True)
]  # fmt: skip
EXACT = torch.float64


def representations(part: Objective, form: Form, seed: int = 0, dtype: torch.dtype = EXACT) -> Representations:
    """Draw unit vectors with gradients; what is excluded follows from contents that repeat, as in training."""
    rng = np.random.default_rng([seed, *map(int, form)])
    e, needs = 6, part.needs

    def vectors(*shape: int) -> torch.Tensor:
        drawn = rng.standard_normal((*shape, e))
        return torch.tensor(drawn / np.linalg.norm(drawn, axis=-1, keepdims=True), dtype=dtype, requires_grad=True)

    n = max(form.n, 2) if "negatives" in needs else form.n
    targets = "targets" in needs or (part.name == "cosine" and seed % 2 == 1)
    return Representations(
        queries=vectors(form.b),
        documents=vectors(form.b * form.k),
        negatives=vectors(form.b, n) if n else None,
        queue=vectors(form.m).detach() if form.m else None,
        excluded=excluded(rng, form._replace(n=n)) if form.repeats else None,
        targets=torch.tensor(rng.random((form.b, 1 + n)), dtype=dtype) if targets else None,
        scale=None if part.temperature is None else torch.tensor(3.0, dtype=dtype, requires_grad=True),
        bias=None if part.bias is None else torch.tensor(-1.5, dtype=dtype, requires_grad=True),
        logits=torch.tensor(rng.standard_normal((form.b * 3, 7)), dtype=dtype, requires_grad=True),
        labels=torch.tensor(rng.integers(0, 7, form.b * 3)),
    )


def excluded(rng: np.random.Generator, form: Form) -> torch.Tensor:
    """Draw few distinct contents, and ask the trainer's own rule."""
    queries = [f"q{i}" for i in rng.integers(0, max(2, form.b - 1), form.b)]
    documents = [f"d{i}" for i in rng.integers(0, 9, form.b * (form.k + form.n) + form.m)]
    first, second = form.b * form.k, form.b * (form.k + form.n)
    is_excluded = ContentKeys(queries, documents[:first], documents[first:second]).excluded(documents[second:])
    return torch.from_numpy(is_excluded)


def leaves(seen: Representations) -> dict[str, torch.Tensor]:
    """Return what gradients flow to."""
    return {name: held for name, held in vars(seen).items() if torch.is_tensor(held) and held.requires_grad}


def value_and_gradients(loss: torch.Tensor, seen: Representations) -> dict[str, torch.Tensor]:
    """Return the loss, and its gradient by name; zeros where it does not depend on something."""
    held = leaves(seen)
    grads = torch.autograd.grad(loss, list(held.values()), allow_unused=True) if loss.requires_grad else [None] * len(held)  # fmt: skip
    gradients = {name: torch.zeros_like(held[name]) if g is None else g for name, g in zip(held, grads, strict=True)}
    return {"loss": loss.detach(), **gradients}


def permuted(seen: Representations, order: np.ndarray) -> Representations:
    """Return the same batch with its queries, and all that is theirs, in another order."""
    rows, b, k = torch.from_numpy(order), len(seen.queries), seen.n_positives
    documents = (rows[:, None] * k + torch.arange(k)).flatten()
    changed: dict[str, Any] = {"queries": seen.queries[rows], "documents": seen.documents[documents]}
    n = 0 if seen.negatives is None else seen.negatives.shape[1]
    if n:
        changed["negatives"] = seen.negatives[rows]
    if seen.targets is not None:
        changed["targets"] = seen.targets[rows]
    if seen.excluded is not None:
        hard = (b * k + rows[:, None] * n + torch.arange(n)).flatten()
        queue = torch.arange(b * (k + n), seen.excluded.shape[1])
        changed["excluded"] = seen.excluded[rows][:, torch.cat([documents, hard, queue])]
    tokens = torch.from_numpy(np.random.default_rng(0).permutation(len(seen.labels)))
    return replace(seen, **changed, logits=seen.logits[tokens], labels=seen.labels[tokens])
