"""Schedule: the share of the learning rate that each step gets."""

import math

from evidense.errors import InvalidInput
from evidense.records import Recipe


def share(recipe: Recipe, step: int) -> float:
    """Return the factor of the learning rate in this step (from 0): a linear warm-up, then the recipe's schedule.

    Raises:
        InvalidInput: the schedule is unknown.

    >>> [share(Recipe(n_steps=5, warmup=.4), step) for step in range(5)]  # 1/2, 2/2, then 3/3 … 1/3
    [0.5, 1.0, 1.0, 0.6666666666666666, 0.3333333333333333]
    """
    n_warm = round(recipe.warmup * recipe.n_steps)
    if step < n_warm:
        return (step + 1) / n_warm
    left = (recipe.n_steps - step) / max(1, recipe.n_steps - n_warm)
    match recipe.schedule:
        case "linear":
            return left
        case "cosine":
            return 0.5 - 0.5 * math.cos(math.pi * left)
        case "constant":
            return 1.0
    raise InvalidInput(f"the schedule is '{recipe.schedule}'; expected linear, cosine or constant; correct the recipe")
