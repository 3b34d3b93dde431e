"""Alignment fine-tuning adds: cells with it score higher than cells without it, with and without pre-training on average."""

from dataclasses import dataclass

from evidense.claims._effects import MARGIN, over, world
from evidense.claims._interval import decide_gain
from evidense.parts import Decision, Evidence


@dataclass(frozen=True)
class FinetuningAdds:
    """Holds where the rule says HELPS of the main effect; fails where a gain beyond the margin is ruled out."""

    name: str = "finetuning_adds"
    sentence: str = "Alignment fine-tuning raises the score, averaged over cells with and without pre-training."
    source: str = "Evidense: the rule of docs/statistics.md, for seeds and queries"
    boundary: float = 0.0
    """The effect, in margins, at which the sentence turns false."""

    def decide(self, evidence: Evidence) -> Decision:
        """Read the interval over seeds and queries as `helps` reads one over queries."""
        return decide_gain(evidence, over(evidence))

    def true_world(self, seed: int) -> Evidence:
        """Only fine-tuning helps, by twice the margin."""
        return world((0.0, 2 * MARGIN, 0.0), seed)["finetuning"]

    def false_world(self, seed: int) -> Evidence:
        """Return evidence from a world where only pre-training helps."""
        return world((2 * MARGIN, 0.0, 0.0), seed)["finetuning"]


PART = FinetuningAdds()
