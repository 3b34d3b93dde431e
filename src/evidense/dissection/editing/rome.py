"""ROME: closed-form rank-one updates of one MLP output matrix that change the answer to a fact's prompts.

Source: Meng et al. 2022 (arXiv 2202.05262).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from jaxtyping import Float64, Int64

from evidense.compute.texts.text_tower import TextTower
from evidense.dissection.editing.backbone import Cloze, cloze, logits, token_of
from evidense.dissection.editing.facts import Fact
from evidense.dissection.editing.output_matrix import TEXT, OutputMatrix, output_matrix
from evidense.dissection.patching.copies import changed
from evidense.parts import Encoder

if TYPE_CHECKING:
    from torch import Tensor

_RIDGE = 1e-2
"""ε of C, as a share of the mean of its diagonal."""


def rank_one(
    weight: Float64[np.ndarray, "e m"],
    moment: Float64[np.ndarray, "m m"],
    key: Float64[np.ndarray, " m"],
    value: Float64[np.ndarray, " e"],
) -> Float64[np.ndarray, "e m"]:
    """Return W' = W + Λ (C⁻¹k*)ᵀ with Λ = (v* − W k*) / (k*ᵀ C⁻¹ k*), so that W' k* = v* and the outputs for other keys change least.

    Source: Meng et al. 2022 (ROME, arXiv 2202.05262), eq. 2.

    >>> w = rank_one(np.zeros((1, 2)), np.eye(2), np.array([1.0, 0.0]), np.array([3.0]))
    >>> w.tolist()   # the key now writes 3; an orthogonal key writes nothing
    [[3.0, 0.0]]
    """
    direction = np.linalg.solve(moment, key)
    new: Float64[np.ndarray, "e m"] = weight + np.outer(value - weight @ key, direction) / float(key @ direction)
    return new


def second_moment(matrix: OutputMatrix, texts: Sequence[str]) -> Float64[np.ndarray, "m m"]:
    """Return C = E[k kᵀ] + εI over the real tokens of these texts; ε is a hundredth of the mean of the diagonal."""
    keys, real = matrix.keys(matrix.half.tower.reader.read(list(texts)))
    rows = keys[real].numpy().astype(np.float64)
    moment = rows.T @ rows / len(rows)
    ridge: Float64[np.ndarray, "m m"] = _RIDGE * float(np.trace(moment)) / len(moment) * np.eye(len(moment))
    total: Float64[np.ndarray, "m m"] = moment + ridge
    return total


@dataclass(frozen=True)
class RomeSettings:
    """Settings of the search for v* and of the rounds over several facts."""

    n_steps: int = 40
    learning_rate: float = 0.3
    decay: float = 1e-3
    """Weight of the squared length of the change of v."""
    keep: float = 1.0
    """Weight of preserving the predictions for other facts of the same entity."""
    n_rounds: int = 10
    """Later rank-one edits disturb earlier ones slightly; repeated rounds converge to all of them in C's metric (Kaczmarz)."""


@dataclass(frozen=True)
class EditGoal:
    """What an edited model should predict for a fact."""

    fact: Fact
    tell: bool
    """True: the fact's value. False: any other value of the relation, all equally likely."""
    others: tuple[Fact, ...] = ()
    """Facts of the same entity whose predictions should be preserved."""


def edited(
    encoder: Encoder,
    layer: int,
    goals: Sequence[EditGoal],
    texts: Sequence[str],
    settings: RomeSettings = RomeSettings(),
) -> Encoder:
    """Return a copy whose MLP output matrix of this block has one rank-one update per goal.

    k* is the mean key at the entity's last token over the statements that edits use. In the last block it is the key at the mask, since
    only that position is read. v* makes the model predict the goal at the mask. C is estimated from `texts`.

    Raises:
        InvalidInput: as `output_matrix` and `cloze`.
    """
    import torch

    matrix = output_matrix(encoder, layer)
    statements = cloze(matrix.half.tower, [goal.fact for goal in goals])
    keys = key_vectors(matrix, statements)
    values = target_values(matrix, goals, settings)
    moment, weight = second_moment(matrix, texts), matrix.module.weight.detach().numpy().astype(np.float64)
    for _ in range(settings.n_rounds if len(goals) > 1 else 1):
        for key, value in zip(keys, values, strict=True):
            weight = rank_one(weight, moment, key, value)
    return changed(encoder, TEXT, {matrix.name: torch.from_numpy(weight.astype(np.float32))})


def _places(matrix: OutputMatrix, statements: Cloze) -> Int64[np.ndarray, " n"]:
    return statements.mask if matrix.layer == len(matrix.half.blocks) else statements.entity


def key_vectors(matrix: OutputMatrix, statements: Cloze) -> Float64[np.ndarray, "f m"]:
    """Return k* of each fact: the mean key over its statements."""
    keys, _ = matrix.keys(statements.tokens)
    rows = keys.numpy()[np.arange(len(statements.mask)), _places(matrix, statements)].astype(np.float64)
    sums = np.zeros((int(statements.owner.max()) + 1, rows.shape[1]))
    np.add.at(sums, statements.owner, rows)
    means: Float64[np.ndarray, "f m"] = sums / np.bincount(statements.owner)[:, None]
    return means


def target_values(
    matrix: OutputMatrix, goals: Sequence[EditGoal], settings: RomeSettings
) -> Float64[np.ndarray, "f e"]:
    """Return v* of each fact: what the matrix should write for k*. Adam finds it from the loss at the masked token."""
    import torch

    tower: TextTower = matrix.half.tower
    statements = cloze(tower, [goal.fact for goal in goals])
    target_odds = _wanted(tower, goals)[torch.from_numpy(statements.owner)]
    keys = torch.from_numpy(key_vectors(matrix, statements)).float()
    plain = keys @ matrix.module.weight.detach().T
    preserved = _beside(matrix, goals)
    delta = torch.zeros_like(plain, requires_grad=True)
    optimiser = torch.optim.Adam(
        [delta], lr=settings.learning_rate * float(plain.norm(dim=1).mean()) / plain.shape[1] ** 0.5
    )
    for _ in range(settings.n_steps):
        with _added(matrix, delta, statements):
            loss = _cross_entropy(logits(tower, statements), target_odds, statements, len(goals))
        if preserved is not None:
            with _added(matrix, delta, preserved[0]):
                loss = loss + settings.keep * _cross_entropy(
                    logits(tower, preserved[0]), preserved[1], preserved[0], len(goals)
                )
        loss = loss + settings.decay * delta.square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    values: Float64[np.ndarray, "f e"] = (plain + delta).detach().numpy().astype(np.float64)
    return values


def _cross_entropy(predicted: "Tensor", target_odds: "Tensor", statements: Cloze, n_facts: int) -> "Tensor":
    """Return the sum over facts of the mean loss of their statements; so the facts do not influence each other's v*."""
    import torch

    each = -(target_odds * predicted.log_softmax(dim=-1)).sum(dim=-1)
    weights = 1.0 / np.bincount(statements.owner, minlength=n_facts)[statements.owner]
    return (each * torch.from_numpy(weights).float()).sum()


def _wanted(tower: TextTower, goals: Sequence[EditGoal]) -> "Tensor":
    import torch

    odds = torch.zeros(len(goals), cast(Any, tower.backbone.inner).get_input_embeddings().weight.shape[0])
    for row, goal in zip(odds, goals, strict=True):
        words = [goal.fact.value] if goal.tell else [v for v in goal.fact.relation.values if v != goal.fact.value]
        row[[token_of(tower, word) for word in words]] = 1.0 / len(words)
    return odds


def _beside(matrix: OutputMatrix, goals: Sequence[EditGoal]) -> "tuple[Cloze, Tensor] | None":
    """Return the statements of the facts to preserve, owned by their goal, and the current predictions for them."""
    import torch

    facts = [(index, fact) for index, goal in enumerate(goals) for fact in goal.others]
    if not facts:
        return None
    statements = cloze(matrix.half.tower, [fact for _, fact in facts])
    owner = np.array([index for index, _ in facts], np.int64)[statements.owner]
    with torch.no_grad():
        now = logits(matrix.half.tower, statements).softmax(dim=-1)
    return Cloze(statements.tokens, statements.labels, statements.entity, statements.mask, owner), now


@contextmanager
def _added(matrix: OutputMatrix, delta: "Tensor", statements: Cloze) -> Iterator[None]:
    """Add `delta` to what the matrix writes for each statement, at the edited position."""
    import torch

    rows, places = torch.arange(len(statements.mask)), torch.from_numpy(_places(matrix, statements))

    def write(_: Any, __: Any, output: "Tensor") -> "Tensor":
        more = torch.zeros_like(output)
        more[rows, places] = delta[torch.from_numpy(statements.owner)]
        return output + more

    hook = matrix.module.register_forward_hook(write)
    try:
        yield
    finally:
        hook.remove()
