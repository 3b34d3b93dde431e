"""S5, of the seed report: the probed task is to tell relevant from irrelevant documents with respect to a query. It describes a task."""

from evidense.claims._literature import SEED_REPORT, Literature

PART = Literature(
    name="the_task_is_relevance_to_a_query",
    code="S5",
    sentence="The task considered by Reichman and Heck is that of distinguishing relevant and irrelevant documents with respect to a query.",
    source=SEED_REPORT.format(5, ".02"),
    untestable="it says which task a study set itself; reading settles it, and the probe of Reichman and Heck was never published (E1 asks what the probe "
    "that Yao et al. published reads)",
)
