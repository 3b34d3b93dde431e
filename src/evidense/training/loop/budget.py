"""Budget: turns pairs, steps, FLOPs or seconds into a number of steps, which the Recipe records before training."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median

from evidense.errors import InvalidInput
from evidense.parts import Encoder, Objective
from evidense.records import Json, Recipe
from evidense.values import Pairs

KINDS = ("pairs", "steps", "flops", "seconds")
N_MEASURED = 6
"""Steps of the speed measurement; the first is not counted."""


@dataclass(frozen=True)
class Speed:
    """What one step costs, as measured on this machine."""

    s_per_step: float
    flops_per_step: float


def needs_measuring(recipe: Recipe) -> bool:
    """Say whether this budget is in seconds or FLOPs and has not been turned into steps yet."""
    return bool({"seconds", "flops"} & set(recipe.budget)) and not recipe.n_steps


def fixed(recipe: Recipe, measure: Callable[[], Speed]) -> Recipe:
    """Return the recipe with its number of steps; a measured cost per step is added to its budget.

    Raises:
        InvalidInput: the budget cannot be read, or is too small for one step.

    >>> fixed(Recipe(budget={"pairs": 1000}, batch_size=64), measure=lambda: Speed(1, 1)).n_steps  # ⌈1000 ÷ 64⌉
    16
    >>> fixed(Recipe(budget={"seconds": 60}), measure=lambda: Speed(s_per_step=0.25, flops_per_step=1e9)).n_steps
    240
    """
    if recipe.n_steps or not recipe.budget:
        return recipe
    kind, amount = _only(recipe.budget)
    if kind in ("seconds", "flops"):
        speed = measure()
        per_step = speed.s_per_step if kind == "seconds" else speed.flops_per_step
        noted: dict[str, Json] = {**recipe.budget, f"{kind}_per_step": float(f"{per_step:.4g}"), "n_steps_measured": N_MEASURED - 1}  # fmt: skip
        n_steps = math.floor(amount / noted[f"{kind}_per_step"])
        if n_steps < 1:
            raise InvalidInput(
                f"a step takes {per_step:.3g} {kind}, and the budget is {amount:g}; expected enough for one step; give more, "
                "or a smaller batch"
            )
        return replace(recipe, budget=noted, n_steps=n_steps)
    return replace(recipe, n_steps=math.ceil(amount / (pairs_per_step(recipe) if kind == "pairs" else 1)))


def pairs_per_step(recipe: Recipe) -> int:
    """Return how many pairs one step sees."""
    return recipe.batch_size * recipe.accumulate


def _only(budget: Mapping[str, Json]) -> tuple[str, float]:
    named = [kind for kind in KINDS if kind in budget]
    unknown = [key for key in budget if key not in KINDS]
    if len(named) != 1 or unknown:
        raise InvalidInput(
            f"the budget is {dict(budget)!r}; expected exactly one of {', '.join(KINDS)} with a number, as {{'pairs': 10000}}"
        )
    amount = budget[named[0]]
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < math.inf:
        raise InvalidInput(f"the budget of {named[0]} is {amount!r}; expected a number above 0")
    return named[0], float(amount)


def measured(encoder: Encoder, objective: Objective, pairs: Pairs, recipe: Recipe, folder: Path) -> Speed:
    """Train a throw-away encoder for a few steps on the real data, and return the cost of the median step."""
    from evidense.training.loop.trainer import Callbacks, Job, run

    short = replace(recipe, n_steps=N_MEASURED, early_stop={}, budget={})
    moments: list[float] = []
    callbacks = Callbacks(diagnostics=lambda _: moments.append(time.perf_counter()))
    trained = run(Job(encoder, objective, pairs, short, folder, None), callbacks)
    steps = [later - earlier for earlier, later in pairwise(moments)]
    s_per_step = median(steps) if steps else trained.wall_s / max(1, trained.n_steps)
    return Speed(s_per_step, trained.flops / max(1, trained.n_steps))


def peak_flops_per_second(dtype: str) -> float:
    """Measure the speed of this machine's processors in matrix products of a dtype (about 50 ms), the peak that training is compared with."""
    import torch

    kind = torch.bfloat16 if dtype == "bf16" else torch.float32
    size = 1024
    with torch.inference_mode():
        a, b = (torch.ones(size, size, dtype=kind) for _ in range(2))
        n, began = 0, time.perf_counter()
        while (spent := time.perf_counter() - began) < 0.05 or n < 2:
            a @ b
            n += 1
            if n == 1:
                began = time.perf_counter()  # the first product also loads the kernels
    return 2.0 * size**3 * (n - 1) / spent
