"""S1, of the seed report: a study investigates whether knowledge is kept. It describes; nothing can refute it."""

from evidense.claims._literature import SEED_REPORT, Literature

PART = Literature(
    name="a_study_investigates_consistency",
    code="S1",
    sentence="The study investigates the consistency of embedding knowledge between dense retrievers and their untrained backbone counterparts.",
    source=SEED_REPORT.format(1, ".11"),
    untestable="it says what a study is about; reading the study settles it, and no outcome of an experiment would make it false",
)
