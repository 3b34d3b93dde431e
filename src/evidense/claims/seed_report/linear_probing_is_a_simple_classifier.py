"""S4, of the seed report: linear probing is training a simple linear classifier on embeddings. It defines a word."""

from evidense.claims._literature import SEED_REPORT, Literature

PART = Literature(
    name="linear_probing_is_a_simple_classifier",
    code="S4",
    sentence="Linear probing involves training a simple linear classifier on embeddings extracted from different layers of a model.",
    source=SEED_REPORT.format(4, ".03"),
    untestable="it defines a word; a definition is useful or not, but no experiment can find it false",
)
