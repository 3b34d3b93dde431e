"""A9: patterns of active neurons do not depend on the data set."""

from evidense.claims._literature import DISSECT, ONE, YAO, Literature
from evidense.claims._worlds import NEURONS, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="neurons_do_not_depend_on_data",
    code="A9",
    sentence="Patterns of neuron activation are consistent across data sets.",
    source=f"{YAO}, where it is said and not quantified",
    decided_by=f"{DISSECT}, on two collections, with neurons compared between them",
    hypotheses=(
        Hypothesis(
            level="instance",
            estimand="rank correlation, over the neurons of an encoder, of their mean attribution on one collection with that on another",
            comparator="halves of one collection: what sampling alone leaves",
            sought=Sought("agreement of neurons between collections", {}),
            margin_reason=".4: less would leave most of the order to the collection",
            family=ONE,
            refuted_by="a rank correlation of less than .4",
            **planted(NEURONS, "above", 0.4, "mean"),
        ),
    ),
)
