"""Experiments on a screen: what our own say of a statement, in a few signs; pages print it whole."""

import re

from evidense.report.words import CLAIM_WORDS

_COUNTED = re.compile(rf"({'|'.join(CLAIM_WORDS)}) (\d+),?")


def brief(tested: str) -> str:
    """Shorten what experiments say for a narrow column; "–" where there is none.

    >>> brief("S2 on analogues: HOLDS 7, FAILS 2 (level: HOLDS 7; cause: FAILS 2)"), brief("S1: nothing to test"), brief("")
    ('S2 analogues ✔7 ✖2', 'S1: nothing to test', '–')
    """
    whole = re.sub(r" \([^()]*\)", "", tested)
    signs = _COUNTED.sub(lambda found: f"{CLAIM_WORDS[found[1]].icon}{found[2]}", whole)
    return signs.replace(" on analogues:", " analogues").replace(" in published numbers:", " published") or "–"


def was_tested(tested: str) -> bool:
    """Say whether an experiment came to anything: not where nothing can be tested, or nothing was.

    >>> was_tested("S2 on analogues: HOLDS 7"), was_tested("S1: nothing to test")
    (True, False)
    """
    return _COUNTED.search(tested) is not None
