"""Citations: whether what each statement cites is listed, and an index has it."""

from dataclasses import dataclass

from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Citations:
    """Counts each statement by the share of what it cites that is listed and resolved; one that cites nothing counts nothing."""

    name: str = "citations"
    dimension: str = "resolved citations"
    asks: str = "Is each cited work listed, and does an index have it?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the mean share."""
        resolved = {source.key for source in synthesis.sources if source.is_resolved}
        counted = [
            Counted(s.text, sum(key in resolved for key in s.sources) / len(s.sources) if s.sources else 0.0)
            for s in synthesis.statements
        ]
        return share_vote(self, counted, "statements cite works that an index has", "it makes no statement")


PART = Citations()
