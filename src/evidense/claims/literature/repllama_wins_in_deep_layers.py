"""A5: RepLLaMA outperforms LLaMA in the deeper layers, by 18 to 22 percent."""

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
from evidense.claims._worlds import PAPER, TEXTS, planted
from evidense.parts import Hypothesis, Sought

_DEEP = (0.374, 1.0)
"""Relative depth of the deeper layers: layer 12 and deeper of 33."""
_WHERE = {**AS_PUBLISHED, "subject": ("repllama",), "against": "llama"}

PART = Literature(
    name="repllama_wins_in_deep_layers",
    code="A5",
    sentence="RepLLaMA outperforms LLaMA beyond about layer 12, with an 18 to 22 % improvement in deeper-layer accuracy.",
    source=YAO,
    decided_by=PAPER_SCALE,
    hypotheses=(
        Hypothesis(
            level="level",
            estimand=ACCURACY.format(BY_PUBLISHED),
            comparator=BASE,
            sought=Sought("change in accuracy", _WHERE, (0.43, 1.0)),
            margin_reason=TWO_POINTS,
            family=LAYERS_AND_N,
            refuted_by="a layer from 14 on (the claim says about 12, and the jump lies at 12 to 14) at which it gains less than 2 points",
            **planted(PAPER, "above", 0.02),
        ),
        Hypothesis(
            level="level",
            estimand="mean over layers from 12 on of accuracy(tuned) / accuracy(base) − 1, by the published probe",
            comparator=BASE,
            sought=Sought("relative gain in accuracy", _WHERE, _DEEP),
            margin_reason=".18: the lower end of what is claimed",
            family="one interval a data set and N: the mean over the layers; a relative gain depends on N, whose chance it contains",
            apart=("n_candidates",),
            refuted_by="a mean relative gain of less than 18 %",
            **planted(TEXTS, "above", 0.18, "mean"),
        ),
    ),
)
