"""Spans: whether each statement quotes a passage that stands in its source where it says."""

from dataclasses import dataclass

from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Spans:
    """Counts statements with a quotation that stands in the source."""

    name: str = "spans"
    dimension: str = "quotations"
    asks: str = "Does each quotation stand in its source where it is said to?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share of statements with a right quotation."""
        counted = [Counted(s.text, float(bool(s.quote) and s.is_span_right)) for s in synthesis.statements]
        return share_vote(
            self, counted, "statements quote a passage that stands in its source", "it makes no statement"
        )


PART = Spans()
