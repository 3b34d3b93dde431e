"""Budget grid: which budgets of pre-training and of fine-tuning a factorial tries, and the names of the cells that they make."""

from collections.abc import Iterator
from dataclasses import dataclass

from evidense import stats

_NEITHER, _PRE, _FINE, _BOTH = stats.CELLS
STAGES = ("pretraining", "finetuning")
"""The two budgets of a grid, in the order of a point."""
Point = tuple[float, float]
"""A budget of pre-training and one of fine-tuning; 0 is without that stage."""


@dataclass(frozen=True)
class BudgetGrid:
    """Budgets of each stage in growing order, its own among them; a stage without further budgets has its own alone."""

    pretraining: tuple[float, ...]
    finetuning: tuple[float, ...]
    own: Point
    """The budgets of the factorial itself, at which the four cells and the control arms stand."""
    kinds: tuple[str, str]
    """What each budget counts: pairs, steps, FLOPs or seconds."""

    @property
    def points(self) -> Iterator[Point]:
        """Yield all points, those without a stage included."""
        return ((pre, fine) for pre in (0.0, *self.pretraining) for fine in (0.0, *self.finetuning))

    @property
    def has_one_unit(self) -> bool:
        """Say whether both budgets count the same, so that they can be compared."""
        return self.kinds[0] == self.kinds[1]

    def cell(self, point: Point) -> str:
        """Return the name of the cell at a point; the four cells keep their names.

        >>> grid = BudgetGrid((1000, 2000), (50,), (2000, 50), ("pairs", "pairs"))
        >>> [grid.cell(point) for point in [(2000, 50), (1000, 50), (1000, 0)]]
        ['both', 'both, 1000 and 50 pairs', 'pre-trained, 1000 pairs']
        """
        pre, fine = point
        amounts = [f"{_plain(amount)} {kind}" for amount, kind in zip(point, self.kinds, strict=True)]
        if pre and fine:
            both = f"{_plain(pre)} and {amounts[1]}" if self.has_one_unit else " and ".join(amounts)
            return _BOTH if point == self.own else f"{_BOTH}, {both}"
        if pre:
            return _PRE if pre == self.own[0] else f"{_PRE}, {amounts[0]}"
        return _NEITHER if not fine else _FINE if fine == self.own[1] else f"{_FINE}, {amounts[1]}"


def is_grid_cell(name: str) -> bool:
    """Say whether a cell stands at a further budget, by its name.

    >>> is_grid_cell("both, 1000 and 50 pairs"), is_grid_cell("both"), is_grid_cell("pre-trained, total budget")
    (True, False, False)
    """
    stage, comma, amount = name.partition(", ")
    return bool(comma) and stage in stats.CELLS and amount[:1].isdigit()


def _plain(amount: float) -> str:
    return f"{amount:.0f}" if float(amount).is_integer() else f"{amount:g}"
