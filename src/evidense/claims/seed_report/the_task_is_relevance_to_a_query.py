"""S5, of the seed report: the probed task is to tell relevant from irrelevant documents with respect to a query."""

from evidense.claims._literature import DISSECT, HIDDEN, SEED_REPORT, Literature
from evidense.claims._worlds import PROBE, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="the_task_is_relevance_to_a_query",
    code="S5",
    sentence="The task considered by Reichman and Heck is that of distinguishing relevant and irrelevant documents with respect to a query.",
    source=SEED_REPORT.format(5, 0.02),
    decided_by=f"{DISSECT} --analysis published_probe",
    hypotheses=(
        Hypothesis(
            level="level",
            estimand="accuracy of the published probe minus that of its query-ablated twin, at a layer",
            comparator="the same probe without the query; with it, a probe of relevance must do better",
            sought=Sought("query gain", {"probe": ("published", "published converged")}, HIDDEN),
            margin_reason="5 points: a quarter of what the best published layer gains over chance; a probe of relevance gains far more",
            family="any layer may show it, by intervals that hold together; to fail, each layer by its own",
            refuted_by="the probe does as well without the query at every layer, so what it distinguishes is not relevance to it",
            **planted(PROBE, "above", 0.05, "any"),
        ),
    ),
)
