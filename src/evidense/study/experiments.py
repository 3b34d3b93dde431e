"""Experiments: what our own say of the claims that a report repeats: verdicts that ship, on an analogue or from published numbers, and those of a store."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from evidense.published.claim_verdicts import ClaimVerdict, shipped
from evidense.store import Store
from evidense.study.own_experiments import SCOPE, OwnVerdict, own_verdicts

ALIKE = 0.7
"""The least similarity between a statement and a claim of the literature that it repeats: the claim's own sentence is the key."""
_SCOPES = {"analogue": "on analogues", "published numbers": "in published numbers"}
_WORDS = ("HOLDS", "FAILS", "UNDECIDED")


def experiments_for(texts: Sequence[str], store: Store | None = None) -> dict[str, str]:
    """Return what experiments say of each statement that repeats a claim, by the statement's text: those that ship, then those of a store."""
    from evidense.verbs.decide_claims import literature, registered

    claims = literature()
    keys = [(claim.sentence, claim.code) for claim in claims.values()]
    repeated = {text: code for text in texts if (code := _nearest(text, keys))}
    own = own_verdicts(store, frozenset(registered(tuple(claims)).values())) if store is not None else []
    said = {text: _with_own(_said()[code], code, own) for text, code in repeated.items()}
    others = [one for one in own if one.code not in _said()]
    for text in texts if others else ():
        named = [one for one in others if one.is_about(text)]
        keys = [(sentence, one.code) for one in named for sentence in one.sentences]
        if text not in said and (code := _nearest(text, keys)):
            near = [one for one in named if one.code == code and _nearest(text, [(s, code) for s in one.sentences])]
            said[text] = f"{code} {SCOPE}: {_counted(near)}"
    return said


def _nearest(text: str, keys: Sequence[tuple[str, str]]) -> str:
    """Return the code of the sentence that a text repeats; "" where it repeats none."""
    from evidense.auditing.alignment import align

    beside = [(align(text, sentence).similarity, code) for sentence, code in keys]
    similarity, code = max(beside, key=lambda pair: pair[0], default=(0.0, ""))
    return code if similarity >= ALIKE else ""


def _with_own(said: str, code: str, own: Sequence[OwnVerdict]) -> str:
    """Add to what ships what a store has on the same claim."""
    if not (mine := [verdict for verdict in own if verdict.code == code]):
        return said
    levels = dict.fromkeys(verdict.level for verdict in mine)
    by_level = "; ".join(f"{level}: {_counted(v for v in mine if v.level == level)}" for level in levels)
    more = f"{SCOPE}: {_counted(mine)}{f' ({by_level})' if len(levels) > 1 else ''}"
    return f"{code} {more}" if said.startswith(f"{code}: ") else f"{said}; {more}"


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
    >>> v = ClaimVerdict("S9", "cause", "analogue", "inside", "A", "B", "x", "", "HOLDS", "1", "1", "1", "9", "")
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


def _counted(verdicts: Iterable[ClaimVerdict | OwnVerdict]) -> str:
    counts = Counter(verdict.verdict for verdict in verdicts)
    return ", ".join(f"{word} {counts[word]}" for word in _WORDS if counts[word])
