"""Quantifiers: the words that say of how many a sentence tells what it tells: "most", "two of nine", "a third of the"."""

import re

from evidense.checking.comparing.changes import Change

_DIGITS = r"\d[\d,.]*(?: ?(?:%|percent|per cent))?"
_COUNT = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|"
    r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ][a-z]+)?|a hundred)"
)
_NUMBER = rf"(?:{_DIGITS}|{_COUNT})"
_FRACTION = r"(?:(?:a|an|one|two|three|four|\d+)[- ])?(?:half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?)"
_SHARE = (
    r"(?:the|a|an)(?: (?:very|vast|overwhelming|great|large|larger|small|smaller|tiny|slim|clear|substantial|considerable|significant|sizeable|certain|"
    r"limited|good|high|low|growing))* (?:majority|minority|number|proportion|fraction|share|percentage|portion|subset|subsets|subgroup|handful|couple|"
    r"selection|plurality|part|lot|bit|third|quarter|half)"
)
_OF = r"of(?: (?:all|the|these|those|our|their|its|his|her|my|this|that))*"
_ROUGHLY = (
    r"(?:(?:nearly|almost|about|around|roughly|approximately|over|under|above|below|more than|fewer than|less than|at least|at most|up to|as many as|"
    r"as few as|only|just|well|slightly|some|no more than|no fewer than|close to|not|but|very|quite|far|so|too) )*"
)
_MANY = r"(?:most|many|several|some|numerous|few|certain|a (?:good |great |very )?few|a great many|a good many|half(?: (?:the|our|these|those|their))?)"
_QUANTIFIER = (
    rf"{_ROUGHLY}(?:(?:{_MANY}|{_SHARE}|{_FRACTION}|{_NUMBER}|much|enough) {_OF}(?: {_NUMBER})?"
    rf"|{_NUMBER} (?:in|out of)(?: (?:the|every|each|all|our|these))* {_NUMBER}|{_DIGITS}/{_DIGITS}(?: {_OF})?"
    rf"|{_MANY}|(?<=nearly )all|(?<=almost )all|(?<=not )(?:all|every|each)"
    rf"|all but(?: (?:a few|{_NUMBER})(?: {_OF})?)?)"
)
_WHOLE = re.compile(rf"(?:(?:and|but|in|for|on|with) )?(?P<how_many>{_QUANTIFIER})(?: [\w-]+){{0,2}}", re.IGNORECASE)
"""A quantifier, if with one or two words that narrow what it counts: "most of the older"."""
_OFTEN = re.compile(
    r"(?:for |in )?(?:most|much|half|part|some|a third|a quarter) of the (?:time|cases|occasions)", re.IGNORECASE
)
_KEPT = re.compile(r"[\s(\"'“‘]*(?!(?:and|or|but|is|are|was|were|than|who|which|that|to)\b)[\w-]+")
_COMPARED = re.compile(r"\b(?:the|a|an|is|are|was|were|be|been|being|its|their|at|as|by far)\s+$", re.IGNORECASE)
"""Words after which "most" compares: "the most effective drug"."""
_DEGREE = re.compile(r"[\s\"'“‘]*(?:\w+ly|likely|common|important|often)\b", re.IGNORECASE)
_OWN = re.compile(rf"\b(?:{_MANY}|majority|minority|{_FRACTION})\b", re.IGNORECASE)

_LEVELS: tuple[frozenset[str], ...] = (
    frozenset("few fewer minority rarely seldom".split()),
    frozenset("some several sometimes occasionally certain".split()),
    frozenset("most majority many numerous mostly usually often".split()),
    frozenset("all every each both always".split()),
)
"""Words that say of how many or how often, from the least."""


def dropped_quantifier(change: Change, sentence: str) -> str:
    """Return the words of a sentence that say of how many it speaks, where a change drops them and keeps whom it counts; or "".

    >>> from evidense.checking.comparing.changes import changes
    >>> for kept, sentence in (("The pilots slept.", "Two of nine pilots slept."), ("The pilots slept.", "The tired pilots slept.")):
    ...     [dropped_quantifier(change, sentence) for change in changes(kept, sentence)]
    ['Two of nine']
    ['']
    """
    run = " ".join(change.lost.quote.split())
    if any(word.tells for word in change.added_words) or _OWN.search(change.added.quote):
        return ""
    if _OFTEN.fullmatch(run):
        return run
    before, after = sentence[: change.lost.start], sentence[change.lost.end :]
    if not _WHOLE.fullmatch(run) or not _KEPT.match(after):
        return ""
    is_degree = run.lower() == "most" and (_COMPARED.search(before) or _DEGREE.match(after))
    return "" if is_degree else run


def says_how_many(words: str) -> bool:
    """Say whether words are a quantifier.

    >>> says_how_many("a third of the"), says_how_many("only in mice")
    (True, False)
    """
    return bool(_WHOLE.fullmatch(words) or _OFTEN.fullmatch(words))


def differ_in_degree(one: str, other: str) -> bool:
    """Say whether two words say of how many, or how often, and both can be true: "most" and "some", not "most" and "few".

    >>> differ_in_degree("Most", "some"), differ_in_degree("all", "some"), differ_in_degree("many", "few")
    (True, True, False)
    """
    levels = [level for word in (one, other) for level, words in enumerate(_LEVELS) if word.lower() in words]
    return len(levels) == 2 and not (min(levels) == 0 and max(levels) >= 2)
