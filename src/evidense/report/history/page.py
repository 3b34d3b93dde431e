"""The page of the history: a table with a filter, and trends drawn over time."""

from collections.abc import Sequence
from dataclasses import dataclass

import evidense
from evidense.boundary.numerals import interval, signed
from evidense.report.history.entries import PageEntry
from evidense.report.history.trends import Trend, margin_of, shown_time, trends
from evidense.report.rendering import asset, assets, environment, sha256_source
from evidense.report.words import WORDS, Word

MOST_TRENDS = 50
_EDGE = 4.0
"""Percent of the width that is left free on both sides of a drawing."""


@dataclass(frozen=True)
class DrawnPoint:
    """One look, drawn: time runs from left to right, the effect from bottom (−most) to top (+most), in percent."""

    at: str
    x: float
    y: float
    top: float
    bottom: float
    said: str
    word: Word


def history_html(entries: Sequence[PageEntry], where: str) -> str:
    """Return the page; links lead to `/pages/KEY/report.html` of the local server. `where` says what is listed."""
    script = asset("history.js")
    several = trends(entries)
    return environment().get_template("history.html.j2").render(
        **assets(), entries=entries, kinds=sorted({entry.kind for entry in entries}),
        trends=[(t, _drawn(t)) for t in several[:MOST_TRENDS]], n_more=max(0, len(several) - MOST_TRENDS), where=where,
        shown_time=shown_time, version=evidense.__version__, history_script=script, history_hash=sha256_source(script),
    )  # fmt: skip


def _drawn(trend: Trend) -> list[DrawnPoint]:
    most = max(max(abs(d.low), abs(d.high)) for _, d in trend.points) or 1.0
    step = (100 - 2 * _EDGE) / max(1, len(trend.points) - 1)

    def height(value: float) -> float:
        return round(50 - 45 * value / most, 2)

    return [
        DrawnPoint(
            shown_time(at), round(_EDGE + i * step, 2), height(d.effect), height(d.high), height(d.low),
            f"{shown_time(at)}: {signed(d.effect)} {interval(d.low, d.high)}, {d.n:,} queries, {d.verdict}{margin_of(d)}", WORDS[d.verdict],
        )
        for i, (at, d) in enumerate(trend.points)
    ]  # fmt: skip
