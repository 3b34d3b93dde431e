"""A teacher's scores of a query's documents: their margins, or their distribution."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from evidense.errors import InvalidInput
from evidense.objectives._batches import passed_on
from evidense.objectives._contrast import mean_where, scores, sides
from evidense.parts import Need, Representations, Stage
from evidense.records import Json
from evidense.values import Batch, Kind, Pairs


@dataclass(frozen=True)
class Distill:
    """MarginMSE, or the Kullback-Leibler divergence from the teacher's softmax, over the positive and the hard negatives of each query."""

    name: str = "distill"
    source: str = "Hofstätter et al. 2020, arXiv 2010.02666 (MarginMSE); Hinton et al. 2015, §2 (KL)"
    stage: Stage = "alignment fine-tuning"
    feeds_on: frozenset[Kind] = frozenset({"exact", "cheap"})
    needs: frozenset[Need] = frozenset({"negatives", "targets"})
    temperature: float | None = 1.0
    learns_temperature: bool = False
    bias: float | None = None
    options: Mapping[str, Json] = field(default_factory=lambda: {"kind": "margin_mse", "teacher_temperature": 1.0})
    """kind: margin_mse or kl; teacher_temperature: the teacher's scores are divided by it (kl)."""

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Pass the pairs on with their hard negatives and the teacher's scores."""
        return passed_on(pairs, rows, with_targets=True)

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the loss over each query's own documents, averaged over queries; the student's scores are over the temperature.

        Raises:
            InvalidInput: an unknown kind.
        """
        s = sides(seen)
        positives, hard = s.of_query(scores(s))
        counts = s.of_query(s.given)[1]
        teacher = seen.targets.to(positives.dtype)
        match options["kind"]:
            case "margin_mse":
                margins = positives[:, :, None] - hard[:, None]
                errors = (margins - (teacher[:, None, :1] - teacher[:, None, 1:])).square().mean(1)
                return mean_where(errors, counts).mean()
            case "kl":
                return _divergence(positives, hard, teacher / float(options["teacher_temperature"]), counts).mean()
        raise InvalidInput(f"kind is '{options['kind']}'; expected margin_mse or kl; correct the objective's options")


def _divergence(
    positives: Float[Any, "b k"], hard: Float[Any, "b n"], teacher: Float[Any, "b m"], counts: Bool[Any, "b n"]
) -> Float[Any, " b"]:
    """Return Σ p(teacher) · (log p(teacher) − log p(student)) over one positive and the n hard negatives, averaged over positives."""
    import torch

    is_left_out = torch.cat([torch.zeros_like(counts[:, :1]), ~counts], 1)[:, None]
    student = torch.cat([positives[:, :, None], hard[:, None].expand(-1, positives.shape[1], -1)], 2)
    log_p, log_q = (
        logits.masked_fill(is_left_out, -torch.inf).log_softmax(2) for logits in (teacher[:, None], student)
    )
    return (log_p.exp() * (log_p - log_q).masked_fill(is_left_out, 0)).sum(2).mean(1)


PART = Distill()
