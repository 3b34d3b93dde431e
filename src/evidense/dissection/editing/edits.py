"""Edits of one MLP output matrix: value slots of knowledge neurons set to zero, and closed-form rank-one updates (ROME)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from jaxtyping import Float, Float64, Int64

from evidense.compute.models.tokens import Tokens
from evidense.compute.texts.text_tower import TextTower
from evidense.dissection.editing.backbone import Cloze, cloze, logits, token_of
from evidense.dissection.editing.facts import Fact
from evidense.dissection.patching.copies import changed
from evidense.dissection.patching.sites import Half, halves, layout_of
from evidense.errors import InvalidInput
from evidense.parts import Encoder

if TYPE_CHECKING:
    import torch
    from torch import Tensor

TEXT = "text"
_RIDGE = 1e-2
"""ε of C, as a share of the mean of its diagonal."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """The MLP output matrix of one block: weight [e, m] maps keys (the m neurons' activations) to what is written."""

    half: Half
    layer: int

    @property
    def module(self) -> Any:
        """The torch module."""
        block = self.half.blocks[self.layer - 1]
        return block.get_submodule(layout_of(block).values)

    @property
    def name(self) -> str:
        """Return the name of its weight among the half's tensors."""
        return self.half.values(self.layer)

    def keys(self, tokens: Tokens) -> "tuple[Tensor, Tensor]":
        """Return keys [b, t, m] of texts, and which of their places are real [b, t]."""
        import torch

        tower: TextTower = self.half.tower
        kept: list[Tensor] = []
        hook = self.module.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0].detach()))
        try:
            ids, mask = tokens.padded(tower.reader.pad)
            with torch.no_grad():
                tower.backbone.states(ids, mask)
        finally:
            hook.remove()
        return kept[0], torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()


def matrix(encoder: Encoder, layer: int) -> Matrix:
    """Return the matrix of block `layer` (1 … n_layers) of a text encoder.

    Raises:
        InvalidInput: no such block, or no text half of its own.
    """
    half = halves(encoder).get(TEXT)
    if half is None or not isinstance(half.tower, TextTower):
        raise InvalidInput(
            f"'{encoder.name}' has no text tower that predicts tokens; expected a masked language model; edit another"
        )
    if not 1 <= layer <= len(half.blocks):
        raise InvalidInput(
            f"layer {layer} of '{encoder.name}' does not exist; expected 1 to {len(half.blocks)}; choose one of them"
        )
    return Matrix(half, layer)


# --- rank one ----------------------------------------------------------------------------------------------------------


def rank_one(
    weight: Float64[np.ndarray, "e m"],
    moment: Float64[np.ndarray, "m m"],
    key: Float64[np.ndarray, " m"],
    value: Float64[np.ndarray, " e"],
) -> Float64[np.ndarray, "e m"]:
    """Return W' = W + Λ (C⁻¹k*)ᵀ with Λ = (v* − W k*) / (k*ᵀ C⁻¹ k*), so that W' k* = v* and other keys move least.

    Source: Meng et al. 2022 (ROME, arXiv 2202.05262), eq. 2.

    >>> w = rank_one(np.zeros((1, 2)), np.eye(2), np.array([1.0, 0.0]), np.array([3.0]))
    >>> w.tolist()   # the key writes 3 now, what is orthogonal to it writes nothing
    [[3.0, 0.0]]
    """
    direction = np.linalg.solve(moment, key)
    new: Float64[np.ndarray, "e m"] = weight + np.outer(value - weight @ key, direction) / float(key @ direction)
    return new


def second_moment(of: Matrix, texts: Sequence[str]) -> Float64[np.ndarray, "m m"]:
    """Return C = E[k kᵀ] + εI over every real token of these texts; ε is a hundredth of the mean diagonal."""
    keys, real = of.keys(of.half.tower.reader.read(list(texts)))
    rows = keys[real].numpy().astype(np.float64)
    found = rows.T @ rows / len(rows)
    ridge: Float64[np.ndarray, "m m"] = _RIDGE * float(np.trace(found)) / len(found) * np.eye(len(found))
    total: Float64[np.ndarray, "m m"] = found + ridge
    return total


@dataclass(frozen=True)
class RomeSettings:
    """How v* is found, and how often the edits of several facts go round."""

    n_steps: int = 40
    learning_rate: float = 0.3
    decay: float = 1e-3
    """Of the change of v, in squared units of its length."""
    keep: float = 1.0
    """Weight of the other facts of the same entity, whose prediction is kept."""
    n_rounds: int = 10
    """Later rank-one edits move earlier ones a little; in C's metric going round converges to all of them (Kaczmarz)."""


@dataclass(frozen=True)
class EditGoal:
    """What a model shall tell of a fact."""

    fact: Fact
    tell: bool
    """True: its value; False: any other value of the relation, each as likely."""
    others: tuple[Fact, ...] = ()
    """Facts of the same entity that stay."""


def edited(
    encoder: Encoder, layer: int, wishes: Sequence[EditGoal], texts: Sequence[str], how: RomeSettings = RomeSettings()
) -> Encoder:
    """Return a copy whose MLP matrix of this block has a rank-one update for each wish.

    k* is the mean key at the entity's last token over the statements that edits see (in the last block, from which nothing is read
    at other places, at the mask); v* makes the masked token the wish. `texts` are what C is estimated from.

    Raises:
        InvalidInput: as `matrix` and `cloze`.
    """
    import torch

    of = matrix(encoder, layer)
    asked = cloze(of.half.tower, [wish.fact for wish in wishes])
    keys = key_vectors(of, asked)
    values = target_values(of, wishes, how)
    moment, weight = second_moment(of, texts), of.module.weight.detach().numpy().astype(np.float64)
    for _ in range(how.n_rounds if len(wishes) > 1 else 1):
        for key, value in zip(keys, values, strict=True):
            weight = rank_one(weight, moment, key, value)
    return changed(encoder, TEXT, {of.name: torch.from_numpy(weight.astype(np.float32))})


def _places(of: Matrix, asked: Cloze) -> Int64[np.ndarray, " n"]:
    return asked.mask if of.layer == len(of.half.blocks) else asked.entity


def key_vectors(of: Matrix, asked: Cloze) -> Float64[np.ndarray, "f m"]:
    """Return k* of each fact: the mean over its statements."""
    keys, _ = of.keys(asked.tokens)
    rows = keys.numpy()[np.arange(len(asked.mask)), _places(of, asked)].astype(np.float64)
    sums = np.zeros((int(asked.owner.max()) + 1, rows.shape[1]))
    np.add.at(sums, asked.owner, rows)
    found: Float64[np.ndarray, "f m"] = sums / np.bincount(asked.owner)[:, None]
    return found


def target_values(of: Matrix, wishes: Sequence[EditGoal], how: RomeSettings) -> Float64[np.ndarray, "f e"]:
    """Return v* of each fact: what the matrix should write for k*, found by Adam on the masked token."""
    import torch

    tower: TextTower = of.half.tower
    asked = cloze(tower, [wish.fact for wish in wishes])
    wanted = _wanted(tower, wishes)[torch.from_numpy(asked.owner)]
    keys = torch.from_numpy(key_vectors(of, asked)).float()
    plain = keys @ of.module.weight.detach().T
    beside = _beside(of, wishes)
    delta = torch.zeros_like(plain, requires_grad=True)
    optimiser = torch.optim.Adam(
        [delta], lr=how.learning_rate * float(plain.norm(dim=1).mean()) / plain.shape[1] ** 0.5
    )
    for _ in range(how.n_steps):
        with _added(of, delta, asked):
            loss = _cross_entropy(logits(tower, asked), wanted, asked, len(wishes))
        if beside is not None:
            with _added(of, delta, beside[0]):
                loss = loss + how.keep * _cross_entropy(logits(tower, beside[0]), beside[1], beside[0], len(wishes))
        loss = loss + how.decay * delta.square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    found: Float64[np.ndarray, "f e"] = (plain + delta).detach().numpy().astype(np.float64)
    return found


def _cross_entropy(seen: "Tensor", wanted: "Tensor", asked: Cloze, n_facts: int) -> "Tensor":
    """Return the sum over facts of the mean over their statements, so that no fact's v* depends on the others."""
    import torch

    each = -(wanted * seen.log_softmax(dim=-1)).sum(dim=-1)
    weights = 1.0 / np.bincount(asked.owner, minlength=n_facts)[asked.owner]
    return (each * torch.from_numpy(weights).float()).sum()


def _wanted(tower: TextTower, wishes: Sequence[EditGoal]) -> "Tensor":
    import torch

    found = torch.zeros(len(wishes), cast(Any, tower.backbone.inner).get_input_embeddings().weight.shape[0])
    for row, wish in zip(found, wishes, strict=True):
        words = [wish.fact.value] if wish.tell else [v for v in wish.fact.relation.values if v != wish.fact.value]
        row[[token_of(tower, word) for word in words]] = 1.0 / len(words)
    return found


def _beside(of: Matrix, wishes: Sequence[EditGoal]) -> "tuple[Cloze, Tensor] | None":
    """Return the statements of what stays, owned by the wish, and what is predicted there now."""
    import torch

    facts = [(at, fact) for at, wish in enumerate(wishes) for fact in wish.others]
    if not facts:
        return None
    asked = cloze(of.half.tower, [fact for _, fact in facts])
    owner = np.array([at for at, _ in facts], np.int64)[asked.owner]
    with torch.no_grad():
        now = logits(of.half.tower, asked).softmax(dim=-1)
    return Cloze(asked.tokens, asked.labels, asked.entity, asked.mask, owner), now


@contextmanager
def _added(of: Matrix, delta: "Tensor", asked: Cloze) -> Iterator[None]:
    """Let the matrix write delta more for each statement, at its place."""
    import torch

    rows, places = torch.arange(len(asked.mask)), torch.from_numpy(_places(of, asked))

    def write(_: Any, __: Any, output: "Tensor") -> "Tensor":
        more = torch.zeros_like(output)
        more[rows, places] = delta[torch.from_numpy(asked.owner)]
        return output + more

    hook = of.module.register_forward_hook(write)
    try:
        yield
    finally:
        hook.remove()


# --- knowledge neurons -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RefinementSettings:
    """Which attributed neurons are a fact's knowledge neurons."""

    share_of_largest: float = 0.2
    share_of_prompts: float = 0.7
    n_most: int = 5
    n_steps: int = 20


def knowledge_neurons(
    encoder: Encoder, facts: Sequence[Fact], how: RefinementSettings = RefinementSettings()
) -> list[list[tuple[int, int]]]:
    """Return of each fact its neurons (layer, neuron), strongest first: at least one, at most `n_most`.

    Integrated gradients of the right token's probability in the activations at the mask; a neuron must have a fifth of the largest
    attribution in 70 % of the fact's statements.

    Source: Dai et al. 2022 (Knowledge Neurons), §3; midpoints in place of its left Riemann sum.
    """
    half = matrix(encoder, 1).half
    asked = cloze(half.tower, facts)
    layers = range(1, len(half.blocks) + 1)
    found = np.stack([attributions(Matrix(half, layer), asked, how.n_steps) for layer in layers], axis=1)
    return [_refined(found[asked.owner == at], how) for at in range(len(facts))]


def attributions(of: Matrix, asked: Cloze, n_steps: int) -> Float[np.ndarray, "n m"]:
    """Return the integrated gradients of p(right token) in the keys at the mask, from 0 to what they are."""
    import torch

    tower: TextTower = of.half.tower
    rows, places = torch.arange(len(asked.mask)), torch.from_numpy(asked.mask)
    own = of.keys(asked.tokens)[0][rows, places]
    total = torch.zeros_like(own)
    for step in range(n_steps):
        point = (own * (step + 0.5) / n_steps).requires_grad_(True)
        with _replaced(of, point, places):
            chance = logits(tower, asked).softmax(dim=-1)[rows, torch.from_numpy(asked.labels)]
        total += torch.autograd.grad(chance.sum(), point)[0]
    return (own * total / n_steps).detach().numpy()  # type: ignore[no-any-return]


@contextmanager
def _replaced(of: Matrix, point: "Tensor", places: "torch.Tensor") -> Iterator[None]:
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


def _refined(seen: Float[np.ndarray, "p l m"], how: RefinementSettings) -> list[tuple[int, int]]:
    flat = seen.reshape(len(seen), -1)
    often = (flat >= how.share_of_largest * flat.max(axis=1, keepdims=True)).mean(axis=0) >= how.share_of_prompts
    order = np.argsort(-flat.mean(axis=0), kind="stable")
    chosen = [int(at) for at in order if often[at]][: how.n_most] or [int(order[0])]
    return [(at // seen.shape[2] + 1, at % seen.shape[2]) for at in chosen]


def zeroed(encoder: Encoder, neurons: Sequence[tuple[int, int]]) -> Encoder:
    """Return a copy in which these neurons (layer, neuron) write nothing: their columns of the output matrices are 0."""
    new: dict[str, Tensor] = {}
    for layer in sorted({layer for layer, _ in neurons}):
        of = matrix(encoder, layer)
        weight = of.module.weight.detach().clone()
        weight[:, [neuron for at, neuron in neurons if at == layer]] = 0.0
        new[of.name] = weight
    return changed(encoder, TEXT, new)


def random_neurons(encoder: Encoder, neurons: Sequence[tuple[int, int]], seed: int) -> list[tuple[int, int]]:
    """Return as many other neurons of each layer, drawn by the seed."""
    rng = np.random.default_rng([seed, 43])
    found = []
    for layer in sorted({layer for layer, _ in neurons}):
        taken = sorted({neuron for at, neuron in neurons if at == layer})
        free = np.setdiff1d(np.arange(matrix(encoder, layer).module.weight.shape[1]), taken)
        found += [(layer, int(n)) for n in rng.choice(free, min(len(taken), len(free)), replace=False)]
    return found
