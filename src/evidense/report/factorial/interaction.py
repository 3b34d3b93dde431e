"""Interaction: per collection the four cells as two lines; parallel lines mean that the stages simply add up."""

from dataclasses import dataclass

from evidense.boundary.numerals import interval, plain, short
from evidense.records import Finding
from evidense.report.factorial.effects import EffectPlace, Effects
from evidense.stats import CELLS

WIDTH, HEIGHT = 220.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 200.0, 12.0, 128.0
AT = {"neither": (62.0, -4.0), "pre-trained": (62.0, 4.0), "fine-tuned": (168.0, -4.0), "both": (168.0, 4.0)}
"""Cell → place across, and how far it is moved aside so that intervals do not cover each other."""


@dataclass(frozen=True)
class CellMark:
    """One cell: estimate, interval and the mean of each seed, in the coordinates of the picture."""

    cell: str
    x: float
    y: float
    low: float
    high: float
    seeds: tuple[float, ...]
    text: str


@dataclass(frozen=True)
class InteractionPlot:
    """One collection."""

    place: EffectPlace
    marks: dict[str, CellMark]
    ticks: tuple[tuple[float, str], ...]

    @property
    def without(self) -> tuple[CellMark, CellMark] | None:
        """Return the ends of the line without pre-training."""
        return self._line("neither", "fine-tuned")

    @property
    def having(self) -> tuple[CellMark, CellMark] | None:
        """Return the ends of the line with pre-training."""
        return self._line("pre-trained", "both")

    def _line(self, start: str, end: str) -> tuple[CellMark, CellMark] | None:
        return (self.marks[start], self.marks[end]) if start in self.marks and end in self.marks else None

    @property
    def spoken(self) -> str:
        """Return what a screen reader says instead."""
        return "; ".join(f"{m.cell} {m.text}" for m in self.marks.values())


def plots(effects: Effects, measure: str) -> list[InteractionPlot]:
    """Draw every collection, those of one direction on one scale."""
    cells_of_collection = {
        p.name: {c: f for c in CELLS if (f := effects.cells.get((c, p.name, measure)))} for p in effects.collections
    }
    tops: dict[str, float] = {}
    for p in effects.collections:
        highest = max((_highest(f) for f in cells_of_collection[p.name].values()), default=0.0)
        tops[p.direction] = max(tops.get(p.direction, 0.1), _round_up(highest))
    return [
        _plot(p, cells_of_collection[p.name], tops[p.direction])
        for p in effects.collections
        if cells_of_collection[p.name]
    ]


def _plot(place: EffectPlace, cells: dict[str, Finding], top: float) -> InteractionPlot:
    ticks = tuple((_y(share * top, top), short(share * top)) for share in (0.0, 0.5, 1.0))
    return InteractionPlot(place, {c: _mark(c, f, top) for c, f in cells.items()}, ticks)


def _mark(cell: str, finding: Finding, top: float) -> CellMark:
    x, aside = AT[cell]
    low, high = (finding.value if end is None else end for end in (finding.low, finding.high))
    seeds = tuple(round(_y(float(s), top), 1) for s in finding.details.get("seeds") or ())
    text = f"{plain(finding.value)} {interval(finding.low, finding.high, sign=False)}"
    y, low_y, high_y = (round(_y(v, top), 1) for v in (finding.value, low, high))
    return CellMark(cell, x + aside, y, low_y, high_y, seeds, text)


def _highest(finding: Finding) -> float:
    return max([float(finding.value), finding.high or 0.0, *map(float, finding.details.get("seeds") or ())])


def _y(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * min(1.05, max(0.0, value) / top)


def _round_up(value: float) -> float:
    """Return the next of .1, .2, .4, .6, .8, 1 (a measure lies between 0 and 1)."""
    return next((top for top in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if value <= top), 1.0)
