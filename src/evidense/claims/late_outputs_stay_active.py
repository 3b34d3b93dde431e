"""A8: in DPR's passage encoder the output layers stay active, more so in late blocks."""

from evidense.claims._literature import PAPER_SCALE, YAO, Literature
from evidense.claims._worlds import TEXTS, tested
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="late_outputs_stay_active",
    code="A8",
    sentence="In the DPR passage encoder output layers are consistently active, with stronger activity in the later blocks.",
    source=f"{YAO}; very probably seen on random weights, see A1",
    decided_by=PAPER_SCALE,
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="mean over texts and over blocks of the last third of ln(effective number, context encoder) − ln(…, BERT), in output modules",
            comparator="BERT with the same read-out, on the same passages",
            sought=Sought("effective neurons ratio", {"subject": "dpr-context", "module": "output"}, (0.67, 1.0)),
            margin_reason="ln 1.1, as for B2",
            family="one interval: the mean over the blocks",
            refuted_by="late output layers that are no more active than the backbone's",
            **tested(TEXTS, "above", 0.0953, "mean"),
        ),
    ),
)
