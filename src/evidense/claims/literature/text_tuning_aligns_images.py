"""V2: contrastive tuning on text alone improves the alignment of images and text."""

from evidense.claims._literature import FIVE_POINTS, HIDDEN, LAYERS, ONE, READING, Literature
from evidense.claims._worlds import ITEMS, PROBE, planted
from evidense.parts import Condition, Hypothesis, Sought

_ONE_MODEL = Condition(
    "towers", "one", "pictures and texts go through one tower, so that tuning on texts can move pictures"
)

PART = Literature(
    name="text_tuning_aligns_images",
    code="V2",
    sentence="Contrastive tuning on text alone improves the alignment of images and text.",
    source="E5-V (Jiang et al. 2024); LCO-Emb (NeurIPS 2025, arXiv 2510.11693)",
    decided_by="a study file whose [[dissect]] has an encoder with one model for pictures and texts, its tuning on text pairs, and tuned_on = 'text'",
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="mean over queries of right(tuned on text) − right(base) in choosing the picture that answers a text, by wᵀ(q ⊙ p)",
            comparator="the image-text encoder before it was tuned, on the same queries",
            sought=Sought("change in accuracy", {**READING, "tuned_on": "text"}, HIDDEN),
            margin_reason=FIVE_POINTS,
            family=f"{LAYERS}; any may show it",
            needs=(_ONE_MODEL,),
            refuted_by="no layer at which cross-modal choices gain 5 points",
            **planted(PROBE, "above", 0.05, "any"),
        ),
        Hypothesis(
            level="geometry",
            estimand="squared distance of a text's and its picture's unit vectors, tuned minus base",
            comparator="the image-text encoder before it was tuned",
            sought=Sought("change of pair distance", {"tuned_on": "text"}),
            margin_reason=".05, of about 1.4 between pairs of a trained CLIP and 2 between strangers",
            family=ONE,
            needs=(_ONE_MODEL,),
            refuted_by="pairs that are no closer",
            **planted(ITEMS, "below", 0.05, "any"),
        ),
    ),
)
