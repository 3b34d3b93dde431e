"""Unsure: what makes a difference, or the lack of one, between a statement and a sentence too unsure for a verdict."""

import re
from collections.abc import Sequence
from itertools import pairwise

from evidense.checking.checkable import begins_with_verb, has_known_verb
from evidense.checking.comparing.changes import words_of
from evidense.checking.comparing.mismatch import Mismatch
from evidense.checking.comparing.quantifiers import says_how_many
from evidense.checking.comparing.wordings import say_same
from evidense.checking.quantities import StatedQuantity, quantities

_INDEX = re.compile(
    r"\b(?:types?|stages?|grades?|phases?|weeks?|days?|months?|years?|figures?|figs?\.?|tables?|groups?|arms?|cohorts?|classe?s?|levels?|versions?|visits?|"
    r"cycles?|experiments?|stud(?:y|ies)|trials?|sections?|chapters?|appendix|steps?|layers?|tiers?|categor(?:y|ies)|models?|tasks?|sites?|waves?|rounds?)"
    r"[\s\u00a0-]?$",
    re.IGNORECASE,
)
"""Words after which a number is part of a name: "type 2", "week 26"."""
_BEFORE_YEAR = re.compile(
    r"\b(?:in|of|since|until|till|during|before|after|through|from|between|early|late|mid|year|spring|summer|autumn|fall|winter|january|february|march|"
    r"april|may|june|july|august|september|october|november|december|\d{4} and)[\s\u00a0-]?$",
    re.IGNORECASE,
)
_AFTER_YEAR = re.compile(
    r"\s*(?:$|[.,;:)\]]|(?:and|or|but|in|at|on|with|for|among|by|to|than|the|a|an|when|while|we|was|were|is|are|had|has|have)\b)",
    re.IGNORECASE,
)
_YEARS = (1800, 2100)
_UNIVERSAL = re.compile(
    r"\b(?:at all|all|every|each|any|always|entire(?:ly)?|whole|wholly|everyone|everybody|everything|everywhere|invariably|universally)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(r"\b(?:never|none)\b", re.IGNORECASE)
_FALLS = re.compile(
    r"\b(?:reduc|decreas|fell|fall|lower|drop|los[st]|declin|chang|differ|diminish|less|shrank|shrink)\w*",
    re.IGNORECASE,
)
"""Words that may stand for a minus."""
_COMPARES = re.compile(
    r"\b(?:than|relative to|compared|comparison|versus|vs|against|similar to|unlike|while|whereas|respectively|superior|inferior|between|from)\b",
    re.IGNORECASE,
)
_LIMITING = re.compile(
    r"^\W*(?:only |even |but |at least |particularly |especially )*(?:if|when|whenever|where|while|unless|except|provided|assuming|once|under|without|with|"
    r"within|after|before|during|until|in|on|for|at|among|amongst|across|over|from|between|throughout|of|to|by)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|had|did|does|would|will|can|could)\b", re.IGNORECASE)
_NAME_BY_PREFIX = re.compile(r"^(?:hyper|hypo|normo)\w*(?:ia|ias|sis|ses|ion|ions|ism|isms|ity|y)$", re.IGNORECASE)
"""A noun that names a state: "hypoglycaemia"; not "hyperactive"."""
_LEAD = re.compile(
    r"^\W*(?:in|on|among|for|at|with|within|during|after|before|under|when|if|of)\b[^,]{3,160},", re.IGNORECASE
)
"""A circumstance, which may stand first or last."""


def is_index(text: str, quantity: StatedQuantity) -> bool:
    """Say whether a number is part of a name, or the year, or years, of which a text speaks.

    >>> [is_index(text, quantities(text)[0]) for text in ("type 2 diabetes", "2 types", "at week 26", "It rose in 2019.", "in 2019 mice")]
    [True, False, True, True, False]
    """
    return _is_of_name(text, quantity) or _is_year(text, quantity)


def _is_of_name(text: str, quantity: StatedQuantity) -> bool:
    return bool(_INDEX.search(_before(text, quantity)))


def _before(text: str, quantity: StatedQuantity) -> str:
    digits = re.search(r"\w", text[quantity.start :])
    return text[: quantity.start + (digits.start() if digits else 0)]


def _is_year(text: str, quantity: StatedQuantity) -> bool:
    low, high = _YEARS
    is_between = low <= quantity.low <= quantity.high <= high and quantity.low % 1 == quantity.high % 1 == 0
    is_bare = not quantity.unit and quantity.comparator == "=" and not re.search(r"[,.]", quantity.quote)
    return (
        is_between
        and is_bare
        and bool(_BEFORE_YEAR.search(_before(text, quantity)) and _AFTER_YEAR.match(text[quantity.end :]))
    )


def is_unsure_refutation(found: Sequence[Mismatch], statement: str, sentence: str, passage: str) -> bool:
    """Say whether what seems to refute need not: numbers of other things, a number of another unit, or a name.

    >>> number = Mismatch("number", "0.44 %", "26")
    >>> is_unsure_refutation([number], "It fell by 0.44 %.", "It fell at week 26 (0.33, 0.44 %).", "")
    True
    """
    rules = {mismatch.rule for mismatch in found if not _is_bound(mismatch)}
    if len(rules) > 1:
        return True
    if "number" in rules:
        return any(_is_unsure_number(mismatch, statement, sentence, passage) for mismatch in found)
    if "negation" in rules and _adds_universal(statement, sentence):
        return True
    return bool(rules) and all(_is_name_pair(mismatch) for mismatch in found)


def _is_bound(mismatch: Mismatch) -> bool:
    """Say whether two bounds of one number stand against each other: "at least 40", "at most 40"."""
    here, there = _values(mismatch.claim), _values(mismatch.evidence)
    return (
        mismatch.rule == "number"
        and len(here) == len(there) == 1
        and (here[0].low, here[0].high) == (there[0].low, there[0].high)
        and {here[0].comparator, there[0].comparator} == {"<", ">"}
    )


def _is_name_pair(mismatch: Mismatch) -> bool:
    return all(_NAME_BY_PREFIX.match(word) for word in (mismatch.claim, mismatch.evidence))


def _is_unsure_number(mismatch: Mismatch, statement: str, sentence: str, passage: str) -> bool:
    mine, theirs = _values(statement), _values(sentence)
    if _n_numbers(mine) != _n_numbers(theirs):
        return True
    if ", " in mismatch.claim:
        return False
    here = [q for q in mine if q.quote == mismatch.claim]
    there = [q for q in theirs if q.quote == mismatch.evidence]
    if not here or not there:
        return False
    if here[0].unit != there[0].unit or _is_of_name(statement, here[0]) != _is_of_name(sentence, there[0]):
        return True
    said = [q for q in (*theirs, *_values(passage)) if q.quote != mismatch.evidence]
    is_only_signed = bool(_FALLS.search(statement)) and here[0].low == -there[0].low
    return is_only_signed or any(_is_rounded(here[0], other) for other in said)


def _values(text: str) -> list[StatedQuantity]:
    return list(quantities(text))


def _is_rounded(one: StatedQuantity, other: StatedQuantity) -> bool:
    """Say whether two numbers are the same, rounded, whatever their units, signs and bounds."""
    step = max(one.step, other.step)
    slack = step * (0.5 if one.step != other.step else 1e-6) * (1 + 1e-6)
    return abs(abs(one.low) - abs(other.low)) <= slack and abs(abs(one.high) - abs(other.high)) <= slack


def _n_numbers(found: Sequence[StatedQuantity]) -> int:
    return sum(1 if q.low == q.high else 2 for q in found)


def why_unsure_support(conditions: Sequence[Mismatch], statement: str, sentence: str) -> str:
    """Say why a statement that a sentence seems to support, or to qualify, may not be what it says; "" where it is.

    >>> why_unsure_support([], "Shade harms all tomatoes.", "Shade harms tomatoes.")
    'the statement says “all”, the passage does not'
    >>> why_unsure_support([], "A is lower with x than with y and similar to z.", "A is lower with x than with z and similar to y.")
    'what is compared stands in another order than in the passage'
    """
    for pattern in (_UNIVERSAL, _NEVER):
        if (added := pattern.search(statement)) and not pattern.search(sentence):
            return f"the statement says “{added[0]}”, the passage does not"
    if any(_is_of_others(mismatch.evidence) for mismatch in conditions if not mismatch.claim):
        return "what the statement left out says something of its own, with a number"
    if _are_names_moved(statement, sentence):
        return "what is compared stands in another order than in the passage"
    return "the statement left out what the passage says of it" if _lost_its_verb(conditions, statement) else ""


def _lost_its_verb(conditions: Sequence[Mismatch], statement: str) -> bool:
    """Say whether what was dropped is no condition but what its sentence says: "hunt mice", of "barn owls at night"."""
    return any(begins_with_verb(mismatch.evidence) for mismatch in conditions) and not has_known_verb(statement)


def _adds_universal(statement: str, sentence: str) -> bool:
    return bool(_UNIVERSAL.search(statement)) and not _UNIVERSAL.search(sentence)


def _is_of_others(condition: str) -> bool:
    """Say whether what was dropped is no condition but says something of its own, with a number: "68 per 1,000 days (indicated) and"."""
    if says_how_many(condition) or not [
        q for q in quantities(condition) if q.kind != "p" and not is_index(condition, q)
    ]:
        return False
    return not _LIMITING.match(condition) or bool(
        _FINITE.search(condition) and not re.match(r"\W*(?:if|when|unless)\b", condition)
    )


def _are_names_moved(statement: str, sentence: str) -> bool:
    """Say whether things that are compared stand in another order than in the sentence, other than around "and"."""
    if not _COMPARES.search(sentence) or not _COMPARES.search(statement):
        return False
    leads = [word.key for text in (statement, sentence) if (lead := _LEAD.match(text)) for word in words_of(lead[0])]
    mine, theirs = ([w.key for w in words_of(text) if w.key not in leads] for text in (statement, sentence))
    telling = [w.key for w in words_of(statement) if w.tells and mine.count(w.key) == 1]
    shared = [key for key in telling if sum(say_same(key, other) for other in theirs) == 1]
    places = [next(i for i, other in enumerate(theirs) if say_same(key, other)) for key in shared]
    return any(a > b and not _joined(theirs[b + 1 : a]) for a, b in pairwise(places))


def _joined(between: Sequence[str]) -> bool:
    return bool(between) and set(between) <= {"and", "or"}
