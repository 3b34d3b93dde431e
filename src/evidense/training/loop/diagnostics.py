"""Diagnostics: measures of each step's batch, and warnings drawn from them."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evidense.boundary import numerals
from evidense.records import Json

if TYPE_CHECKING:
    from torch import Tensor

from evidense.compute.tensor_similarity import score_table, unit
from evidense.parts import Representations

NEAR = 0.95
"""A negative whose cosine reaches this share of the positive's cosine is suspected to be a positive."""
_COLLAPSED_UNIFORMITY = -0.1
_COLLAPSED_COSINE = 0.99
_MANY_SUSPECTED = 0.1


def measured(seen: Representations) -> dict[str, float]:
    """Return accuracy, alignment, uniformity, mean cosine and share of suspected false negatives of a batch.

    Accuracy: share of queries whose best positive scores above every negative, by the similarity that is trained. Alignment and
    uniformity (t = 2; mean of queries and documents) are of unit vectors. A negative is suspected if its cosine is at least `NEAR` times
    that of the first positive, and that is above 0.

    Source: Wang & Isola 2020, eqs. 1 and 2.
    """
    import torch

    with torch.no_grad():
        if seen.logits is not None:
            return {"accuracy": float((seen.logits.argmax(-1) == seen.labels).float().mean())}
        b, k = len(seen.queries), seen.n_positives
        queries, documents = _unit(seen.queries), _unit(seen.documents)
        hard_negatives = [] if seen.negatives is None else [seen.negatives.flatten(0, 1)]
        cosines = queries @ torch.cat([documents, *map(_unit, hard_negatives)]).T
        pair_for_scores = [x.detach().float() for x in (seen.queries, torch.cat([seen.documents, *hard_negatives]))]
        scores = score_table(pair_for_scores[0], pair_for_scores[1], seen.similarity)
        is_positive = torch.zeros(cosines.shape, dtype=torch.bool, device=cosines.device)
        rows = torch.arange(b, device=cosines.device).repeat_interleave(k)
        is_positive[rows, torch.arange(b * k, device=cosines.device)] = True
        negative = ~is_positive if seen.excluded is None else ~(is_positive | seen.excluded[:, : cosines.shape[1]])
        positives = cosines[is_positive].view(b, k)
        hardest = scores.masked_fill(~negative, -torch.inf).amax(1)
        suspected = negative & (cosines >= NEAR * positives[:, :1]) & (positives[:, :1] > 0)
        return {
            "accuracy": float((scores[is_positive].view(b, k).amax(1) > hardest).float().mean()),
            "alignment": float(2 - 2 * positives.mean()),
            "uniformity": (uniformity(queries) + uniformity(documents)) / 2,
            "cosine": float(cosines.mean()),
            "false_negatives": float(suspected.sum() / negative.sum().clamp(min=1)),
        }


def _unit(vectors: "Tensor") -> "Tensor":
    return unit(vectors.detach().float())


def uniformity(vectors: "Tensor") -> float:
    """Return the log of the mean of exp(−2 · squared distance) over pairs of unit vectors; 0 if all are equal.

    Many vectors spread evenly in many dimensions have about −4.

    >>> import torch
    >>> round(uniformity(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])), 6)  # one pair at squared distance 4: log exp(−8)
    -8.0
    """
    n = len(vectors)
    if n < 2:
        return 0.0
    potential = ((vectors @ vectors.T).clamp(-1, 1) * 4 - 4).exp()
    mean = (float(potential.double().sum()) - float(potential.diagonal().double().sum())) / (n * (n - 1))
    return math.log(max(mean, 1e-300))


def warnings_of(steps: Sequence[Mapping[str, Json]], batch_size: int) -> tuple[str, ...]:
    """Return one sentence per problem: collapsed vectors, a loss that does not move, suspected false negatives."""
    if not steps:
        return ()
    fifth = max(1, len(steps) // 5)
    last = steps[-fifth:]
    sentences = [_collapse(last), _standstill(steps[:fifth], last, batch_size), _suspects(last)]
    return tuple(sentence for sentence in sentences if sentence)


def _mean(steps: Sequence[Mapping[str, Json]], name: str) -> float | None:
    values = [step[name] for step in steps if step.get(name) is not None]
    return float(np.mean(values)) if values else None


def _collapse(last: Sequence[Mapping[str, Json]]) -> str:
    spread, cosine = _mean(last, "uniformity"), _mean(last, "cosine")
    if spread is None or cosine is None or (spread < _COLLAPSED_UNIFORMITY and cosine < _COLLAPSED_COSINE):
        return ""
    return (
        f"the vectors collapsed: uniformity is {numerals.plain(spread)} and the mean cosine {numerals.plain(cosine)} in the last {len(last)} steps; "
        "expected vectors that differ; lower the learning rate, or check that the items differ"
    )


def _standstill(first: Sequence[Mapping[str, Json]], last: Sequence[Mapping[str, Json]], batch_size: int) -> str:
    before, after = ([float(step["loss_nats"]) for step in steps] for steps in (first, last))
    if len(before) < 2 or "uniformity" not in last[-1]:
        return ""
    noise = math.sqrt(float(np.var(before, ddof=1)) / len(before) + float(np.var(after, ddof=1)) / len(after))
    chance = math.log(batch_size)
    moved = float(np.mean(before)) - float(np.mean(after)) > 2 * noise
    if moved or abs(float(np.mean(after)) - chance) > 0.1 * chance:
        return ""
    start, end = (numerals.plain(float(np.mean(losses))) for losses in (before, after))
    return (
        f"the loss does not move: {start} nats in the first fifth of the steps, {end} in the last, and "
        f"chance is {numerals.plain(chance)}; expected it to fall; raise the learning rate or train longer"
    )


def _suspects(last: Sequence[Mapping[str, Json]]) -> str:
    share, cosine = _mean(last, "false_negatives"), _mean(last, "cosine")
    if share is None or share < _MANY_SUSPECTED or (cosine is not None and cosine >= _COLLAPSED_COSINE):
        return ""
    return (
        f"{share:.0%} of the negatives score at least {NEAR:.0%} of their query's positive in the last {len(last)} steps; expected "
        "under 10 %; many may be false negatives: group what is relevant to the same query, or make smaller batches"
    )


def plain(value: Any) -> float | None:
    """Return the value as a finite float, or None (JSON has no infinities)."""
    number = None if value is None else float(value)
    return number if number is not None and math.isfinite(number) else None
