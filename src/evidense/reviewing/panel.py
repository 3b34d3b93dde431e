"""A panel of reviewers: raw votes, their median, a cap, and how far reviewers of one dimension agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from evidense.parts import Reviewer
from evidense.stats import Agreement, krippendorff_alpha
from evidense.values import Synthesis, Vote

CAP = 4.0
"""The most that a synthesis gets whose sources are beside the question, or of which nothing stands in its source."""
RELEVANCE_FAILS = 5.0
"""Below it, sources are on average about less than half of the facets of the question."""


@dataclass(frozen=True)
class Panel:
    """What reviewers make of one synthesis."""

    votes: tuple[Vote, ...]
    """In the order of the reviewers."""
    median: float | None
    """Of the dimensions that have a score, each by the median of its votes; None where none has."""
    score: float | None
    """The median, or the cap where that is lower."""
    capped: tuple[str, ...]
    """Why the cap holds, if it does."""
    agreement: Agreement
    """Of reviewers over dimensions; not defined where each dimension has one reviewer."""

    @property
    def dimensions(self) -> Mapping[str, float | None]:
        """Return dimension → median of its votes."""
        return {
            dimension: _middle(self.votes, dimension) for dimension in dict.fromkeys(v.dimension for v in self.votes)
        }


def review(synthesis: Synthesis, reviewers: Sequence[Reviewer], *, seed: int = 0) -> Panel:
    """Ask each reviewer, alone, and join the votes.

    >>> from evidense.reviewers.grounding import PART as grounding
    >>> review(Synthesis("Does tuning help?"), [grounding]).capped
    ('nothing is grounded',)
    """
    return joined([reviewer.vote(synthesis) for reviewer in reviewers], seed=seed)


def joined(votes: Sequence[Vote], *, seed: int = 0) -> Panel:
    """Join votes, also such as were read from records."""
    scores = [_middle(votes, dimension) for dimension in dict.fromkeys(vote.dimension for vote in votes)]
    known = [score for score in scores if score is not None]
    middle = median(known) if known else None
    capped = _capped(votes)
    score = min(middle, CAP) if middle is not None and capped else middle
    return Panel(tuple(votes), middle, score, capped, _agreement(votes, seed))


def _middle(votes: Sequence[Vote], dimension: str) -> float | None:
    scores = [vote.score for vote in votes if vote.dimension == dimension and vote.score is not None]
    return median(scores) if scores else None


def _capped(votes: Sequence[Vote]) -> tuple[str, ...]:
    asked = {vote.dimension for vote in votes}
    relevance, grounded = _middle(votes, "relevance"), _middle(votes, "citation grounding")
    why = []
    if relevance is not None and relevance < RELEVANCE_FAILS:
        why.append(f"relevance fails: {relevance:.1f} of 10")
    if "citation grounding" in asked and not grounded:
        why.append("nothing is grounded")
    return tuple(why)


def _agreement(votes: Sequence[Vote], seed: int) -> Agreement:
    reviewers = list(dict.fromkeys(vote.reviewer for vote in votes))
    dimensions = list(dict.fromkeys(vote.dimension for vote in votes))
    ratings = np.full((len(reviewers), len(dimensions)), np.nan)
    for vote in votes:
        if vote.score is not None:
            ratings[reviewers.index(vote.reviewer), dimensions.index(vote.dimension)] = vote.score
    return krippendorff_alpha(ratings, "ordinal", seed=seed)
