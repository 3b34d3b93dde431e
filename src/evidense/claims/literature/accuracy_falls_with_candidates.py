"""A2: probing accuracy falls as the number of passages grows. Chance falls too, so it is asked above chance."""

from evidense.claims._literature import AS_PUBLISHED, HIDDEN, PUBLISHED, YAO, Literature
from evidense.claims._worlds import DISCRIMINATING, PAPER, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="accuracy_falls_with_candidates",
    code="A2",
    sentence="Probing accuracy decreases as the number of candidate passages N increases.",
    source=YAO,
    decided_by=PUBLISHED,
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="mean over layers of κ(N = 5) − κ(N = 2), κ = (accuracy − 1/N) / (1 − 1/N), by the published probe",
            comparator="the same model with N = 2; raw accuracy must fall, since chance falls from .5 to .2",
            sought=Sought("change in chance-corrected accuracy", AS_PUBLISHED, HIDDEN),
            margin_reason=".02 of κ: with N = 2 a point of accuracy is 2 points of κ",
            family="one interval a model, pooling and data set: the mean over its layers",
            apart=("pooling",),
            refuted_by="κ that does not fall: then only chance does",
            **planted(PAPER, "below", 0.02, "mean"),
        ),
        Hypothesis(
            level="level",
            estimand="mean over layers of d′(N = 5) − d′(N = 2), by the published probe: κ falls with N even where passages are as easy to tell apart",
            comparator="the same model with N = 2, at equal d′ (normal scores of equal variance)",
            sought=Sought("change in discriminability", AS_PUBLISHED, HIDDEN),
            margin_reason=".1 of d′: 3 points of accuracy with N = 2, and what 6,515 questions can decide",
            family="one interval a model, pooling and data set: the mean over its layers",
            apart=("pooling",),
            refuted_by="d′ that does not fall: then accuracy falls by arithmetic alone",
            **planted(DISCRIMINATING, "below", 0.1, "mean"),
        ),
    ),
)
