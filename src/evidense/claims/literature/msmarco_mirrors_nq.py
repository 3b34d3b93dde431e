"""A3: layer trends on MS MARCO mirror those on Natural Questions, with larger fluctuation between layers. Twelve layers can never decide it."""

from evidense.claims._literature import AS_PUBLISHED, PUBLISHED, YAO, Literature
from evidense.claims._worlds import NEURONS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="msmarco_mirrors_nq",
    code="A3",
    sentence="Trends over layers on MS MARCO mirror those on Natural Questions, with larger fluctuation across layers.",
    source=YAO,
    decided_by=f"nothing can: layers are what is counted, a verdict needs twenty that are independent, and BERT has twelve; {PUBLISHED} shows the estimate",
    hypotheses=(
        Hypothesis(
            level="geometry",
            estimand="rank correlation over layers of (tuned − backbone) on MS MARCO with that on NQ, by the published probe",
            comparator="none: unrelated profiles correlate by 0; neighbouring layers depend on each other, so layers count as few",
            sought=Sought("correlation of profiles", AS_PUBLISHED),
            margin_reason=".3: a tenth of shared variance, the least that 'mirrors' can mean",
            family="one interval a model: the mean over N",
            refuted_by="profiles that correlate by less than .3",
            **planted(NEURONS, "above", 0.3, "mean"),
        ),
    ),
)
