"""Costs: pairs, tokens, pixels and floating-point operations that a training used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidense.training.loop import gather
from evidense.training.loop.flops import forward_flops, training_flops
from evidense.training.loop.step import Load, n_repeated


@dataclass
class TrainingCosts:
    """Sums over the steps of this process; a backward pass counts as two forward passes of the trained layers."""

    n_pairs: int = 0
    n_tokens: int = 0
    n_pixels: int = 0
    flops: float = 0.0

    def add(self, loads: Sequence[Load], *, only_forward: bool = False) -> None:
        """Add the costs of encoding these loads."""
        for load in loads:
            n_items = len(load.keys)
            forward = forward_flops(load.tower, load.prepared)
            n_again = 0 if only_forward else n_repeated(load, load is loads[-1])
            learnt = forward if only_forward else training_flops(load.tower, load.prepared)
            self.flops += learnt + n_again / n_items * forward
            n_pixels = int(getattr(load.prepared, "n_pixels", 0))
            n_tokens = 0 if n_pixels else int(np.sum(load.prepared.sizes))
            self.n_pixels += n_pixels
            self.n_tokens += int(getattr(load.prepared, "n_tokens", n_tokens))

    def of_all(self) -> "TrainingCosts":
        """Return the sums over all processes; pairs are not summed, since each process counts the whole batch."""
        return TrainingCosts(
            self.n_pairs,
            int(gather.total(self.n_tokens)),
            int(gather.total(self.n_pixels)),
            gather.total(self.flops),
        )
