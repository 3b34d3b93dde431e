"""Read [factorial.budgets]: the budgets of each stage at which the factorial is trained again, from its smallest to its largest."""

from collections.abc import Mapping
from typing import Any

from evidense.compute.comparison.budget_grid import STAGES, BudgetGrid
from evidense.errors import Mistakes
from evidense.records import Recipe


def budget_grid(
    budgets: Mapping[str, Any], pre: Recipe | None, fine: Recipe | None, mistakes: Mistakes
) -> BudgetGrid | None:
    """Return the grid of budgets; None if the section names none, or has mistakes, which are noted."""
    mistakes.note_unknown("key of [factorial.budgets]", budgets, STAGES)
    if not budgets or pre is None or fine is None:
        return None
    own = _only(pre), _only(fine)
    levels = [
        _levels(budgets[stage], stage, amount, kind, mistakes) if stage in budgets else (amount,)
        for stage, (kind, amount) in zip(STAGES, own, strict=True)
    ]
    if not all(levels):
        return None
    (pre_kind, pre_amount), (fine_kind, fine_amount) = own
    return BudgetGrid(levels[0], levels[1], (pre_amount, fine_amount), (pre_kind, fine_kind))


def _levels(value: Any, stage: str, own: float, kind: str, mistakes: Mistakes) -> tuple[float, ...]:
    is_list = isinstance(value, list | tuple) and all(
        isinstance(x, int | float) and not isinstance(x, bool) and x > 0 for x in value
    )
    where = f"budgets of {stage} in [factorial.budgets] are {value!r}"
    if not is_list or len(value) < 2 or list(value) != sorted(set(value)):
        mistakes.others.append(f"{where}; expected two or more {kind} in growing order, such as [1200, 4800, 19200]")
        return ()
    if own not in value:
        mistakes.others.append(f"{where}; expected the stage's own {own:g} {kind} among them; add it")
        return ()
    return tuple(map(float, value))


def _only(recipe: Recipe) -> tuple[str, float]:
    ((kind, amount),) = recipe.budget.items()
    return kind, float(amount)
