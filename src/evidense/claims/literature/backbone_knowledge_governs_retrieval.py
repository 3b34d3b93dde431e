"""A10: knowledge from pre-training governs how effective a dense retriever is. A partial correlation can be had; it shows no cause."""

from evidense.claims._literature import DISSECT, DPR, LAST, ONE, YAO, Literature
from evidense.claims._worlds import NEURONS, planted
from evidense.parts import Control, Hypothesis, Sought

PART = Literature(
    name="backbone_knowledge_governs_retrieval",
    code="A10",
    sentence="Pre-trained knowledge governs retrieval effectiveness in dense retrievers.",
    source=f"{YAO}; tested neither there nor by Reichman and Heck",
    about=DPR,
    decided_by=f"{DISSECT}, TUNED several encoders tuned from one backbone, beside its random weights (--random, 1 unless told)",
    hypotheses=(
        Hypothesis(
            level="instance",
            estimand="rank correlation over queries of the probe's margin at the backbone's last layer with the tuned encoder's nDCG@10, given BM25's",
            comparator="the same with random weights: what easy queries share",
            sought=Sought("partial correlation of backbone and retrieval", {"role": "tuned"}, LAST),
            margin_reason=".2: 4 % of the variance; less does not govern",
            family=f"{ONE}; a correlation over queries, from which no cause follows",
            refuted_by="what the backbone tells of a query says nothing of whether the tuned encoder answers it",
            controls=(
                Control(
                    "what random weights tell of a query says less",
                    Sought("partial correlation beyond random weights", {"role": "tuned"}, LAST),
                    0.0,
                ),
            ),
            **planted(NEURONS, "above", 0.2, "mean"),
        ),
    ),
)
