"""B5: facts removed from the backbone stay unretrievable after DPR training; facts added to it become retrievable."""

from evidense.claims._literature import DISSECT, REICHMAN, Literature
from evidense.claims._worlds import FACTS, planted
from evidense.parts import Control, Hypothesis, Sought

_WHAT = "(R@1 of edited facts − of matched facts) after tuning the edited backbone, minus the same after tuning the unedited one, {}"
_EDITED = {"method": ("knowledge neurons", "rank one"), "measure": "R@1"}
_AGAINST = (
    "matched facts that were not edited, and the unedited backbone tuned on the same order of data; over five seeds"
)
_REASON = "a tenth: one edited fact in ten; the claim is of facts as a kind, so it must show in more than a few"


def _took(direction: str, what: str) -> Control:
    return Control(
        f"the edit took: {what}",
        Sought("edit success", {"direction": direction, "method": _EDITED["method"], "prompts": "edited"}),
        0.5,
    )


PART = Literature(
    name="edits_of_facts_carry_over",
    code="B5",
    sentence="Facts removed from the pre-trained backbone stay unretrievable after DPR training, and facts added to it become retrievable.",
    source=REICHMAN,
    about=("bert-base-uncased",),
    decided_by=f"{DISSECT} --analysis editing",
    hypotheses=(
        Hypothesis(
            level="cause",
            estimand=_WHAT.format("facts erased, their pairs in the training"),
            comparator=_AGAINST,
            sought=Sought("difference in differences", {**_EDITED, "direction": "removed", "training": "present"}),
            margin_reason=_REASON,
            family="both methods of editing: to hold, each by its own interval",
            controls=(_took("removed", "most facts erased are no longer told"),),
            refuted_by="erased facts are retrieved as well after tuning as matched ones",
            **planted(FACTS, "below", 0.1),
        ),
        Hypothesis(
            level="cause",
            estimand=_WHAT.format("facts added, their pairs left out of the training"),
            comparator=_AGAINST,
            sought=Sought("difference in differences", {**_EDITED, "direction": "added", "training": "absent"}),
            margin_reason=_REASON,
            family="both methods of editing: to hold, each by its own interval",
            controls=(_took("added", "most facts added are told"),),
            refuted_by="added facts are retrieved no better after tuning than matched ones",
            **planted(FACTS, "above", 0.1),
        ),
    ),
)
