"""Grounding: which share of the statements their own sources bear out, with quotations that stand where they say."""

from dataclasses import dataclass

from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Grounding:
    """Counts statements with a right quotation whose own source supports them, wholly or under a condition."""

    name: str = "grounding"
    dimension: str = "citation grounding"
    asks: str = "Does each statement stand in the source that it cites?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share of statements that are grounded; a qualified one counts half."""
        worth = {"SUPPORTED": 1.0, "QUALIFIED": 0.5}
        scores = {s.text: worth.get(s.grounded, 0.0) if s.is_span_right else 0.0 for s in synthesis.statements}
        if not scores:
            return Vote(self.name, self.dimension, None, "it makes no statement")
        score = 10 * sum(scores.values()) / len(scores)
        lacking = tuple(text for text, worth_of in scores.items() if worth_of < 1)
        return Vote(
            self.name,
            self.dimension,
            score,
            f"{len(scores) - len(lacking)} of {len(scores)} statements stand in their source",
            lacking,
        )


PART = Grounding()
