"""Dimensions: the eight dimensions of quality of the public form, and which reviewers' votes each rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from evidense.values import Vote

HIGH, MEDIUM = 7.5, 5.0
"""The least score of a level."""


@dataclass(frozen=True)
class QualityDimension:
    """One dimension."""

    key: str
    definition: str
    votes: tuple[str, ...] = ()
    """What the reviewers that it rests on call their dimension."""
    lacking: str = ""
    """Why it has no score, where no reviewer looks at it."""


DIMENSIONS = (
    QualityDimension("evidence_strength", "How far independent works bear the claims out.", ("corroboration",)),
    QualityDimension(
        "citation_grounding", "How far claims stand in the sources that they cite, and these exist.",
        ("citation grounding", "quotations", "resolved citations"),
    ),
    QualityDimension("numerical_consistency", "Whether the numbers of claims are those of their quotations.", ("numerical consistency",)),
    QualityDimension(
        "benchmark_validity", "Whether scores that are compared come from the same benchmark, split and metric.",
        lacking="no reviewer looks at benchmarks: tables are not read",
    ),
    QualityDimension(
        "novelty", "Whether the report says something that was not known.", lacking="no reviewer looks at novelty: every claim is a quotation",
    ),
    QualityDimension(
        "uncertainty_disclosure", "Whether doubts of the sources are kept and limits are stated.", ("uncertainty", "disclosure of limits"),
    ),
    QualityDimension("reproducibility_status", "How far the claims were put to an experiment, and what came of it.", ("tested by experiment",)),
    QualityDimension("safety_impact", "What harm the claims could do.", lacking="no reviewer looks at what the claims could be used for"),
)  # fmt: skip


@dataclass(frozen=True)
class ScoredDimension:
    """A dimension with its score and what this rests on."""

    dimension: QualityDimension
    score: float | None
    votes: tuple[Vote, ...]

    @property
    def level(self) -> str:
        """Return HIGH, MEDIUM or LOW; UNASSESSED without a score."""
        return level_of(self.score)

    @property
    def basis(self) -> str:
        """Say which votes it is the median of, or why there is none."""
        if self.dimension.lacking:
            return f"UNASSESSED: {self.dimension.lacking}."
        told = "; ".join(f"{v.reviewer}, {_shown(v.score)}: {v.reason}" for v in self.votes)
        if self.score is None:
            return f"UNASSESSED: {told or 'no reviewer voted'}."
        return f"Median of {len(self.votes)} vote{'s' if len(self.votes) != 1 else ''} in `votes` ({told})."


def level_of(score: float | None) -> str:
    """Return the level of a score.

    >>> level_of(7.5), level_of(5), level_of(0), level_of(None)
    ('HIGH', 'MEDIUM', 'LOW', 'UNASSESSED')
    """
    if score is None:
        return "UNASSESSED"
    return "HIGH" if score >= HIGH else "MEDIUM" if score >= MEDIUM else "LOW"


def scored(votes: Sequence[Vote]) -> dict[str, ScoredDimension]:
    """Return every dimension with the median of its reviewers' votes."""
    found = {}
    for dimension in DIMENSIONS:
        own = tuple(vote for vote in votes if vote.dimension in dimension.votes)
        known = [vote.score for vote in own if vote.score is not None]
        found[dimension.key] = ScoredDimension(dimension, median(known) if known else None, own)
    return found


def _shown(score: float | None) -> str:
    return "no score" if score is None else f"{score:.1f}"
