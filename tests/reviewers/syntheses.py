"""Invented syntheses: a question of several facets, sources about them, and statements that quote these sources."""

from dataclasses import replace
from functools import cache

import numpy as np

from evidense.values import Synthesis, SynthesisSource, SynthesisStatement

FACETS = ("dense retrieval", "images", "fine-tuning")
_SUBJECTS = (
    "Fine-tuning",
    "Contrastive pre-training",
    "A larger batch",
    "Alignment by labels",
    "Hard negatives",
    "Distillation",
)
_VERBS = ("improves", "raises", "increases", "lowers", "outperforms others in")
_MEASURES = ("recall", "nDCG@10", "precision", "the modality gap")
_PLACES = ("on photographs", "on short questions", "on scientific abstracts", "across five collections")
_LIMITATIONS = (
    "We searched two indexes only. Full texts were not read for some works. The sample is small. "
    "All verdicts are automatic and were not checked by people. Results may not carry to other languages and other domains."
)


def statement(rng: np.random.Generator, keys: list[str], number: int) -> SynthesisStatement:
    """Make one statement that says what its quotation says, with its number and its doubt."""
    subject, verb, measure, place = (str(rng.choice(words)) for words in (_SUBJECTS, _VERBS, _MEASURES, _PLACES))
    doubt = "may be what " if number % 3 == 0 else ""
    amount = f"{rng.integers(1, 90)}.{rng.integers(1, 10)}"
    text = f"{subject} {doubt}{verb} {measure} by {amount} points {place}."
    return SynthesisStatement(
        text, "finding", tuple(rng.choice(keys, size=min(2, len(keys)), replace=False).tolist()), text.replace("points", "points overall"), True,
        "SUPPORTED", "SUPPORTED" if number % 2 == 0 else "QUALIFIED", "S1 HOLDS at 3 levels" if number % 2 else "S2 UNDECIDED",
        frozenset({FACETS[number % len(FACETS)]}),
    )  # fmt: skip


@cache
def synthesis(seed: int, n_statements: int = 12, n_sources: int = 8) -> Synthesis:
    """Make a synthesis without a defect: everything cited, resolved, grounded and about the question."""
    rng = np.random.default_rng(seed)
    keys = [f"s{n}" for n in range(n_sources)]
    statements = tuple(statement(rng, keys, n) for n in range(n_statements))
    cited = {key for s in statements for key in s.sources}
    sources = tuple(
        SynthesisSource(
            key, f"Work {key} on {FACETS[n % 3]}", "We study retrieval of images.", True, False, frozenset(FACETS)
        )
        for n, key in enumerate(keys)
        if key in cited
    )
    return Synthesis(
        "What does fine-tuning add to dense retrieval of images?", FACETS, statements, sources,
        {"papers": len(sources), "claims": n_statements}, _LIMITATIONS, " ".join(s.text for s in statements),
    )  # fmt: skip


EMPTY = Synthesis("")
WITHOUT_SOURCES = replace(synthesis(0), sources=())
"""What reviewers must also bear."""
