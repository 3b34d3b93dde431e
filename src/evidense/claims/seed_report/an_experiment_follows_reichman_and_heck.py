"""S3, of the seed report: a probing experiment follows Reichman and Heck. It describes; nothing can refute it."""

from evidense.claims._literature import SEED_REPORT, Literature

PART = Literature(
    name="an_experiment_follows_reichman_and_heck",
    code="S3",
    sentence="A linear probing experiment is conducted following the methodology proposed by Reichman and Heck (2024).",
    source=SEED_REPORT.format(3, ".03"),
    untestable="it says what a study did; reading settles it (and the probe, optimiser and split that it follows were never published)",
)
