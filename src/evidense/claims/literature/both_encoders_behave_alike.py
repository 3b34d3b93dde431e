"""B4: the question encoder and the context encoder of DPR behave alike."""

from evidense.claims._literature import (
    AS_PUBLISHED,
    HIDDEN,
    LAYERS_AND_N,
    PAPER_SCALE,
    REICHMAN,
    TWO_POINTS,
    Literature,
)
from evidense.claims._worlds import PAPER, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="both_encoders_behave_alike",
    code="B4",
    sentence="The question encoder and the context encoder of DPR show similar discriminative capability.",
    source=REICHMAN,
    decided_by=PAPER_SCALE,
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="mean over queries of right(context encoder) − right(question encoder), by the published probe, at a layer",
            comparator="the question encoder, on the same queries and candidates",
            sought=Sought(
                "change in accuracy", {**AS_PUBLISHED, "subject": ("dpr-context",), "against": "dpr-question"}, HIDDEN
            ),
            margin_reason=TWO_POINTS,
            family=LAYERS_AND_N,
            refuted_by="a layer at which the encoders differ by 2 points, both read with their own weights",
            **planted(PAPER, "within", 0.02),
        ),
    ),
)
