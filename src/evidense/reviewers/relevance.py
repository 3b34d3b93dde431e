"""Relevance: which facets of the question each source is about."""

from dataclasses import dataclass

from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Relevance:
    """Counts each source by the share of the question's facets that it is about. A score below 5 caps the whole (`reviewing`)."""

    name: str = "relevance"
    dimension: str = "relevance"
    asks: str = "Is each source about each facet of the question?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the mean share of facets."""
        facets = frozenset(synthesis.facets)
        if not facets:
            return Vote(self.name, self.dimension, None, "the question has no known facet")
        counted = [Counted(s.key, len(facets & s.facets) / len(facets)) for s in synthesis.sources]
        per_facet = ", ".join(f"{f} {sum(f in s.facets for s in synthesis.sources)}" for f in sorted(facets))
        return share_vote(self, counted, f"sources are about every facet ({per_facet})", "it has no source")


PART = Relevance()
