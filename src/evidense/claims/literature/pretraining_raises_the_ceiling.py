"""V3: contrastive pre-training raises what fine-tuning can reach."""

from evidense.claims._literature import FACTORIAL, Literature
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
            margin_reason=".1 of nDCG@10: what five seeds and 300 queries can find",
            family="one interval a collection, of the study's family",
            refuted_by="a gain of less than the margin at equal fine-tuning",
            **planted(FACTS, "above", 0.1, "mean"),
        ),
        Hypothesis(
            level="transfer",
            estimand="nDCG@10 of pre-trained and fine-tuned encoders minus that of fine-tuning alone with the budget of both",
            comparator="fine-tuning alone, for as many steps as both stages together",
            sought=Sought("effect", {"effect": "both − fine-tuned, total budget", "measure": "nDCG@10"}),
            margin_reason=".1, as above: a ceiling is not raised by what the same time would reach without pre-training",
            family="one interval a collection, of the study's family",
            refuted_by="fine-tuning alone that reaches as much in the same time",
            **planted(FACTS, "above", 0.1, "mean"),
        ),
    ),
)
