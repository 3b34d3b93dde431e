"""Directions: whether a statement says the same as its quotation, and not the contrary."""

from dataclasses import dataclass

from evidense.reviewers._beside_quotes import is_turned
from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Directions:
    """Counts statements that neither deny their quotation nor turn its direction."""

    name: str = "directions"
    dimension: str = "direction of findings"
    asks: str = "Does each statement say what its quotation says, and not the contrary?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share of quoting statements that go the way of their quotation."""
        counted = [Counted(s.text, float(not is_turned(s.text, s.quote))) for s in synthesis.statements if s.quote]
        return share_vote(self, counted, "statements go the way of their quotation", "no statement quotes a passage")


PART = Directions()
