"""Gate: may a system ship? It is met or not, with the rows that fail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from evidense.boundary.numerals import interval, short, signed
from evidense.compute.comparison.no_harm import possible_harm, reach
from evidense.errors import UnknownName
from evidense.records import Outcome
from evidense.stats import MIN_CLUSTERS
from evidense.stats.rule import Label

GateName = Literal["no-harm", "helps"]
LABELS = frozenset(get_args(Label))


@dataclass(frozen=True)
class Gate:
    """The result of a gate; true in a boolean context if the gate is met. `str` gives the verdict table, `repr` one line."""

    name: str
    margin: float
    passed: bool
    failures: tuple[str, ...]
    """One sentence per failing row."""
    table: str

    def __bool__(self) -> bool:
        """Return whether the gate is met."""
        return self.passed

    def __repr__(self) -> str:
        """Return the result and the first failing row on one line. pytest cuts longer lines and shows line ends as \\n."""
        more = f" (and {len(self.failures) - 1} more)" if len(self.failures) > 1 else ""
        return f"<{self._word()}{f': {self.failures[0]}{more}' if self.failures else ''}>"

    def __str__(self) -> str:
        """Return the result, the failing rows and the verdict table. `Result.assert_gate` shows this text."""
        return "\n".join([self._word(), *self.failures, self.table])

    def _word(self) -> str:
        return f"gate {self.name} at margin {short(self.margin)}: {'met' if self.passed else 'NOT met'}"


def gate(
    verdicts: Sequence[Outcome], name: str, margin: float, *, allow_undecided: bool = False, table: str = ""
) -> Gate:
    """Check every comparison against a gate.

    `no-harm` is met if a loss beyond the margin is ruled out on every collection (low > −margin). This needs at least 20 independent
    groups of queries and a baseline that has something to lose (`stats.rule.is_at_floor`). A system that does not gain also needs
    enough groups to have seen every kind of query that could lose as much (`stats.rule.sees_all`: 183 groups at a margin of .02).
    `helps` is met if the verdict on every collection is HELPS. With `allow_undecided`, only rows decided to the contrary fail.

    Raises:
        UnknownName: there is no gate of this name.
    """
    if name not in _REFUSALS:
        raise UnknownName.among("gate", name, _REFUSALS)
    rows = [v for v in verdicts if v.verdict in LABELS and v.low is not None]
    failures = tuple(text for v in rows if (text := _REFUSALS[name](v, margin, allow_undecided)))
    return Gate(name, margin, not failures and bool(rows), failures, table)


def _harm(verdict: Outcome, margin: float, allow_undecided: bool) -> str:
    return possible_harm(verdict, margin, allow_undecided=allow_undecided)


def _no_help(v: Outcome, margin: float, allow_undecided: bool) -> str:
    low, high = reach(v)
    helps = low > 0 and v.high > margin and v.n_clusters >= MIN_CLUSTERS
    decided = v.n_clusters >= MIN_CLUSTERS and (high < 0 or (low >= -margin and high <= margin))
    if helps or (allow_undecided and not decided):
        return ""
    return f"{v.system} on {v.collection}: not shown to help ({signed(v.effect)} {interval(v.low, v.high)})"


_REFUSALS: dict[str, Callable[[Outcome, float, bool], str]] = {"no-harm": _harm, "helps": _no_help}
