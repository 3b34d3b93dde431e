"""B1: pre-trained BERT tells relevant passages apart about as well as BERT fine-tuned by DPR."""

from evidense.claims._literature import (
    ACCURACY,
    AS_PUBLISHED,
    BASE,
    BY_PUBLISHED,
    BY_READING,
    DISSECT,
    DPR,
    FIVE_POINTS,
    HIDDEN,
    LAYERS,
    LAYERS_AND_N,
    PAPER_SCALE,
    READING,
    READS,
    REICHMAN,
    SELECTS,
    TWO_POINTS,
    Literature,
)
from evidense.claims._worlds import PAPER, PROBE, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="probe_accuracy_is_equal",
    code="B1",
    sentence="Pre-trained BERT discriminates relevant from irrelevant passages about as well as BERT fine-tuned by DPR.",
    source=REICHMAN,
    about=DPR,
    decided_by=f"{PAPER_SCALE}; of another tuning, as an analogue, {DISSECT}",
    hypotheses=(
        Hypothesis(
            level="level",
            estimand=ACCURACY.format(BY_READING),
            comparator=BASE,
            sought=Sought("change in accuracy", {**READING, "role": "tuned"}, HIDDEN),
            margin_reason=FIVE_POINTS,
            family=LAYERS,
            refuted_by="a layer at which DPR training adds or takes 5 points",
            controls=(READS, SELECTS),
            **planted(PROBE, "within", 0.05),
        ),
        Hypothesis(
            level="level",
            estimand=ACCURACY.format(BY_PUBLISHED),
            comparator=BASE,
            sought=Sought("change in accuracy", {**AS_PUBLISHED, "role": "tuned", "pooling": "cls"}, HIDDEN),
            margin_reason=TWO_POINTS,
            family=LAYERS_AND_N,
            refuted_by="a layer at which the interval lies wholly beyond 2 points; equal accuracy of this probe is not yet equal knowledge",
            **planted(PAPER, "within", 0.02),
        ),
    ),
)
