"""A7: RepLLaMA has fewer active intermediate neurons than LLaMA."""

from evidense.claims._literature import LAYERS, PAPER_SCALE, YAO, Literature
from evidense.claims._worlds import TEXTS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="repllama_quiets_neurons",
    code="A7",
    sentence="RepLLaMA has fewer active intermediate neurons than LLaMA.",
    source=f"{YAO}, with the threshold .01 'as this threshold provided the clearest trend'",
    decided_by=PAPER_SCALE,
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="mean over texts of ln(effective number, RepLLaMA) − ln(…, LLaMA) in an intermediate module; it needs no threshold",
            comparator="LLaMA, on the same texts",
            sought=Sought("effective neurons ratio", {"subject": "repllama", "module": "intermediate"}),
            margin_reason="ln 1.1, as for B2",
            family=LAYERS,
            refuted_by="a block whose effective number falls by less than a tenth",
            **planted(TEXTS, "below", 0.0953),
        ),
    ),
)
