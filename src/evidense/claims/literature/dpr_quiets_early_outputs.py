"""B3: DPR training lowers the number of active neurons in the output layers of the early blocks."""

from evidense.claims._literature import DISSECT, DPR, PAPER_SCALE, REICHMAN, Literature
from evidense.claims._worlds import TEXTS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="dpr_quiets_early_outputs",
    code="B3",
    sentence="DPR training lowers the number of active neurons in the output layers of the early blocks.",
    source=REICHMAN,
    about=DPR,
    decided_by=f"{PAPER_SCALE}; of another tuning, as an analogue, {DISSECT}",
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="mean over texts and over blocks of the first half of ln(effective number, tuned) − ln(…, base), in output modules",
            comparator="the backbone with the same read-out, on the same texts",
            sought=Sought("effective neurons ratio", {"role": "tuned", "module": "output"}, (0.0, 0.5)),
            margin_reason="ln 1.1, as for the intermediate layers",
            family="one interval: the mean over the blocks",
            refuted_by="a fall of less than a tenth over the early blocks",
            **planted(TEXTS, "below", 0.0953, "mean"),
        ),
    ),
)
