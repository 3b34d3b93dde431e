"""V3: contrastive pre-training raises what fine-tuning can reach."""

from evidense.claims._literature import FACTORIAL, STUDY_MARGIN, Literature
from evidense.claims._worlds import FACTS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="pretraining_raises_the_ceiling",
    code="V3",
    sentence="Contrastive pre-training raises the effectiveness that the same fine-tuning reaches.",
    source="Ma et al., SIGIR 2022 (COSTA, arXiv 2204.10641); MoCa (arXiv 2506.23115)",
    decided_by=FACTORIAL,
    hypotheses=(
        Hypothesis(
            level="cause",
            estimand="nDCG@10 of pre-trained and fine-tuned encoders minus that of fine-tuned ones, over seeds and queries",
            comparator="the same fine-tuning from the same start without pre-training; five seeds",
            sought=Sought("effect", {"effect": "pretraining before finetuning", "measure": "nDCG@10"}),
            margin_reason=STUDY_MARGIN,
            margin_of="study",
            family="one interval a collection, of the study's family",
            refuted_by="a gain above the margin that is ruled out at equal fine-tuning",
            **planted(FACTS, "raises", 0.04, "mean"),
        ),
        Hypothesis(
            level="transfer",
            estimand="nDCG@10 of pre-trained and fine-tuned encoders minus that of fine-tuning alone with the budget of both",
            comparator="fine-tuning alone, for as many steps as both stages together",
            sought=Sought("effect", {"effect": "both − fine-tuned, total budget", "measure": "nDCG@10"}),
            margin_reason=STUDY_MARGIN,
            margin_of="study",
            family="one interval a collection, of the study's family",
            refuted_by="a gain above the margin that is ruled out: fine-tuning alone reaches as much in the same time",
            **planted(FACTS, "raises", 0.04, "mean"),
        ),
    ),
)
