"""B5: facts removed from the backbone stay unretrievable after DPR training; facts added to it become retrievable."""

from evidense.claims._literature import DISSECT, ONE, REICHMAN, Literature
from evidense.claims._worlds import FACTS, tested
from evidense.parts import Hypothesis, Sought

_WHAT = "(recall@10 of edited facts − of matched facts) after tuning the edited backbone, minus the same after tuning the unedited one, {}"
_AGAINST = "matched facts that were not edited, and the unedited backbone tuned on the same order of data; over five seeds"
_REASON = "a tenth: one edited fact in ten; the claim is of facts as a kind, so it must show in more than a few"

PART = Literature(
    name="edits_of_facts_carry_over",
    code="B5",
    sentence="Facts removed from the pre-trained backbone stay unretrievable after DPR training, and facts added to it become retrievable.",
    source=REICHMAN,
    decided_by=f"{DISSECT} --analysis editing",
    hypotheses=(
        Hypothesis(
            level="cause",
            estimand=_WHAT.format("facts erased"),
            comparator=_AGAINST,
            sought=Sought("difference in differences", {"edit": "erase"}),
            margin_reason=_REASON,
            family=ONE,
            refuted_by="erased facts are retrieved as well after tuning as matched ones",
            **tested(FACTS, "below", 0.1, "mean"),
        ),
        Hypothesis(
            level="cause",
            estimand=_WHAT.format("facts added"),
            comparator=_AGAINST,
            sought=Sought("difference in differences", {"edit": "add"}),
            margin_reason=_REASON,
            family=ONE,
            refuted_by="added facts are retrieved no better after tuning than matched ones",
            **tested(FACTS, "above", 0.1, "mean"),
        ),
    ),
)
