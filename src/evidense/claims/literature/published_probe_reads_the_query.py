"""E1, of our own: the probe that Yao et al. published uses the query. It is additive in query and passages, so it should not."""

from evidense.claims._literature import DISSECT, HIDDEN, Literature
from evidense.claims._worlds import PROBE, planted
from evidense.parts import Hypothesis, Sought

PART = Literature(
    name="published_probe_reads_the_query",
    code="E1",
    sentence="The published probe, a linear layer over [q; p1 … pN], does better with the query than without it.",
    source="Evidense, of the probe in the code of Yao et al., SIGIR 2025; that of Reichman and Heck is not published",
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
