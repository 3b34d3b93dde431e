"""S6, of the seed report: a linear classifier's high accuracy suggests that embeddings contain structure."""

from evidense.claims._literature import AS_PUBLISHED, DISSECT, HIDDEN, READING, SEED_REPORT, Literature
from evidense.claims._worlds import PROBE, planted
from evidense.parts import Hypothesis, Sought

_ANY = "any layer may show it, by intervals that hold together; to fail, each layer by its own"

PART = Literature(
    name="high_accuracy_suggests_structure",
    code="S6",
    sentence="If a linear classifier achieves high accuracy, it suggests that the embeddings contain structure.",
    source=SEED_REPORT.format(6, ".03"),
    decided_by=f"{DISSECT}, with random weights and the analysis published_probe",
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="selectivity of wᵀ(q ⊙ p): accuracy minus that on a control task of random labels that are fixed for each passage, on the backbone",
            comparator="the control task: what the classifier achieves where there is no structure to find",
            sought=Sought("selectivity", {**READING, "role": "base"}, HIDDEN),
            margin_reason="5 points: half of what the backbone's best layer gains over chance with N = 2",
            family=_ANY,
            refuted_by="labels that mean nothing are told apart as well",
            **planted(PROBE, "above", 0.05, "any"),
        ),
        Hypothesis(
            level="cause",
            estimand="accuracy of the published probe on the same architecture with random weights, minus that on the backbone",
            comparator="random weights: what the architecture shows of the text without any training",
            sought=Sought("change in accuracy", {**AS_PUBLISHED, "role": "random"}, HIDDEN),
            margin_reason="5 points, as above",
            family=_ANY,
            refuted_by="random weights reach the same accuracy, so it is the input's structure and not that of what was learnt",
            **planted(PROBE, "below", 0.05, "any"),
        ),
    ),
)
