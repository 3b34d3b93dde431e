"""Curves: the differences of every query, sorted, as one small picture: it shows which queries lose and which gain."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

MOST_BARS = 400
"""More queries than this share bars: each bar is then the mean of its neighbours in the order."""
HEIGHT = 100.0


@dataclass(frozen=True)
class DeltaCurve:
    """Two filled paths in a box of `n_bars` × 100, zero at 50; `top` is the difference at the upper edge."""

    losses: str
    wins: str
    n_bars: int
    shared: str
    """How many queries share a bar; empty where each has its own."""
    top: float


def sorted_differences(base: Float64[np.ndarray, " q"], system: Float64[np.ndarray, " q"]) -> DeltaCurve:
    """Draw system − base, greatest loss first."""
    delta = np.sort(system - base)
    n_bars = min(MOST_BARS, len(delta))
    bars = np.array([part.mean() for part in np.array_split(delta, n_bars)])
    top = float(np.abs(bars).max()) or 1.0
    return DeltaCurve(_path(bars, top, -1), _path(bars, top, 1), n_bars, _shared(len(delta), n_bars), top)


def _shared(n: int, n_bars: int) -> str:
    if n == n_bars:
        return ""
    least, most = n // n_bars, -(-n // n_bars)
    return f"each bar is the mean of {least if least == most else f'{least} or {most}'} neighbours in this order"


def _path(bars: Float64[np.ndarray, " b"], top: float, sign: int) -> str:
    heights = np.round(np.maximum(sign * bars, 0) / top * HEIGHT / 2, 1)
    places = np.flatnonzero(heights > 0)
    return "".join(f"M{i} 50h1v{-sign * heights[i]:g}h-1z" for i in places)
