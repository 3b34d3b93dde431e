"""Knowledge neurons: which MLP neurons carry a fact, and copies in which they write nothing.

Source: Dai et al. 2022.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from evidense.compute.texts.text_tower import TextTower
from evidense.dissection.editing.backbone import Cloze, cloze, logits
from evidense.dissection.editing.facts import Fact
from evidense.dissection.editing.output_matrix import TEXT, OutputMatrix, output_matrix
from evidense.dissection.patching.copies import changed
from evidense.parts import Encoder

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class RefinementSettings:
    """Thresholds that select a fact's knowledge neurons from the attributed ones."""

    share_of_largest: float = 0.2
    share_of_prompts: float = 0.7
    n_most: int = 5
    n_steps: int = 20


def knowledge_neurons(
    encoder: Encoder, facts: Sequence[Fact], how: RefinementSettings = RefinementSettings()
) -> list[list[tuple[int, int]]]:
    """Return the neurons (layer, neuron) of each fact, strongest first: at least one, at most `n_most`.

    They are found by integrated gradients of the right token's probability in the activations at the mask. A neuron counts if it has at least
    a fifth of the largest attribution in 70 % of the fact's statements.

    Source: Dai et al. 2022 (Knowledge Neurons), §3; midpoints in place of its left Riemann sum.
    """
    half = output_matrix(encoder, 1).half
    statements = cloze(half.tower, facts)
    layers = range(1, len(half.blocks) + 1)
    attributed = np.stack(
        [attributions(OutputMatrix(half, layer), statements, how.n_steps) for layer in layers], axis=1
    )
    return [_refined(attributed[statements.owner == index], how) for index in range(len(facts))]


def attributions(matrix: OutputMatrix, statements: Cloze, n_steps: int) -> Float[np.ndarray, "n m"]:
    """Return the integrated gradients of p(right token) in the keys at the mask, along the path from 0 to their values."""
    import torch

    tower: TextTower = matrix.half.tower
    rows, places = torch.arange(len(statements.mask)), torch.from_numpy(statements.mask)
    keys = matrix.keys(statements.tokens)[0][rows, places]
    total = torch.zeros_like(keys)
    for step in range(n_steps):
        point = (keys * (step + 0.5) / n_steps).requires_grad_(True)
        with _replaced(matrix, point, places):
            chance = logits(tower, statements).softmax(dim=-1)[rows, torch.from_numpy(statements.labels)]
        total += torch.autograd.grad(chance.sum(), point)[0]
    return (keys * total / n_steps).detach().numpy()  # type: ignore[no-any-return]


@contextmanager
def _replaced(of: OutputMatrix, point: "Tensor", places: "torch.Tensor") -> Iterator[None]:
    import torch

    def read(_: Any, inputs: "tuple[Tensor, ...]") -> "tuple[Tensor]":
        new = inputs[0].clone()
        new[torch.arange(len(new)), places] = point
        return (new,)

    hook = of.module.register_forward_pre_hook(read)
    try:
        yield
    finally:
        hook.remove()


def _refined(attributed: Float[np.ndarray, "p l m"], how: RefinementSettings) -> list[tuple[int, int]]:
    flat = attributed.reshape(len(attributed), -1)
    often = (flat >= how.share_of_largest * flat.max(axis=1, keepdims=True)).mean(axis=0) >= how.share_of_prompts
    order = np.argsort(-flat.mean(axis=0), kind="stable")
    chosen = [int(index) for index in order if often[index]][: how.n_most] or [int(order[0])]
    return [(index // attributed.shape[2] + 1, index % attributed.shape[2]) for index in chosen]


def zeroed(encoder: Encoder, neurons: Sequence[tuple[int, int]]) -> Encoder:
    """Return a copy in which these neurons (layer, neuron) write nothing: their columns of the output matrix are 0."""
    new: dict[str, Tensor] = {}
    for layer in sorted({layer for layer, _ in neurons}):
        matrix = output_matrix(encoder, layer)
        weight = matrix.module.weight.detach().clone()
        weight[:, [neuron for layer_of_neuron, neuron in neurons if layer_of_neuron == layer]] = 0.0
        new[matrix.name] = weight
    return changed(encoder, TEXT, new)


def random_neurons(encoder: Encoder, neurons: Sequence[tuple[int, int]], seed: int) -> list[tuple[int, int]]:
    """Draw the same number of other neurons from each layer."""
    rng = np.random.default_rng([seed, 43])
    drawn = []
    for layer in sorted({layer for layer, _ in neurons}):
        taken = sorted({neuron for layer_of_neuron, neuron in neurons if layer_of_neuron == layer})
        free = np.setdiff1d(np.arange(output_matrix(encoder, layer).module.weight.shape[1]), taken)
        drawn += [(layer, int(n)) for n in rng.choice(free, min(len(taken), len(free)), replace=False)]
    return drawn
