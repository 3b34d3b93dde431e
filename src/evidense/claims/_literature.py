"""What the claims of the literature share: their form, and how one level reads an interval."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidense.errors import InvalidInput
from evidense.parts import Control, Decision, Evidence, Hypothesis, Sought
from evidense.records import Json
from evidense.stats import three_way, too_few
from evidense.stats.equivalence import said

DISSECT = "evidense dissect BASE TUNED --on COLLECTION"
PAPER_SCALE = "evidense run paper_scale/yao2025 (the authors' checkpoints; --plan checks it without them)"
PUBLISHED = "evidense dissect --published yao2025"
FACTORIAL = "evidense run multimodal_factorial, with claims = ['literature']"

YAO = "Yao, Wang and Zuccon, SIGIR 2025 (arXiv 2505.07166)"
REICHMAN = "Reichman and Heck, Findings of EMNLP 2024 (arXiv 2402.11035), as Yao et al. 2025 report it"
SEED_REPORT = (
    "the seed report (Assignee Research, 2026), claim {} of 6, extracted with confidence {}, not verified by it"
)

READING: Mapping[str, Json] = {"probe": "hadamard", "control": "none"}
"""The probe of these claims: wᵀ(q ⊙ p), shared by all candidates, which can see relevance."""
AS_PUBLISHED: Mapping[str, Json] = {"probe": "published", "control": "none"}
"""The published probe: one linear layer over [q; p1 … pN], which cannot see relevance."""
HIDDEN = (0.01, 1.0)
"""All layers except the embeddings."""
LAST = (1.0, 1.0)
"""The last layer."""

ACCURACY = "mean over queries of right(tuned) − right(base) in choosing the relevant passage of N, at a layer, {}"
BY_READING = "by the probe wᵀ(q ⊙ p)"
BY_PUBLISHED = "by the published probe, a linear layer over [q; p1 … pN]"
BASE = "the backbone, on the same queries and candidates"
LAYERS = "the layers of a pair on a collection: to hold, each by its own interval; to fail, one by intervals that hold together"
LAYERS_AND_N = "the layers and N of a pair on a data set: to hold, each by its own interval; to fail, one by intervals that hold together"
ONE = "one interval a pair and collection"
TWO_POINTS = "2 points: a fifth of what the backbone's best layer gains over chance with N = 2, and less than 210 more training steps change"
STUDY_MARGIN = "the study's, as for its other effects: what raises a score lies above 0, and what fails to leaves no gain of that size"
FIVE_POINTS = "5 points: the least that 2,000 queries can decide at all of six layers; what the published probe's training alone changes"

DPR = ("dpr-question", "dpr-context", "dpr-paired")
"""Labels of the encoders that claims about DPR speak of; a verdict on another tuning is one on an analogue."""

PROBED_BY_YAO = (*DPR, "bert-base-uncased", "contriever", "llama", "repllama")

READS = Control(
    "the probe reads the query: its relevance gain over its query-ablated twin",
    Sought("relevance gain", READING, HIDDEN),
    0.05,
)
SELECTS = Control(
    "the probe does not just memorise: accuracy minus that of the control task",
    Sought("selectivity", READING, HIDDEN),
    0.1,
)


@dataclass(frozen=True)
class Literature:
    """A sentence of the literature, with the levels at which it can be true, or the reason why it cannot be tested."""

    name: str
    code: str
    sentence: str
    source: str
    hypotheses: tuple[Hypothesis, ...] = ()
    untestable: str = ""
    decided_by: str = ""
    about: tuple[str, ...] = ()

    def decide(self, evidence: Evidence) -> Decision:
        """Decide the first level. `decide_level` decides the others."""
        return (
            Decision("NOT_TESTABLE", self.untestable) if self.untestable else decide_level(self.hypotheses[0], evidence)
        )

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
    """Decide one level from one interval by `stats.three_way`. With a failed control or too few groups, it is UNDECIDED."""
    e = evidence.estimate
    if evidence.failed:
        return Decision("UNDECIDED", f"a control did not pass: {'; '.join(evidence.failed)}")
    if few := too_few(e.n_clusters):
        return Decision("UNDECIDED", few)
    word = three_way(hypothesis.relation, (e.low, e.high), evidence.margin)
    return Decision(word, said(hypothesis.relation, (e.low, e.high), evidence.margin))
