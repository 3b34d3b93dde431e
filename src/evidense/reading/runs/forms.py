"""Forms of a run: decides from the whole file whether a column holds ranks (the lowest first) or scores (the highest first)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from evidense.errors import InvalidInput

FORMS = ("ranks", "scores", "trec")
"""Values of `@form=`."""

MOSTLY = 0.8
"""Least share of whole and distinct values for a column to look like ranks."""
MOST_GAPS = 2
"""Ranks are dense: their range is at most this multiple of the number of documents."""
FEW = 0.05
"""Largest share of rising steps in a file sorted by score."""
ENOUGH_STEPS = 3
"""Least number of steps; with fewer, an order may be chance."""


@dataclass
class Steps:
    """Counts, over the whole file, how values change from each document of a query to the next."""

    up: int = 0
    down: int = 0
    level: int = 0
    last: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, query_id: str, place: float, value: float) -> None:
        """Count the step from the previous document; `place` (a line, or a rank) orders the two."""
        place_before, before = self.last.get(query_id, (place, value))
        self.last[query_id] = place, value
        if place != place_before:
            change = (value - before) * (1 if place > place_before else -1)
            self.up += change > 0
            self.down += change < 0
            self.level += change == 0

    @property
    def total(self) -> int:
        """Number of steps."""
        return self.up + self.down + self.level

    @property
    def only_rise(self) -> bool:
        """Whether each value is above the previous one."""
        return self.up > 0 and not self.down and not self.level


def ranks_or_scores(source: str, results: Mapping[str, Mapping[str, float]], steps: Steps) -> str:
    """Return what a column holds: 'scores' if it hardly rises or does not look like ranks, 'ranks' if it always rises and looks like them.

    Ranks are whole, not negative and distinct within a query; they begin at the same number in most queries, or leave few gaps. They may
    begin at any number, and some may be missing.

    Raises:
        InvalidInput: both are possible; the message has the spelling that decides.
    """
    columns = [list(ranking.values()) for ranking in results.values()]
    n = sum(map(len, columns))
    n_whole = sum(value >= 0 and value.is_integer() for column in columns for value in column)
    is_whole, like_ranks = n_whole == n, n_whole >= MOSTLY * n and _look_like_ranks(columns)
    if like_ranks and is_whole and (steps.only_rise or not steps.total):
        return "ranks"
    if steps.up <= FEW * steps.total:
        return "scores"
    if not like_ranks and not (is_whole and steps.only_rise) and not any(_counts(column) for column in columns):
        return "scores"
    raise InvalidInput(
        f"'{source}': the third column could hold ranks (the lowest first) or scores (the highest first): from line to line of a query "
        f"it rises {steps.up:,} times and does not {steps.down + steps.level:,} times. Expected one of the two in every query. "
        f"Say which: write '{source}@form=ranks' or '{source}@form=scores'."
    )


def _look_like_ranks(columns: list[list[float]]) -> bool:
    n = sum(map(len, columns))
    if sum(len(set(column)) for column in columns) < MOSTLY * n:
        return False
    start, n_start = Counter(map(min, columns)).most_common(1)[0]
    if start in (0, 1) if len(columns) == 1 else n_start >= max(2, len(columns) / 2):
        return True
    return sum(max(column) - min(column) + 1 for column in columns) <= MOST_GAPS * n


def _counts(column: list[float]) -> bool:
    """Say whether the values of a query are 1, 2, 3 …, which no scores are."""
    return len(column) > 2 and column == list(range(1, len(column) + 1))


def upside_down(steps: Steps, order: str) -> list[str]:
    """Return a note if the scores rise in every query, against the order of the file."""
    if not steps.only_rise or steps.up < ENOUGH_STEPS:
        return []
    return [
        f"in every query of this file the scores rise with {order}, as distances do; the highest score is put first "
        "(@form=ranks behind the file's name puts the first first)"
    ]
