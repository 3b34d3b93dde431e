"""A9: patterns of active neurons do not depend on the data set."""

from evidense.claims._literature import DISSECT, ONE, PROBED_BY_YAO, YAO, Literature
from evidense.claims._worlds import NEURONS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="neurons_do_not_depend_on_data",
    code="A9",
    sentence="Patterns of neuron activation are consistent across data sets.",
    source=f"{YAO}, where it is said and not quantified",
    about=PROBED_BY_YAO,
    decided_by=f"{DISSECT},ANOTHER --analysis neurons",
    hypotheses=(
        Hypothesis(
            level="instance",
            estimand="rank correlation, over the neurons of a module, of their mean attribution on one collection with that on another, "
            "divided by that of halves of one collection; mean over modules",
            comparator="halves of one collection: what sampling alone leaves",
            sought=Sought("agreement of neurons between collections", {"side": "query", "role": ("base", "tuned")}),
            margin_reason=".4: less would leave most of the order to the collection",
            family=ONE,
            refuted_by="a rank correlation of less than .4",
            **planted(NEURONS, "above", 0.4, "mean"),
        ),
    ),
)
