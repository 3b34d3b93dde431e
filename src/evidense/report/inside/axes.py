"""Axes: places in a small picture, and round numbers along its sides."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import MINUS, short

WIDTH, HEIGHT = 240.0, 168.0
LEFT, RIGHT, TOP, BOTTOM = 36.0, 234.0, 8.0, 138.0
MOST_LABELS = 8
"""Layers that are labelled; of more, every second, third …"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """Values from low to high, bottom to top."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None], also: Iterable[float] = ()) -> "Axis":
        """Choose the axis that holds all these values, with a little room."""
        known = [float(v) for v in (*values, *also) if v is not None and math.isfinite(v)]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        room = (high - low) * 0.06 or abs(high) * 0.1 or 0.1
        return cls(low - room, high + room)

    def y(self, value: float) -> float:
        """Return the place of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(BOTTOM - (BOTTOM - TOP) * min(1.0, max(0.0, share)), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return three to six round numbers with their places."""
        span = self.high - self.low
        steps = (m * 10.0**e for e in range(-6, 9) for m in (1, 2, 5))
        step = next((s for s in steps if span / s <= 5.5), span)
        first = math.ceil(self.low / step)
        marks = [i * step for i in range(first, math.floor(self.high / step) + 1)]
        return [(self.y(m), numeral(m, step)) for m in marks]


def numeral(x: float, step: float) -> str:
    """Return a tick: no more digits than the step has; thousands as k.

    >>> numeral(0.25, 0.05), numeral(-3, 1), numeral(12000, 2000)
    ('.25', '−3', '12k')
    """
    if step >= 1000:
        return f"{MINUS if x < 0 else ''}{abs(x) / 1000:g}k"
    if step >= 1:
        return f"{MINUS if x < 0 else ''}{abs(x):.0f}"
    return short(x) if step >= 0.0001 else f"{x:.0e}"


@dataclass(frozen=True)
class Layers:
    """The layers of a figure, left to right, evenly; after a gap, where there are any, the final vectors."""

    all: tuple[int, ...]
    has_final: bool = False

    def x(self, layer: int) -> float:
        """Return the place of a layer."""
        first, last = self.all[0], self.all[-1]
        share = 0.5 if first == last else (layer - first) / (last - first)
        return round(LEFT + 8 + (self._right - LEFT - 16) * share, 1)

    @property
    def final(self) -> float:
        """Return the place of the final vectors."""
        return RIGHT - 8

    @property
    def _right(self) -> float:
        return RIGHT - 26 if self.has_final else RIGHT

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return the layers that are labelled, always the last, and the final vectors."""
        every = max(1, math.ceil(len(self.all) / MOST_LABELS))
        shown = [(self.x(layer), str(layer)) for layer in self.all[::-every][::-1]]
        return [*shown, *([(self.final, "out")] if self.has_final else [])]


def points(places: Sequence[Point]) -> str:
    """Return what a polyline takes."""
    return " ".join(f"{x:g},{y:g}" for x, y in places)
