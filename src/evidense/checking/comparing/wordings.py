"""Wordings: whether two words say the same, in British or American spelling, in another form, or as synonyms; and which words name something."""

import re
from functools import lru_cache

from evidense.checking.directions import denies
from evidense.checking.lexicon.plain import GENERAL, SAME
from evidense.texts.stems import stem
from evidense.texts.tokens import value

_SPELLINGS = (
    (r"isation", "ization"), (r"is(e|ed|es|ing|er|ers)$", r"iz\1"), (r"ys(e|ed|es|ing|er|ers)$", r"yz\1"), (r"(?<=[lmnbvtd])our", "or"),
    (r"aem", "em"), (r"paed", "ped"), (r"oe(?=[dsmt])", "e"), (r"aet", "et"), (r"([bt])re(s?)$", r"\1er\2"), (r"ll(?=ed$|ing$|er$)", "l"),
    (r"ogue$", "og"), (r"ence$", "ense"), (r"ageing", "aging"), (r"programme(s?)$", r"program\1"), (r"sulph", "sulf"), (r"aes", "es"),
    (r"gement$", "gment"), (r"grey", "gray"), (r"yr(?=e$)", "ir"),
)  # fmt: skip
_FUNCTION = frozenset(
    (
        "a an the of in on at to for by with and or is are was were be been being am that this these those it its we our us as from their they them he "
        "she his her i you your if when than which who whom whose there here then so such both either all any each every some can could may might will "
        "would shall should must do does did has have had having into onto upon about between among during through per via also et al"
    ).split()
)


def plain(text: str) -> str:
    """Return a text with single spaces, and "not" for what is left of it.

    >>> plain("It doesn't,  it can’t.")
    'It does not, it cannot.'
    """
    text = re.sub(r"\b(?:can['’]t|can not)\b", "cannot", " ".join(text.split()))
    return re.sub(r"(?<=[a-z])n['’]t\b", " not", re.sub(r"\bwon['’]t\b", "will not", text))


@lru_cache(maxsize=65_536)
def american(word: str) -> str:
    """Return a word in American spelling; a word that has none becomes a key that is equal for equal words.

    >>> american("tumour") == american("tumor"), american("randomised") == american("randomized")
    (True, True)
    """
    word = word.casefold()
    for pattern, spelling in _SPELLINGS:
        word = re.sub(pattern, spelling, word) if len(word) > 4 else word
    return word


@lru_cache(maxsize=65_536)
def say_same(one: str, other: str) -> bool:
    """Say whether two words are forms of one word, or of the same group of synonyms.

    >>> say_same("tumours", "tumor"), say_same("showed", "demonstrate"), say_same("raised", "lowered"), say_same("two", "2")
    (True, True, False, True)
    """
    if value(one) == value(other) or american(one) == american(other):
        return True
    if denies(one, other):
        return False
    first, second = stem(american(one)), stem(american(other))
    shared = next(
        (i for i, (a, b) in enumerate(zip(one.casefold(), other.casefold(), strict=False)) if a != b),
        min(len(one), len(other)),
    )
    if shared >= 6 and shared >= 0.65 * max(len(one), len(other)) and not re.search(r"\d", one + other):
        return True
    return first == second or bool(_groups().get(first, frozenset()) & _groups().get(second, frozenset()))


@lru_cache(maxsize=65_536)
def is_general(word: str) -> bool:
    """Say whether a word belongs to the language of any science, so that another may stand for it without another thing being meant.

    >>> is_general("investigate"), is_general("insulin")
    (True, False)
    """
    return word in _FUNCTION or stem(american(word)) in _general()


def is_function(word: str) -> bool:
    """Say whether a word only joins others."""
    return word in _FUNCTION


@lru_cache(maxsize=1)
def _general() -> frozenset[str]:
    return frozenset(
        stem(american(word))
        for word in [*GENERAL.split(), *(w for line in SAME.splitlines()[:60] for w in line.split())]
    )


@lru_cache(maxsize=1)
def _groups() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(SAME.strip().splitlines()):
        for word in line.split():
            found.setdefault(stem(american(word)), set()).add(number)
    return {key: frozenset(numbers) for key, numbers in found.items()}
