"""Told: what changed inside a tuned encoder, in the sentences of the analyses, each from the findings that bear it."""

from collections.abc import Sequence

from evidense.records import Finding
from evidense.report.analysis_words import words_of
from evidense.report.places import grouped


def told(findings: Sequence[Finding]) -> str:
    """Return one sentence about a tuned encoder on a collection, in the order of the analyses' sentences; "" where none can be said."""
    by_analysis = grouped(findings, lambda f: str(f.site.get("analysis", "")))
    sentences = [(words.sentence, group) for name, group in by_analysis.items() if (words := words_of(name)).sentence]
    sentences.sort(key=lambda pair: pair[0].place)
    parts = [text for sentence, group in sentences if (text := sentence.of(group))]
    return f"{'; '.join(parts)}." if parts else ""
