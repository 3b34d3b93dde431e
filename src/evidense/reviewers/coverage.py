"""Coverage: which facets of the question a grounded statement speaks to."""

from dataclasses import dataclass

from evidense.reviewers._shares import Counted, is_grounded, share_vote
from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Coverage:
    """Counts facets of the question with a statement that stands in its source; one that does not counts half."""

    name: str = "coverage"
    dimension: str = "coverage of the question"
    asks: str = "Is each facet of the question answered?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share of facets that are answered."""
        counted = [Counted(facet, _answered(synthesis, facet)) for facet in dict.fromkeys(synthesis.facets)]
        return share_vote(
            self, counted, "facets of the question have a grounded statement", "the question has no known facet"
        )


def _answered(synthesis: Synthesis, facet: str) -> float:
    about = [s for s in synthesis.statements if facet in s.facets]
    return 1.0 if any(map(is_grounded, about)) else 0.5 if about else 0.0


PART = Coverage()
