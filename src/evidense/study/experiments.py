"""Experiments: what our own say of the claims that a report repeats: verdicts that ship, each on an analogue or from published numbers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from evidense.published.claim_verdicts import ClaimVerdict, shipped

ALIKE = 0.7
"""The least similarity between a statement and a claim of the literature that it repeats: the claim's own sentence is the key."""
_SCOPES = {"analogue": "on analogues", "published numbers": "in published numbers"}
_WORDS = ("HOLDS", "FAILS", "UNDECIDED")


def experiments_for(texts: Sequence[str]) -> dict[str, str]:
    """Return what experiments say of each statement that repeats a claim of the literature, by the statement's text."""
    from evidense.auditing.alignment import align
    from evidense.verbs.decide_claims import literature

    claims = literature().values()
    repeated: dict[str, str] = {}
    for text in texts:
        beside = [(align(text, claim.sentence), claim.code) for claim in claims]
        alignment, code = max(beside, key=lambda pair: pair[0].similarity, default=(None, ""))
        if alignment is not None and alignment.similarity >= ALIKE:
            repeated[text] = code
    return {text: _said()[code] for text, code in repeated.items()}


@cache
def _said() -> dict[str, str]:
    """Return what each claim of the literature comes to, by its code. A verdict counts only while its claim is as it was registered."""
    from evidense.verbs.decide_claims import literature, registered

    claims = literature()
    still = set(registered(tuple(claims)).values())
    standing = [verdict for verdict in shipped() if verdict.registration in still]
    return {
        claim.code: f"{claim.code}: nothing to test"
        if claim.untestable
        else _words(claim.code, [verdict for verdict in standing if verdict.code == claim.code])
        for claim in claims.values()
    }


def _words(code: str, verdicts: Sequence[ClaimVerdict]) -> str:
    """Say what the verdicts on a claim come to, by scope, and level by level.

    >>> from dataclasses import replace
    >>> v = ClaimVerdict("S9", "cause", "analogue", "A", "B", "x", "HOLDS", "1", "1", "1", "9", "")
    >>> _words("S9", [v, v]), _words("S9", [])
    ('S9 on analogues: HOLDS 2', 'S9: not tested here')
    >>> _words("S9", [v, replace(v, level="geometry", verdict="FAILS")])
    'S9 on analogues: HOLDS 1, FAILS 1 (cause: HOLDS 1; geometry: FAILS 1)'
    """
    said = []
    for scope, words in _SCOPES.items():
        within = [verdict for verdict in verdicts if verdict.scope == scope]
        levels = dict.fromkeys(verdict.level for verdict in within)
        by_level = "; ".join(f"{level}: {_counted(v for v in within if v.level == level)}" for level in levels)
        said += [f"{words}: {_counted(within)}{f' ({by_level})' if len(levels) > 1 else ''}"] if within else []
    return f"{code} {'; '.join(said)}" if said else f"{code}: not tested here"


def _counted(verdicts: Iterable[ClaimVerdict]) -> str:
    counts = Counter(verdict.verdict for verdict in verdicts)
    return ", ".join(f"{word} {counts[word]}" for word in _WORDS if counts[word])
