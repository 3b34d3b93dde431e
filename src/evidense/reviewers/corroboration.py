"""Corroboration: which share of the statements works bear out that are independent of their source."""

from dataclasses import dataclass

from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, Vote

_WORTH = {"SUPPORTED": 1.0, "QUALIFIED": 0.5, "MIXED": 0.5}


@dataclass(frozen=True)
class Corroboration:
    """Counts statements that independent works support; under a condition, or with works on both sides, half."""

    name: str = "corroboration"
    dimension: str = "corroboration"
    asks: str = "Do independent works say so too?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share."""
        counted = [Counted(s.text, _WORTH.get(s.corroborated, 0.0)) for s in synthesis.statements]
        return share_vote(self, counted, "statements are borne out by independent works", "it makes no statement")


PART = Corroboration()
