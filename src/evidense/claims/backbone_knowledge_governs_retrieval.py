"""A10: knowledge from pre-training governs how effective a dense retriever is."""

from evidense.claims._literature import DISSECT, ONE, YAO, Literature
from evidense.claims._worlds import NEURONS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="backbone_knowledge_governs_retrieval",
    code="A10",
    sentence="Pre-trained knowledge governs retrieval effectiveness in dense retrievers.",
    source=f"{YAO}; tested neither there nor by Reichman and Heck",
    decided_by=f"{DISSECT}, over several tuned encoders of one backbone, with the probe's margins kept for each query",
    hypotheses=(
        Hypothesis(
            level="cause",
            estimand="correlation over queries of the backbone's probe margin with the tuned encoder's nDCG@10, given BM25's nDCG@10",
            comparator="the same with random weights: what easy queries share",
            sought=Sought("partial correlation of backbone and retrieval", {"role": "tuned"}),
            margin_reason=".2: 4 % of the variance; less does not govern",
            family=ONE,
            refuted_by="what the backbone tells of a query says nothing of whether the tuned encoder answers it",
            **planted(NEURONS, "above", 0.2, "mean"),
        ),
    ),
)
