"""What the claims of the literature share: their form, and how one level reads an interval."""

from dataclasses import dataclass

from evidense.errors import InvalidInput
from evidense.parts import Decision, Evidence, Hypothesis
from evidense.stats import three_way
from evidense.stats.equivalence import said

DISSECT = "evidense dissect BASE TUNED --on COLLECTION"
PAPER_SCALE = "evidense run paper_scale/yao2025 (the authors' checkpoints; --plan checks it without them)"
PUBLISHED = "evidense dissect --published yao2025"
FACTORIAL = "evidense run multimodal_factorial"


@dataclass(frozen=True)
class Literature:
    """A sentence of the literature with the levels at which it can be true, or the reason why none can be tested."""

    name: str
    code: str
    sentence: str
    source: str
    hypotheses: tuple[Hypothesis, ...] = ()
    untestable: str = ""
    decided_by: str = ""

    def decide(self, evidence: Evidence) -> Decision:
        """Decide the first level; the others are asked for by `decide_level`."""
        return Decision("NOT_TESTABLE", self.untestable) if self.untestable else decide_level(self.hypotheses[0], evidence)

    def true_world(self, seed: int) -> Evidence:
        """Return the first level's planted truth.

        Raises:
            InvalidInput: the claim cannot be tested, and ships no worlds.
        """
        return self._first.true_world(seed)

    def false_world(self, seed: int) -> Evidence:
        """Return the first level's planted falsehood.

        Raises:
            InvalidInput: the claim cannot be tested, and ships no worlds.
        """
        return self._first.false_world(seed)

    @property
    def _first(self) -> Hypothesis:
        if not self.hypotheses:
            raise InvalidInput(
                f"{self.code} cannot be tested ({self.untestable}) → expected a claim with worlds → choose another"
            )
        return self.hypotheses[0]


def decide_level(hypothesis: Hypothesis, evidence: Evidence) -> Decision:
    """Decide one level from one interval: a failed control or too few groups decide nothing; else `stats.three_way`."""
    e = evidence.estimate
    if evidence.failed:
        return Decision("UNDECIDED", f"a control did not pass: {'; '.join(evidence.failed)}")
    if e.n_clusters < 20:
        return Decision(
            "UNDECIDED", f"{e.n_clusters} independent groups of queries are too few to say; 20 are needed"
        )
    word = three_way(hypothesis.relation, (e.low, e.high), evidence.margin)
    return Decision(word, said(hypothesis.relation, (e.low, e.high), evidence.margin))
