"""Trends: the same system against the same baseline on the same collection, page after page."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import interval, signed
from evidense.report.history.entries import Decided, PageEntry
from evidense.report.words import margin_text


@dataclass(frozen=True)
class Trend:
    """One comparison over time, oldest first. Each point is a page on the same question; how many differ is said, since looks add up."""

    system: str
    baseline: str
    collection: str
    measure: str
    points: tuple[tuple[str, Decided], ...]
    """(when, what was decided)"""

    @property
    def title(self) -> str:
        """Return what is compared."""
        return f"{self.system} vs {self.baseline} on {self.collection}, {self.measure}"

    @property
    def looks(self) -> str:
        """Say how many pages there were, and how many different results they show; each interval is for one look."""
        n = len({shown_result(d) for _, d in self.points})
        pages = f"{len(self.points)} pages, {n} different result{'s' * (n != 1)}"
        return f"{pages}; each interval holds for one look alone (--looks shares the error among all)"


def trends(entries: Sequence[PageEntry]) -> list[Trend]:
    """Return every comparison that was made at least twice, the one with most points first."""
    series: dict[tuple[str, str, str, str], list[tuple[str, Decided]]] = {}
    for entry in reversed(entries):
        for d in entry.decided:
            series.setdefault((d.system, d.baseline, d.collection, d.measure), []).append((entry.at, d))
    several = [Trend(*key, tuple(points)) for key, points in series.items() if len(points) > 1]
    return sorted(several, key=lambda trend: (-len(trend.points), trend.title))


def trend_lines(trend: Trend) -> list[str]:
    """Return a trend as lines of text."""
    rows = [f"  {shown_time(at)}  {shown_result(d)}" for at, d in trend.points]
    return [trend.title, *rows, f"  {trend.looks}"]


def shown_result(decided: Decided) -> str:
    """Return a verdict as a line of a trend shows it; results that look alike count once."""
    d = decided
    return f"{signed(d.effect):>6} {interval(d.low, d.high)}  {d.n:,} queries  {d.verdict}{margin_of(d)}"


def margin_of(decided: Decided) -> str:
    """Return the margin of a verdict in parentheses; pages of one trend may differ in it."""
    return f" (margin {margin_text(decided.margin)})" if decided.margin is not None else ""


def shown_time(at: str) -> str:
    """Return a time in UTC to the minute.

    >>> shown_time("2026-11-30T08:15:42+00:00")
    '2026-11-30 08:15'
    """
    return at[:16].replace("T", " ")
