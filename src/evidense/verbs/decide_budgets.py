"""Decide budgets: Scores of the cells of a budget grid → Findings on what a doubling gives, where curves cross, and what a pair is worth.

Each finding stands for one collection, or for the mean over several. Its interval holds by itself: they are read, not decided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from evidense import stats
from evidense.compute.comparison.budget_grid import STAGES, BudgetGrid, Point
from evidense.compute.comparison.lineup import Cell, Lineup
from evidense.compute.comparison.scored import CollectionSet
from evidense.records import Finding, Json, Record, Study
from evidense.stats import BudgetCurve, CellTables, Inversion, Seeded
from evidense.store import Store

_TEST = "Student's t of seeds and of query clusters, each interval by itself"


def decide_budgets(study: Study, lineup: Lineup, collections: CollectionSet, store: Store) -> list[Record]:
    """Return the Findings on a budget grid, stored; nothing for a study without one."""
    if lineup.grid is None:
        return []
    alone = [
        CollectionSet([member], stats.Sharing.nothing(1), member.role, member.direction)
        for member in collections.members
    ]
    by_name = {cell.name: cell for cell in lineup.cells}
    cells = [by_name[lineup.grid.cell(point)] for point in lineup.grid.points]
    table_of = {member.index: member.table(cells, study.primary, store) for member in collections.members}
    records: list[Record] = []
    for selection in (*alone, *collections.selections(by_role=True)):
        records += _GridScores(study, lineup.grid, cells, selection, table_of).findings()
    for record in records:
        store.put(record)
    return records


@dataclass(frozen=True)
class _GridScores:
    """The cells of a grid with their values on the primary measure, on one collection or several."""

    study: Study
    grid: BudgetGrid
    cells: Sequence[Cell]
    """In the order of the points of the grid."""
    selection: CollectionSet
    table_of: Mapping[int, Seeded]
    """Index of a collection → the values of the cells on it."""

    @cached_property
    def rows(self) -> dict[Point, int]:
        """Return the row of each point."""
        return {point: row for row, point in enumerate(self.grid.points)}

    @cached_property
    def tables(self) -> CellTables:
        several = self.selection.sharing if len(self.selection.members) > 1 else None
        tables = [self.table_of[scored.index] for scored in self.selection.members]
        return CellTables(tables, several, self.study.confidence)

    def curve(self, stage: str, beside: float) -> BudgetCurve | None:
        """Return the curve of one stage at a budget of the other; None if the grid has one budget of this stage."""
        budgets = self.grid.pretraining if stage == "pretraining" else self.grid.finetuning
        if len(budgets) < 2:
            return None
        points = [(b, beside) if stage == "pretraining" else (beside, b) for b in budgets]
        return BudgetCurve(budgets, [self.rows[point] for point in points], len(self.rows))

    # --- findings

    def findings(self) -> list[Finding]:
        """Return all that this grid tells on these collections."""
        return [*self._gains(), *self._crossing(), *self._equivalents(), *self._exchange()]

    def _gains(self) -> Iterator[Finding]:
        """Yield the gain a doubling of each stage, at every budget of the other."""
        for stage, others in zip(STAGES, (self.grid.finetuning, self.grid.pretraining), strict=True):
            for beside in (0.0, *others):
                curve = self.curve(stage, beside)
                if curve is not None:
                    value, low, high = stats.gain_a_doubling(self.tables, curve)
                    where = {"stage": stage, "beside": beside}
                    yield self._finding(
                        "gain a doubling", self.study.primary, (value, low, high), where, self._drawn(curve)
                    )

    def _drawn(self, curve: BudgetCurve) -> dict[str, Json]:
        """Return the points of a curve with their intervals, and how its gain changes."""
        means, halves = self.tables.intervals(curve.at(curve.budgets))
        change = stats.change_of_gain(self.tables, curve) if len(curve.budgets) > 2 else None
        return {
            "budgets": list(curve.budgets), "means": means.tolist(), "lows": (means - halves).tolist(), "highs": (means + halves).tolist(),
            "change_of_gain": dict(zip(("value", "low", "high"), change, strict=True)) if change else None,
        }  # fmt: skip

    def _crossing(self) -> Iterator[Finding]:
        """Yield the budget at which each stage alone is as good as the other."""
        pre, fine = self.curve("pretraining", 0.0), self.curve("finetuning", 0.0)
        if pre is None or fine is None or not self.grid.has_one_unit:
            return
        if max(pre.budgets[0], fine.budgets[0]) < min(pre.budgets[-1], fine.budgets[-1]):
            yield self._inverted(
                "crossing of budget curves", self.grid.kinds[0], stats.crossing(self.tables, fine, pre), {}
            )

    def _equivalents(self) -> Iterator[Finding]:
        """Yield, for each budget of fine-tuning alone, the budget of pre-training alone that is as good."""
        curve = self.curve("pretraining", 0.0)
        if curve is None:
            return
        for budget in self.grid.finetuning:
            found = stats.equivalent_budget(self.tables, curve, self.rows[0.0, budget])
            yield self._inverted("equivalent budget", self.grid.kinds[0], found, {"finetuning": budget})

    def _exchange(self) -> Iterator[Finding]:
        """Yield what one more pair of fine-tuning is worth in pairs of pre-training, where both are done."""
        if len(self.grid.pretraining) < 2 or len(self.grid.finetuning) < 2 or not self.grid.has_one_unit:
            return
        for pre, fine in self.grid.points:
            bought, paid = self.curve("finetuning", pre), self.curve("pretraining", fine)
            if pre and fine and bought is not None and paid is not None:
                rate = stats.exchange_rate(self.tables, bought, paid, (fine, pre))
                unit = f"{self.grid.kinds[0]} of pre-training for one of fine-tuning"
                yield self._inverted("exchange rate", unit, rate, {"pretraining": pre, "finetuning": fine})

    def _inverted(self, estimand: str, unit: str, found: Inversion, where: dict[str, Json]) -> Finding:
        details: dict[str, Json] = {
            "is_open_below": found.is_open_below, "is_open_above": found.is_open_above, "sign_below": found.sign_below,
            "sign_above": found.sign_above,
        }  # fmt: skip
        return self._finding(estimand, unit, (found.value, found.low, found.high), where, details)

    def _finding(
        self,
        estimand: str,
        unit: str,
        value_low_high: tuple[float | None, float | None, float | None],
        where: dict[str, Json],
        details: dict[str, Json],
    ) -> Finding:
        value, low, high = value_low_high
        tables, members = self.tables.tables, self.selection.members
        names = [member.collection.name for member in members]
        place: dict[str, Json] = {"collection": names[0]} if len(names) == 1 else {"collections": names}
        return Finding(
            parents=self._parents, estimand=estimand, unit=unit, value=value, low=low, high=high, confidence=self.study.confidence,
            n=sum(table.n_queries for table in tables), n_clusters=sum(table.n_clusters for table in tables),
            site={**where, **place, "measure": self.study.primary, "role": self.selection.role, "direction": self.selection.direction},
            test=_TEST, family="none: shown for reading, no verdict", details={"n_seeds": tables[0].n_seeds, **details},
        )  # fmt: skip

    @cached_property
    def _parents(self) -> tuple[str, ...]:
        ids = [
            scored.scores[label, self.study.primary].id
            for scored in self.selection.members
            for cell in self.cells
            for label in cell.labels
        ]
        return (self.study.id, *dict.fromkeys(ids))
