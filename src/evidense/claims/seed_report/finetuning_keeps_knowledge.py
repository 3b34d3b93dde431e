"""S2, of the seed report: fine-tuned retrievers encode knowledge as their backbone does. True or false at five levels."""

from evidense.claims._literature import (
    BASE,
    DISSECT,
    FIVE_POINTS,
    HIDDEN,
    LAYERS,
    ONE,
    READING,
    READS,
    SEED_REPORT,
    SELECTS,
    Literature,
)
from evidense.claims._worlds import ITEMS, ONE_PROBE, PROBE, planted
from evidense.parts import Control, Hypothesis, MarginRule, Sought
from evidense.stats.equivalence import Join

_SEEDS = "two seeds of the same fine-tuning: as far apart as they are, any two encoders may be"

_SHRUNK = {"probe": "shrunk", "control": "none"}
"""a·cos(q, p) + wᵀ(q ⊙ p), of which only w is penalised: it reads no layer worse than the cosine by shrinking."""
_AT_N = (
    "mean over queries of right(tuned) − right(base) in choosing the relevant passage of N (5, 50, all of a fold; the hardest first), "
    "by the probe wᵀ(q ⊙ p) shrunk towards the cosine, {}"
)
_READS = Control(READS.sentence, Sought("relevance gain", _SHRUNK, HIDDEN), READS.least)
_RULE = MarginRule(
    Sought("change in accuracy", {**_SHRUNK, "role": "random"}, HIDDEN),
    Sought("change in accuracy", {**_SHRUNK, "role": "seed"}, HIDDEN),
)


def _level(joined: Join, estimand: str, family: str) -> Hypothesis:
    return Hypothesis(
        level="level",
        estimand=estimand,
        comparator=f"{BASE}; random weights set the largest margin, another seed of the tuning the least",
        sought=Sought("change in accuracy", {**_SHRUNK, "role": "tuned"}, HIDDEN),
        margin_reason="5 points, but at most a fifth of what training adds to random weights, and at least what two seeds differ by",
        family=family,
        refuted_by="one encoder finds the relevant passage more often by more than the margin",
        controls=(_READS,),
        apart=("n_candidates",),
        rule=_RULE,
        **planted(PROBE, "within", 0.05, joined),
    )


PART = Literature(
    name="finetuning_keeps_knowledge",
    code="S2",
    sentence="Fine-tuned dense retrieval models encode knowledge in a manner consistent with their pre-training initialization.",
    source=SEED_REPORT.format(2, ".14"),
    decided_by=f"{DISSECT} --seed-of-tuned OTHER_SEED; at level, with --analysis choices",
    hypotheses=(
        _level("every", _AT_N.format("at a layer"), f"{LAYERS}; one verdict each N"),
        _level("mean", _AT_N.format("mean over layers"), "one interval a pair, collection and N: the mean over layers"),
        Hypothesis(
            level="instance",
            estimand="agreement (κ) of per-query correctness of base and tuned, minus that of two seeds of the tuning",
            comparator=_SEEDS,
            sought=Sought("agreement", {**READING, "role": "tuned"}, HIDDEN),
            margin_reason="a tenth of the scale of κ, on which .1 separates adjacent words of the usual verbal scale by half",
            family=LAYERS,
            refuted_by="a layer at which base and tuned are right of other queries than two seeds are, by .1 of κ",
            controls=(READS, SELECTS),
            **planted(PROBE, "above", -0.1),
        ),
        Hypothesis(
            level="transfer",
            estimand="accuracy of the base's probe on the tuned encoder's states, after an orthogonal map, minus that of the tuned encoder's own",
            comparator="the tuned encoder's own probe, on the same queries",
            sought=Sought("transfer", {**READING, "role": "tuned"}, HIDDEN),
            margin_reason=FIVE_POINTS,
            family=LAYERS,
            refuted_by="a layer at which the base's probe loses 5 points on the tuned encoder",
            controls=(READS, SELECTS),
            **planted(PROBE, "above", -0.05),
        ),
        Hypothesis(
            level="geometry",
            estimand="debiased CKA(base, tuned) − debiased CKA(two seeds of the tuning), per layer",
            comparator=_SEEDS,
            sought=Sought("CKA beyond seeds", {"role": "tuned", "measure": "CKA"}, HIDDEN),
            margin_reason=".1 of CKA: about what separates neighbouring layers of one encoder",
            family=LAYERS,
            refuted_by="a layer at which tuning turned the space .1 of CKA further than another seed does",
            **planted(ITEMS, "above", -0.1),
        ),
        Hypothesis(
            level="cause",
            estimand="nDCG@10 that the tuned encoder loses without the base's most attributed neurons − without as many others, mean over shares of them",
            comparator="neurons drawn at random among those of equal magnitude",
            sought=Sought("pruning", {"role": "tuned", "order": "base", "control": "magnitude", "ablation": "zero"}),
            margin_reason=".05 of nDCG@10, twice the margin of a comparison: half of it would not be worth the claim",
            family=ONE,
            refuted_by="the tuned encoder works as well without the base's neurons as without any others",
            **planted(ONE_PROBE, "above", 0.05, "any"),
        ),
    ),
)
