"""A4: with mean pooling, the gap between the backbone and Contriever is small."""

from evidense.claims._literature import (
    ACCURACY,
    AS_PUBLISHED,
    BASE,
    BY_PUBLISHED,
    HIDDEN,
    LAYERS_AND_N,
    PAPER_SCALE,
    TWO_POINTS,
    YAO,
    Literature,
)
from evidense.claims._worlds import PAPER, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="mean_pooling_narrows_the_gap",
    code="A4",
    sentence="With mean pooling the difference in probing accuracy between BERT and Contriever is small.",
    source=YAO,
    about=("contriever",),
    decided_by=PAPER_SCALE,
    hypotheses=(
        Hypothesis(
            level="level",
            estimand=ACCURACY.format(BY_PUBLISHED),
            comparator=BASE,
            sought=Sought("change in accuracy", {**AS_PUBLISHED, "role": "tuned", "pooling": "mean"}, HIDDEN),
            margin_reason=TWO_POINTS,
            family=LAYERS_AND_N,
            refuted_by="a layer at which the interval lies wholly beyond 2 points; that none differs significantly does not show it",
            **planted(PAPER, "within", 0.02),
        ),
    ),
)
