"""Curve: the risk of an entailer's verdicts by the share of statements that get one, with its upper end and the target; the same as a table."""

from dataclasses import dataclass

import numpy as np

from evidense.boundary.numerals import percent
from evidense.checking.calibration import Calibration
from evidense.stats.forecasts.abstaining import Threshold

WIDTH, HEIGHT = 640.0, 314.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 12.0, 14.0, 60.0
LEAST_VERDICTS = 20
"""Where the line begins: the share that is wrong among fewer jumps from 0 to 1."""
MOST_POINTS = 300
"""Points of the line; between two of them nothing is seen."""


@dataclass(frozen=True)
class CurveMark:
    """One of the coverages whose risk was bounded."""

    x: float
    y: float
    upper: float
    """Height of the upper end."""
    row: Threshold
    is_within: bool


@dataclass(frozen=True)
class RiskCurve:
    """The curve, ready to draw."""

    kind: str
    line: str
    band: str
    """From the risk to its upper end."""
    marks: tuple[CurveMark, ...]
    target: float
    """Height of the target."""
    target_text: str
    chosen: CurveMark | None
    """Where verdicts begin to be printed; None: nowhere."""
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    spoken: str
    n: int


def risk_curve(calibration: Calibration, target: float) -> RiskCurve:
    """Draw the verdicts that a calibration rests on."""
    whole, bounded = calibration.curve(), calibration.bounded()
    n = len(calibration.stated)
    first = int(np.argmax(whole.coverage * n >= min(LEAST_VERDICTS, n)))
    top = min(1.0, np.ceil(10 * max(float(whole.risk[first:].max()), *(row.upper for row in bounded), target)) / 10)
    kept = np.unique(np.linspace(first, len(whole.risk) - 1, MOST_POINTS).astype(int))
    line = _points([(_x(whole.coverage[i]), _y(whole.risk[i], top)) for i in kept])
    marks = tuple(_mark(row, top, target) for row in bounded)
    band = _points([(m.x, m.upper) for m in marks] + [(m.x, m.y) for m in reversed(marks)])
    threshold = calibration.threshold(target)
    chosen = None if threshold is None else _mark(threshold, top, target)
    across = tuple((_x(share), percent(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0))
    up = tuple(
        (_y(share, top), percent(share))
        for share in np.linspace(0, top, 6 if round(10 * top) % 5 == 0 else round(10 * top) + 1)
    )
    return RiskCurve(
        calibration.kind, line, band, marks, _y(target, top), percent(target), chosen, across, up, _spoken(calibration, bounded, target), n
    )  # fmt: skip


def _mark(row: Threshold, top: float, target: float) -> CurveMark:
    return CurveMark(_x(row.coverage), _y(row.risk, top), _y(row.upper, top), row, row.upper <= target)


def _spoken(calibration: Calibration, bounded: tuple[Threshold, ...], target: float) -> str:
    surest, all_of_them = bounded[0], bounded[-1]
    least = min(row.upper for row in bounded)
    return (
        f"Risk by coverage on {calibration.kind}s: {percent(surest.risk)} on the surest {percent(surest.coverage)}, {percent(all_of_them.risk)} on all; "
        f"the lowest upper end is {percent(least)}, the target {percent(target)}."
    )


def _x(share: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * float(share), 1)


def _y(share: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * float(share) / top, 1)


def _points(places: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)
