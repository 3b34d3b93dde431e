"""B2: DPR training raises the number of active neurons in the intermediate layer of every block."""

from evidense.claims._literature import DISSECT, DPR, LAYERS, PAPER_SCALE, REICHMAN, Literature
from evidense.claims._worlds import TEXTS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="dpr_activates_more_neurons",
    code="B2",
    sentence="DPR training activates more neurons in the intermediate layer of every transformer block than pre-trained BERT does.",
    source=REICHMAN,
    about=DPR,
    decided_by=f"{PAPER_SCALE}; of another tuning, as an analogue, {DISSECT}",
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="mean over texts of ln(effective number of attributed neurons, tuned) − ln(…, base), in an intermediate module",
            comparator="the backbone with the same read-out, on the same texts",
            sought=Sought("effective neurons ratio", {"role": "tuned", "module": "intermediate"}),
            margin_reason="ln 1.1: a third of the least rise that was published (32 %)",
            family=LAYERS,
            refuted_by="a block whose effective number rises by less than a tenth",
            **planted(TEXTS, "above", 0.0953),
        ),
    ),
)
