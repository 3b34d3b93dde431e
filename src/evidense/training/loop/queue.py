"""Queue: keys of earlier batches as negatives, encoded by a momentum copy of the weights (MoCo)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Queue:
    """The last `size` keys with their content keys, and the momentum copy of the weights that encodes them.

    Source: He et al. 2020, "Momentum Contrast for Unsupervised Visual Representation Learning", algorithm 1 (keys of the batch
    itself carry gradients here, since a tower that makes documents only would not be trained otherwise).
    """

    def __init__(self, size: int, momentum: float, weights: "Sequence[Tensor]") -> None:
        self.size, self.momentum = size, momentum
        self.weights = list(weights)
        self.slow = [weight.detach().clone() for weight in weights]
        self.vectors: Tensor | None = None
        self.contents: list[str] = []

    def follow(self) -> None:
        """Move the momentum copy towards the weights by 1 − momentum."""
        import torch

        with torch.no_grad():
            torch._foreach_lerp_(self.slow, [weight.detach() for weight in self.weights], 1 - self.momentum)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Within this context the towers encode with the momentum copy."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for place, weight in enumerate(self.weights):
            weight.data, self.slow[place] = self.slow[place], weight.data

    def add(self, vectors: "Tensor", contents: Sequence[str]) -> None:
        """Append the keys of a batch, and drop the oldest beyond `size`."""
        import torch

        held = vectors.detach() if self.vectors is None else torch.cat([self.vectors, vectors.detach()])
        self.vectors = held[-self.size :].clone()
        self.contents = [*self.contents, *contents][-self.size :]
