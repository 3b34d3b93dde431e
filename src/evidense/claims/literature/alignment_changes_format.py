"""V1: instruction and alignment data change the format of answers, not capability."""

from evidense.claims._literature import (
    ACCURACY,
    BASE,
    BY_READING,
    DISSECT,
    FACTORIAL,
    FIVE_POINTS,
    HIDDEN,
    LAYERS,
    READING,
    READS,
    SELECTS,
    STUDY_MARGIN,
    Literature,
)
from evidense.claims._worlds import FACTS, PROBE, planted
from evidense.parts import Hypothesis, Sought

_PRETRAINED = tuple(f"pre-trained #{seed}" for seed in range(5))
"""Cells of the image-text factorial."""

PART = Literature(
    name="alignment_changes_format",
    code="V1",
    sentence="Alignment data mainly change the format of a multimodal model's output and add little capability.",
    source="Xu et al., Findings of ACL 2024 (Vision-Flan, arXiv 2402.11690), carried over from generation to retrieval",
    decided_by=f"{FACTORIAL}, and {DISSECT} on its pre-trained and twice trained cells",
    hypotheses=(
        Hypothesis(
            level="level",
            estimand=ACCURACY.format(BY_READING),
            comparator=BASE,
            sought=Sought("change in accuracy", {**READING, "role": "tuned", "against": _PRETRAINED}, HIDDEN),
            margin_reason=FIVE_POINTS,
            family=LAYERS,
            refuted_by="a layer at which alignment adds 5 points that a probe could not read before",
            controls=(READS, SELECTS),
            **planted(PROBE, "within", 0.05),
        ),
        Hypothesis(
            level="transfer",
            estimand="nDCG@10 with alignment minus without, both after contrastive pre-training, over seeds and queries",
            comparator="the pre-trained encoder without alignment; five seeds",
            sought=Sought("effect", {"effect": "finetuning after pretraining", "measure": "nDCG@10"}),
            margin_reason=STUDY_MARGIN,
            margin_of="study",
            family="one interval a collection, of the study's family",
            refuted_by="a gain above the margin that is ruled out: then alignment changes nothing that retrieval can use",
            **planted(FACTS, "raises", 0.04, "mean"),
        ),
    ),
)
