"""Grounding: which share of the statements their own sources bear out, with quotations that stand where they say."""

from dataclasses import dataclass

from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, Vote

_WORTH = {"SUPPORTED": 1.0, "QUALIFIED": 0.5}


@dataclass(frozen=True)
class Grounding:
    """Counts statements with a right quotation whose own source supports them, wholly or under a condition."""

    name: str = "grounding"
    dimension: str = "citation grounding"
    asks: str = "Does each statement stand in the source that it cites?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share of statements that are grounded; a qualified one counts half."""
        counted = [Counted(s.text, _WORTH.get(s.grounded, 0.0) * s.is_span_right) for s in synthesis.statements]
        return share_vote(self, counted, "statements stand in their source", "it makes no statement")


PART = Grounding()
