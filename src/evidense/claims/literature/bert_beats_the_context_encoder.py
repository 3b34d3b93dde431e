"""A1: pre-trained BERT outperforms DPR's passage encoder, and the pair of both encoders, in probing."""

from evidense.claims._literature import (
    ACCURACY,
    AS_PUBLISHED,
    BASE,
    BY_PUBLISHED,
    LAYERS_AND_N,
    PAPER_SCALE,
    TWO_POINTS,
    YAO,
    Literature,
)
from evidense.claims._worlds import PAPER, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="bert_beats_the_context_encoder",
    code="A1",
    sentence="Pre-trained BERT (CLS) outperforms the DPR passage encoder and the pair of DPR encoders in linear probing.",
    source=YAO,
    decided_by=PAPER_SCALE,
    hypotheses=(
        Hypothesis(
            level="level",
            estimand=ACCURACY.format(BY_PUBLISHED),
            comparator=BASE,
            sought=Sought(
                "change in accuracy",
                {**AS_PUBLISHED, "subject": ("dpr-context", "dpr-paired"), "against": "bert-base-uncased"},
                (0.5, 1.0),
            ),
            margin_reason=TWO_POINTS,
            family=LAYERS_AND_N,
            refuted_by="a layer of the upper half at which the context encoder, read with its own weights, loses less than 2 points",
            **planted(PAPER, "below", 0.02),
        ),
    ),
)
