"""No harm: whether verdicts rule out a loss beyond the margin. The gate, its exit code and the word on the page all ask here."""

from collections.abc import Sequence
from typing import Literal

from evidense.boundary.numerals import interval, plain, short, signed
from evidense.records import Outcome, Study
from evidense.stats import MIN_CLUSTERS
from evidense.stats.rule import (
    floor_sentence,
    identical_sentence,
    is_at_floor,
    rules_out_loss,
    too_few,
    unseen_sentence,
)

Why = Literal["few", "floor", "interval", "unseen"]


def passes_no_harm(verdicts: Sequence[Outcome]) -> bool:
    """Say whether each verdict rules out a loss beyond its margin; no verdicts at all do not pass."""
    return bool(verdicts) and not any(possible_harm(verdict, verdict.margin) for verdict in verdicts)


def is_loss_ruled_out(verdict: Outcome, margin: float) -> bool:
    """Say whether a loss beyond the margin is ruled out on the verdict's collection."""
    groups = verdict.details.get("n_groups")
    return rules_out_loss(reach(verdict)[0], verdict.base_mean, verdict.n_clusters, margin, groups)


def reach(verdict: Outcome) -> tuple[float, float]:
    """Return the ends of the interval; where an index searched, those that also hold the interval by exact search."""
    index = verdict.details.get("index")
    if not index:
        return verdict.low, verdict.high
    _, low, high = index["exact"]
    return min(verdict.low, low), max(verdict.high, high)


def possible_harm(verdict: Outcome, margin: float, *, allow_undecided: bool = False) -> str:
    """Say which harm a verdict shows or leaves possible; nothing where the gate is met.

    With `allow_undecided` only a shown harm counts: the whole interval below 0 and not all of it inside the margin.
    """
    where = f"{verdict.system} on {verdict.collection}"
    _, high = reach(verdict)
    if high < 0 and verdict.low < -margin and verdict.n_clusters >= MIN_CLUSTERS:
        return f"{where}: HARMS ({signed(verdict.effect)} {interval(verdict.low, verdict.high)})"
    if allow_undecided or is_loss_ruled_out(verdict, margin):
        return ""
    return f"{where}: {_open_question(verdict, margin)}"


def why_open(verdict: Outcome, margin: float) -> Why | None:
    """Return why a loss beyond the margin is not ruled out; None if it is.

    "few": fewer groups than any verdict needs. "floor": the baseline has nothing to lose. "interval": the interval holds such a loss.
    "unseen": it does not, and the queries are too few to contain each kind of query that could lose so much.
    """
    if is_loss_ruled_out(verdict, margin):
        return None
    low, _ = reach(verdict)
    if too_few(verdict.n_clusters):
        return "few"
    if is_at_floor(verdict.base_mean, low, margin):
        return "floor"
    return "unseen" if low > -margin else "interval"


def n_different(verdict: Outcome) -> int:
    """Return the number of groups of queries that are not alike."""
    return int(verdict.details.get("n_groups", verdict.n_clusters))


def _open_question(verdict: Outcome, margin: float) -> str:
    low, _ = reach(verdict)
    why = why_open(verdict, margin)
    if why == "few":
        return too_few(verdict.n_clusters)
    if why == "floor":
        return floor_sentence(verdict.base_mean, margin)
    if why == "unseen":
        sentence = identical_sentence if verdict.verdict == "IDENTICAL" else unseen_sentence
        return sentence(n_different(verdict), margin, verdict.n)
    by_exact = " by exact search" if low < verdict.low else ""
    return f"a loss of {plain(-low)} is not ruled out{by_exact} (margin {short(margin)})"


def used_up(study: Study) -> list[str]:
    """Return the collections on which all planned looks are used up: no gate is met on them any more."""
    return [name for name, facts in study.observed.get("looks", {}).items() if facts["used_up"]]
