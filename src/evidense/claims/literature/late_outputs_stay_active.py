"""A8: in DPR's passage encoder the output layers stay active, more so in late blocks."""

from evidense.claims._literature import ONE, PAPER_SCALE, YAO, Literature
from evidense.claims._worlds import SLOPES, planted
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
            estimand="mean over passages of the slope over blocks of ln(effective number), in output modules of the context encoder",
            comparator="no slope: as many neurons in early blocks as in late ones",
            sought=Sought(
                "effective neurons slope", {"subject": "dpr-context", "module": "output", "side": "document"}
            ),
            margin_reason="ln 1.5 over the eleven steps between twelve blocks: half as many again in the last as in the first",
            family=ONE,
            refuted_by="late output layers that are no more active than early ones",
            **planted(SLOPES, "above", 0.0369),
        ),
    ),
)
