"""Scale: one axis for every interval of a page, with room to see the margin whatever the largest effect."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from evidense.boundary.numerals import short, signed

ROOM = 5.0
"""Margins that a plain axis may span; a longer one is bent, else the margin could not be seen."""
APART = 8.0
"""Least distance between two tick labels, in percent of the width."""
APART_NARROW = 15.0
"""The same on a phone, which shows fewer of them."""


@dataclass(frozen=True)
class Tick:
    """A labelled place on the axis, in percent; a phone leaves out those that are not `always` shown."""

    at: float
    text: str
    always: bool = True


@dataclass(frozen=True)
class Scale:
    """Maps effects to percent of the width; `bend` > 0 stretches what is near 0 (inverse hyperbolic sine)."""

    low: float
    high: float
    margin: float
    bend: float

    @classmethod
    def over(cls, values: Iterable[float | None], margin: float) -> "Scale":
        """Choose the axis that holds all these values, 0, and the margin on both sides."""
        known = [v for v in values if v is not None and math.isfinite(v)]
        unit = margin or max([0.01, *(abs(v) for v in known)]) / 4
        low, high = min([-1.6 * unit, *known]), max([1.6 * unit, *known])
        bent = max(-low, high) > ROOM * unit
        return cls(low, high, margin, unit if bent else 0.0)

    def at(self, x: float | None) -> float:
        """Return the place of an effect, in percent, 2 to 98."""
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(x if x is not None else 0.0) - low) / (high - low)
        return round(2 + 96 * min(1.0, max(0.0, share)), 2)

    @property
    def zero(self) -> float:
        """Return the place of 0."""
        return self.at(0.0)

    @property
    def band(self) -> tuple[float, float]:
        """Return start and width of the margin."""
        start, end = self.at(-self.margin), self.at(self.margin)
        return start, round(end - start, 2)

    @property
    def ticks(self) -> list[Tick]:
        """Return 0, both ends of the margin, and as many round numbers as have room."""
        steps = sorted((m * 10.0**e for e in range(-4, 2) for m in (1, 2, 5)), reverse=True)
        ticks = [Tick(self.zero, "0")]
        for x in (-self.margin, self.margin, *(sign * s for s in steps for sign in (-1, 1))):
            gaps = [(abs(self.at(x) - t.at), t.always) for t in ticks]
            if abs(x) >= self.margin and self.low <= x <= self.high and min(gaps)[0] >= APART:
                always = all(gap >= APART_NARROW for gap, shown in gaps if shown)
                ticks.append(Tick(self.at(x), ("+" if x > 0 else "") + short(x), always))
        return sorted(ticks, key=lambda t: t.at)

    @property
    def caption(self) -> str:
        """Return what a reader must know of the axis."""
        ends = f"axis {signed(self.low)} to {signed(self.high)}"
        return f"{ends}, stretched near 0" if self.bend else ends

    def _bent(self, x: float) -> float:
        return math.asinh(x / self.bend) if self.bend else x
