"""Budget curves: what a doubling gives, where two curves cross, and what a pair of one kind is worth in pairs of another.

A curve runs through the means of cells that differ in one budget. Between two measured budgets it is straight in log₂ of the budget, so
each of its points is a weighted sum of cells, with the interval of any contrast over seeds × queries. A crossing or a ratio is found by
inversion: it may lie wherever the interval of the difference that is 0 there holds 0 (Fieller 1954). This set covers the true value as
often as the interval does, and says honestly when the data leave one of its ends open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from evidense.errors import InvalidInput
from evidense.stats.crossed import Seeded, Squares, mean_squares, squares
from evidense.stats.populations.factorial import contrasts
from evidense.stats.sharing import Sharing, joined_seeded

_STEPS = 64  # points between the smallest and the largest budget at which a difference is asked
_RATES = np.exp2(
    np.linspace(-24, 24, 385)
)  # one pair for 16 million, to 16 million for one; an eighth of a doubling apart


@dataclass(frozen=True)
class CellTables:
    """The values of the same `c` cells in the same seeds, on one collection or several: one row (contrast) a cell."""

    tables: Sequence[Seeded]
    sharing: Sharing | None = None
    confidence: float = 0.95

    def intervals(self, weights: Float[np.ndarray, "k c"]) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Return the mean over collections of each weighted sum of cells, and half of its interval, each by itself.

        The interval joins Student's t of the seeds and of the clusters of queries. With one seed it is over queries only.
        """
        weighed = [Seeded(_twice_at_least(contrasts(table.values, weights)), table.clusters) for table in self.tables]
        components = self._squares(weighed)
        return components.mean, components.half(np.full(len(weights), 1 - self.confidence))

    def _squares(self, weighed: Sequence[Seeded]) -> Squares:
        if len(weighed) == 1:
            return squares(weighed[0])
        return mean_squares(weighed if self.sharing is None else joined_seeded(weighed, self.sharing))


@dataclass(frozen=True)
class BudgetCurve:
    """Cells that differ in one budget: `cells[i]` is the row of the cell that was trained with `budgets[i]`.

    Raises:
        InvalidInput: fewer than two budgets, another number of cells, or budgets that do not grow or are not above 0.

    >>> BudgetCurve((100, 200, 400), (1, 2, 3), n_cells=4).at([100, 141.4213562, 400]).round(2).tolist()
    [[0.0, 1.0, 0.0, 0.0], [0.0, 0.5, 0.5, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """

    budgets: Sequence[float]
    cells: Sequence[int]
    n_cells: int

    def __post_init__(self) -> None:
        grows = all(low < high for low, high in zip([0, *self.budgets], self.budgets, strict=False))
        if len(self.budgets) < 2 or len(self.budgets) != len(self.cells) or not grows:
            raise InvalidInput(
                f"budgets are {list(self.budgets)} for {len(self.cells)} cells → expected at least two budgets above 0, each larger than "
                "the one before, and a cell for each → order the cells by budget; a cell without training is not on the curve"
            )

    @property
    def doublings(self) -> Float[np.ndarray, " n"]:
        """Return log₂ of the budgets."""
        return np.log2(np.asarray(self.budgets, np.float64))

    def at(self, budgets: Sequence[float] | Float[np.ndarray, " k"]) -> Float[np.ndarray, "k c"]:
        """Return the weights of the cells at budgets within the measured range; others are taken as its nearest end."""
        wanted = np.log2(np.asarray(budgets, np.float64))
        weights = np.zeros((len(wanted), self.n_cells))
        for row, cell in zip(np.eye(len(self.cells)), self.cells, strict=True):
            weights[:, cell] += np.interp(wanted, self.doublings, row)
        return weights

    @property
    def slope(self) -> Float[np.ndarray, " c"]:
        """Return the weights of the mean gain a doubling: the slope of the least-squares line over log₂ of the budget."""
        distance = self.doublings - self.doublings.mean()
        return self._weights(distance / (distance**2).sum())

    @property
    def bend(self) -> Float[np.ndarray, " c"]:
        """Return the weights of how much the gain a doubling changes from doubling to doubling; below 0, returns diminish.

        Raises:
            InvalidInput: two budgets, which no curve bends through.
        """
        if len(self.budgets) < 3:
            raise InvalidInput("a curve has 2 budgets → expected 3 to see whether it bends → train one more budget")
        powers = np.vander(self.doublings - self.doublings.mean(), 3)
        return self._weights(2 * np.linalg.pinv(powers)[0])

    def local_slope(self, budget: float) -> Float[np.ndarray, " c"]:
        """Return the weights of the gain a doubling around one of the measured budgets, between its neighbours."""
        place = list(self.budgets).index(budget)
        low, high = max(place - 1, 0), min(place + 1, len(self.budgets) - 1)
        weights = np.zeros(len(self.budgets))
        weights[high], weights[low] = 1.0, -1.0
        return self._weights(weights / (self.doublings[high] - self.doublings[low]))

    def _weights(self, on_curve: Float[np.ndarray, " n"]) -> Float[np.ndarray, " c"]:
        weights = np.zeros(self.n_cells)
        weights[list(self.cells)] = on_curve
        return weights


@dataclass(frozen=True)
class Inversion:
    """Where a difference is 0: `value` by the means, `low` to `high` by the interval of the difference.

    - `value` is None where the means of the difference do not change sign; `low` and `high` are None where 0 is ruled out everywhere.
    - `is_open_below`, `is_open_above`: the set reaches the end of what was asked, so the true value may lie beyond it.
    - `sign_below`, `sign_above`: the sign of the difference at both ends of what was asked; 0 where its interval holds 0.
    """

    value: float | None
    low: float | None
    high: float | None
    is_open_below: bool = False
    is_open_above: bool = False
    sign_below: int = 0
    sign_above: int = 0

    @property
    def is_decided(self) -> bool:
        """Say whether both ends have a sign: the difference changes its sign between `low` and `high`, or nowhere."""
        return self.sign_below != 0 and self.sign_above != 0

    def covers(self, value: float) -> bool:
        """Say whether a value lies in the set; one beyond what was asked does if the set is open on its side."""
        if self.low is None or self.high is None:
            return False
        return (self.is_open_below or self.low <= value) and (self.is_open_above or value <= self.high)


def gain_a_doubling(cells: CellTables, curve: BudgetCurve) -> tuple[float, float, float]:
    """Return the mean gain a doubling of the budget, in the unit of the measure, with its interval (low, high)."""
    return _one(cells, curve.slope)


def change_of_gain(cells: CellTables, curve: BudgetCurve) -> tuple[float, float, float]:
    """Return by how much the gain a doubling changes from one doubling to the next, with its interval (low, high).

    Raises:
        InvalidInput: as `BudgetCurve.bend`.
    """
    return _one(cells, curve.bend)


def crossing(cells: CellTables, upper: BudgetCurve, lower: BudgetCurve) -> Inversion:
    """Find the budget at which two curves are equally good, within the range in which both were measured.

    `sign_below` and `sign_above` are those of upper − lower.

    Raises:
        InvalidInput: two curves without a common budget.
    """
    first, last = max(upper.budgets[0], lower.budgets[0]), min(upper.budgets[-1], lower.budgets[-1])
    if first >= last:
        raise InvalidInput(
            f"one curve is measured from {upper.budgets[0]:g} to {upper.budgets[-1]:g}, the other from {lower.budgets[0]:g} to "
            f"{lower.budgets[-1]:g} → expected a common range → train both at the same budgets"
        )
    asked = np.geomspace(first, last, _STEPS + 1)
    return _inverted(cells, asked, upper.at(asked) - lower.at(asked))


def equivalent_budget(cells: CellTables, curve: BudgetCurve, cell: int) -> Inversion:
    """Find the budget at which a curve is as good as a cell. Divided by the cell's own budget it is an exchange rate on average."""
    asked = np.geomspace(curve.budgets[0], curve.budgets[-1], _STEPS + 1)
    other = np.zeros(curve.n_cells)
    other[cell] = 1.0
    return _inverted(cells, asked, curve.at(asked) - other)


def exchange_rate(cells: CellTables, bought: BudgetCurve, paid: BudgetCurve, at: tuple[float, float]) -> Inversion:
    """Find how many pairs of `paid` give what one more pair of `bought` gives, at the measured budgets `at` (bought, paid).

    The rate is a ratio of gains a pair; a gain a pair is the gain a doubling around the point, by budget · ln 2. Both curves pass
    through the cell of that point. The set is open where the gain of `paid` may be 0 (above), or that of `bought` (below).
    """
    a_pair = bought.local_slope(at[0]) / at[0], paid.local_slope(at[1]) / at[1]
    return _inverted(cells, _RATES, a_pair[0] - _RATES[:, None] * a_pair[1])


def _one(cells: CellTables, weights: Float[np.ndarray, " c"]) -> tuple[float, float, float]:
    mean, half = (float(x[0]) for x in cells.intervals(weights[None]))
    return mean, mean - half, mean + half


def _inverted(cells: CellTables, asked: Float[np.ndarray, " k"], weights: Float[np.ndarray, "k c"]) -> Inversion:
    mean, half = cells.intervals(weights)
    signs = np.where(np.abs(mean) > half, np.sign(mean), 0).astype(int)
    logs = np.log2(asked)
    changes = np.flatnonzero(np.diff(np.sign(mean)))
    value = float(np.exp2(_root(logs, mean, int(changes[0])))) if len(changes) else None
    inside = np.flatnonzero(signs == 0)
    low: float | None
    high: float | None
    if len(inside):
        low, high = _ends(logs, half - np.abs(mean), inside)
    else:  # the difference turns between two neighbouring points, or nowhere
        low, high = (float(asked[changes[0]]), float(asked[changes[0] + 1])) if len(changes) else (None, None)
    return Inversion(
        value, low, high, is_open_below=bool(signs[0] == 0), is_open_above=bool(signs[-1] == 0), sign_below=int(signs[0]), sign_above=int(signs[-1])
    )  # fmt: skip


def _ends(
    logs: Float[np.ndarray, " k"], height: Float[np.ndarray, " k"], inside: Int[np.ndarray, " i"]
) -> tuple[float, float]:
    """Return the first and the last place of the set, between points where `height` passes through 0."""
    first, last = int(inside[0]), int(inside[-1])
    low = logs[0] if first == 0 else _root(logs, height, first - 1)
    high = logs[-1] if last == len(logs) - 1 else _root(logs, height, last)
    return float(np.exp2(low)), float(np.exp2(high))


def _root(x: Float[np.ndarray, " k"], y: Float[np.ndarray, " k"], place: int) -> float:
    """Return where the line from point `place` to the next is 0."""
    (x0, x1), (y0, y1) = x[place : place + 2], y[place : place + 2]
    return float(x0 if y0 == y1 else x0 - y0 * (x1 - x0) / (y1 - y0))


def _twice_at_least(values: Float[np.ndarray, "k s q"]) -> Float[np.ndarray, "k r q"]:
    """Return the values, with a single seed twice: it then varies not at all between seeds."""
    return np.repeat(values, 2, axis=1) if values.shape[1] == 1 else values
