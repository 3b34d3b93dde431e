"""Temperature: the scale of the logits and their bias, fixed or learned."""

import math
from typing import TYPE_CHECKING

from evidense.errors import InvalidInput
from evidense.parts import Objective
from evidense.records import Recipe

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST_SCALE = 100.0
"""Upper bound of a learned scale (CLIP), unless it starts above."""


class Temperature:
    """Scale = exp(log scale) = 1 / temperature, and the bias.

    Source: Radford et al. 2021, §2.5 (log scale, at most 100); Zhai et al. 2023, algorithm 1 (bias).
    """

    def __init__(self, objective: Objective, recipe: Recipe) -> None:
        import torch

        start = objective.temperature if recipe.temperature is None else recipe.temperature
        if start is not None and not start > 0:
            raise InvalidInput(f"the temperature is {start}; expected more than 0, as .05; correct the recipe")
        learns = objective.learns_temperature if recipe.learn_temperature is None else recipe.learn_temperature
        self.log_scale: Tensor | None = None if start is None else torch.tensor(-math.log(start), requires_grad=learns)
        self.bias: Tensor | None = None if objective.bias is None else torch.tensor(float(objective.bias), requires_grad=learns)  # fmt: skip
        self.most = math.log(max(_LARGEST_SCALE, 1 / start)) if start is not None else math.inf

    @property
    def trained(self) -> "dict[str, Tensor]":
        """The trained scalars, by name."""
        both = {"log_scale": self.log_scale, "logit_bias": self.bias}
        return {name: held for name, held in both.items() if held is not None and held.requires_grad}

    @property
    def value(self) -> float | None:
        """The temperature; None if the objective has none."""
        return None if self.log_scale is None else math.exp(-float(self.log_scale.detach()))

    def scale(self) -> "Tensor | None":
        """Return 1 / temperature, with a gradient if it is learned."""
        return None if self.log_scale is None else self.log_scale.exp()

    def bound(self) -> None:
        """Clamp a learned scale to its bound."""
        if self.log_scale is not None and self.log_scale.requires_grad:
            self.log_scale.data.clamp_(max=self.most)
