"""Strips: the verdict of a claim of equivalence against its margin, for a drawing."""

from dataclasses import dataclass

from evidense.boundary.numerals import plain

WIDTH = 220.0
_ROOM = 1.25


@dataclass(frozen=True)
class EquivalenceStrip:
    """Three stretches of margins: it FAILS up to the first place, is UNDECIDED up to the second, and HOLDS from there on."""

    fails_to: float
    holds_from: float
    margin: float
    """Places along the strip, from 0 to `WIDTH`."""
    words: str


def equivalence_strip(fails_below: float, holds_from: float, margin: float) -> EquivalenceStrip:
    """Place the two turns of a verdict, and the margin that decided, on a strip that starts at a margin of 0.

    >>> equivalence_strip(0.0, 0.04, 0.05).words
    'UNDECIDED below ±.040, HOLDS from there'
    >>> equivalence_strip(0.088, 0.172, 0.05).words
    'FAILS below ±.088, UNDECIDED below ±.172, HOLDS from there'
    """
    end = _ROOM * max(fails_below, holds_from, margin, 1e-9)
    said = [f"{word} below ±{plain(x)}" for word, x in (("FAILS", fails_below), ("UNDECIDED", holds_from)) if x > 0]
    words = ", ".join([*said, "HOLDS from there" if said else "HOLDS at every margin"])
    fails_to, from_, at = (round(WIDTH * x / end, 1) for x in (fails_below, holds_from, margin))
    return EquivalenceStrip(fails_to, from_, at, words)
