"""They interact: fine-tuning gains more, or less, after pre-training than without it, on either scale."""

from dataclasses import dataclass

from evidense.boundary.numerals import interval, short
from evidense.claims._effects import INTERACTION_MARGIN, MARGIN, few_clusters, over, world
from evidense.claims._interval import interval_words
from evidense.parts import Decision, Evidence
from evidense.stats import Estimate, label


@dataclass(frozen=True)
class TheyInteract:
    """Holds where the interval lies on one side of 0 and beyond the margin, and the interval on logits on the same side.

    An interaction of scores that are bounded may be one of the scale alone: near the floor or the ceiling there is less
    room to gain. Where the two scales disagree the claim is undecided, and the reason calls it scale-dependent.
    """

    name: str = "they_interact"
    sentence: str = "What alignment fine-tuning adds depends on whether pre-training came before it."
    source: str = "Evidense: the rule of docs/statistics.md, for seeds and queries"
    boundary: float = 0.0
    """The effect, in margins, at which the sentence turns false."""

    def decide(self, evidence: Evidence) -> Decision:
        """Read the interval on the measure, then ask whether the one on logits (where there is one) agrees."""
        e, m = evidence.estimate, evidence.margin
        word, few = label(e, m), few_clusters(evidence)
        if few is not None:
            return few
        side = {"HELPS": 1, "HARMS": -1}.get(word, 0)
        other = _side(evidence.logit) if evidence.logit is not None else side
        interval, tail = interval_words(e), over(evidence)
        if word == "UNDECIDED":
            return Decision("UNDECIDED", f"{interval} leaves an interaction and none possible{tail}")
        if side != other:
            return Decision(
                "UNDECIDED", f"scale-dependent: {interval} {_lies(side, m)}, but {_on_logits(evidence.logit)}"
            )
        if side == 0:
            return Decision("FAILS", f"{interval} lies within ±{short(m)}{tail}")
        agree = " on the measure, and on logits too" if evidence.logit is not None else " on the measure"
        return Decision("HOLDS", f"{interval} {_lies(side, m)}{agree}{tail}")

    def true_world(self, seed: int) -> Evidence:
        """Fine-tuning gains more after pre-training, or less, by turns: by twice the margin."""
        return world((0.0, 0.0, 2 * INTERACTION_MARGIN * (-1) ** seed), seed)["interaction"]

    def false_world(self, seed: int) -> Evidence:
        """Both help, and their gains add up."""
        return world((2 * MARGIN, 2 * MARGIN, 0.0), seed)["interaction"]


def _side(logit: Estimate) -> int:
    return 1 if logit.low > 0 else -1 if logit.high < 0 else 0


def _lies(side: int, margin: float) -> str:
    return f"lies {'above' if side > 0 else 'below'} 0" if side else f"lies within ±{short(margin)}"


def _on_logits(logit: Estimate | None) -> str:
    return f"on logits it is {interval(logit.low, logit.high)}" if logit is not None else "not on logits"


PART = TheyInteract()
