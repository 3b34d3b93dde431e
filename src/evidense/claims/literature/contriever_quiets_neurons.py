"""A6: Contriever has fewer active intermediate neurons than BERT in every layer."""

from evidense.claims._literature import LAYERS, PAPER_SCALE, YAO, Literature
from evidense.claims._worlds import TEXTS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="contriever_quiets_neurons",
    code="A6",
    sentence="Contriever has fewer active neurons than BERT in the intermediate layer of every block, and its early output layers are not suppressed.",
    source=YAO,
    decided_by=PAPER_SCALE,
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="mean over texts of ln(effective number, Contriever) − ln(…, BERT) in an intermediate module, mean pooling with the mask",
            comparator="BERT, on the same texts",
            sought=Sought("effective neurons ratio", {"subject": "contriever", "module": "intermediate"}),
            margin_reason="ln 1.1, as for B2",
            family=LAYERS,
            refuted_by="a block whose effective number falls by less than a tenth",
            **planted(TEXTS, "below", 0.0953),
        ),
        Hypothesis(
            level="level",
            estimand="the same, mean over the output modules of the first half",
            comparator="BERT, on the same texts",
            sought=Sought("effective neurons ratio", {"subject": "contriever", "module": "output"}, (0.0, 0.5)),
            margin_reason="ln 1.1: a fall of less than a tenth is no suppression",
            family="one interval: the mean over the blocks",
            refuted_by="a fall of more than a tenth over the early output layers",
            **planted(TEXTS, "above", -0.0953, "mean"),
        ),
    ),
)
