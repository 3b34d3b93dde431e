"""Votes that are ten times a share: of statements, sources, facets or references, each worth 0 to 1."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from evidense.parts import Reviewer
from evidense.values import SynthesisStatement, Vote


@dataclass(frozen=True)
class Counted:
    """One thing that a reviewer looked at: its text or key, and what it is worth from 0 to 1."""

    named: str
    worth: float


def share_vote(reviewer: Reviewer, counted: Iterable[Counted], said: str, nothing: str) -> Vote:
    """Score ten times the mean worth, "N of M" before what `said` says of them; None with the reason `nothing` where nothing was counted.

    >>> from evidense.reviewers.spans import PART
    >>> share_vote(PART, [Counted("a", 1), Counted("b", 0)], "quotations are right", "nothing is quoted").reason
    '1 of 2 quotations are right'
    """
    all_of_it = list(counted)
    if not all_of_it:
        return Vote(reviewer.name, reviewer.dimension, None, nothing)
    lacking = tuple(one.named for one in all_of_it if one.worth < 1)
    score = 10 * fsum(one.worth for one in all_of_it) / len(all_of_it)  # fsum: the order of statements changes nothing
    reason = f"{len(all_of_it) - len(lacking)} of {len(all_of_it)} {said}"
    return Vote(reviewer.name, reviewer.dimension, score, reason, lacking)


def is_grounded(statement: SynthesisStatement) -> bool:
    """Say whether a statement stands in its own source, wholly or under a condition, with a right quotation."""
    return statement.is_span_right and statement.grounded in ("SUPPORTED", "QUALIFIED")
