"""Experiments: what our own say of the claims that a report repeats, from the numbers of published studies."""

from collections import Counter
from collections.abc import Sequence

PUBLISHED = "yao2025"
"""The published study whose numbers decide the claims of the literature."""
ALIKE = 0.7
"""The least similarity between a statement and a claim of the literature that it repeats."""


def experiments_for(texts: Sequence[str]) -> dict[str, str]:
    """Return what experiments say of each statement that repeats a claim of the literature, by the statement's text."""
    from evidense.auditing.alignment import align
    from evidense.verbs.decide_claims import literature

    repeated: dict[str, str] = {}
    for text in texts:
        beside = [(align(text, claim.sentence), claim.code) for claim in literature().values()]
        alignment, code = max(beside, key=lambda pair: pair[0].similarity, default=(None, ""))
        if alignment is not None and alignment.similarity >= ALIKE:
            repeated[text] = code
    if not repeated:
        return {}
    said = _said()
    return {text: said[code] for text, code in repeated.items() if code in said}


def _said() -> dict[str, str]:
    """Return what the checks of each claim come to, by its code: "S2: UNDECIDED at 5 levels"."""
    from evidense.published.facts import read
    from evidense.study.published import decided

    verdicts: dict[str, list[str]] = {}
    for check in decided(read(PUBLISHED))[2]:
        verdicts.setdefault(str(check.details["code"]), []).append(check.verdict)
    return {code: f"{code}: {_words(of_claim)}" for code, of_claim in verdicts.items()}


def _words(verdicts: Sequence[str]) -> str:
    """Say what the levels of a claim come to.

    >>> _words(["NOT_TESTABLE"]), _words(["UNDECIDED"] * 5)
    ('nothing to test', 'UNDECIDED at 5 levels')
    """
    if set(verdicts) == {"NOT_TESTABLE"}:
        return "nothing to test"
    counts = Counter(verdicts)
    return ", ".join(f"{verdict} at {n} level{'s' if n != 1 else ''}" for verdict, n in counts.most_common())
