"""Conditions: the circumstance, population, dataset or hedge of a passage that a statement left out."""

import re
from collections.abc import Iterator, Sequence

from evidense.auditing import markers
from evidense.checking.comparing.changes import Change
from evidense.checking.comparing.quantifiers import dropped_quantifier
from evidense.checking.comparing.wordings import is_function, is_general, say_same
from evidense.checking.directions import sides
from evidense.checking.scope import ScopeField, named
from evidense.texts.tokens import tokens

_US = (
    r"(?:we|i|they|the authors?|our (?:\w+ )?\w+|(?:the|these|this|those|present|current|the present|"
    r"the current) (?:\w+ )?(?:results?|data|findings?|stud(?:y|ies)|work|paper|analys[ie]s|experiments?|observations?|"
    r"evidence|article|report|trial))"
)
_SAYS = (
    r"(?:show|demonstrat|reveal|find|found|observ|report|conclud|confirm|establish|not|prov|identif|document|see|saw|"
    r"discover|describ|present|propos|introduc|highlight|indicat|provid\w* evidence)\w*"
)
FRAME = re.compile(
    rf"^\W*(?:(?:and|but|however|moreover|furthermore|additionally|interestingly|importantly|notably|surprisingly|remarkably|strikingly|thus|therefore|hence|"
    r"consequently|finally|overall|together|conversely|specifically|similarly|likewise|also|first|second|third|lastly|here|"
        r"herein|indeed|accordingly|in (?:addition|contrast|conclusion|summary|fact|turn|particular|"
    r"this (?:study|paper|work|article|report|review|issue|context|trial|analysis)|the (?:present|current) (?:study|work|"
        r"paper|trial|analysis)|our (?:study|experiments?|work|analysis|results))|"
    rf"taken together|as (?:expected|a result|shown)|on the other hand|to our knowledge|background|methods?|results?|"
        rf"conclusions?|findings|objectives?|interpretation|significance)\b\W*)*"
    rf"(?:{_US}(?: (?:have|has|also|further|now|then|here|previously|recently|clearly|therefore|thus|were|was|is|"
        rf"are))* {_SAYS}(?: (?:here|also|evidence|clearly|for the first time))*(?:,? that)?\b\W*"
    r"|it (?:is|was|has been) (?:also )?(?:shown|found|demonstrated|observed|reported|established|known|well known|clear|"
        r"noted)(?: that)?\b\W*|there (?:is|was|are|were)\b\W*)?",
    re.IGNORECASE,
)  # fmt: skip
"""Words that lead in and say nothing of what follows."""
_TOLD = re.compile(rf"^[^,;]{{0,150}}?\b{_SAYS} (?:here |clearly |also )?that\b\W*", re.IGNORECASE)
"""Whoever, or whatever, tells it."""
_ASIDE = re.compile(
    r"^\W*(?:(?:fig(?:ure|s)?|tables?|see|supplementary|refs?|appendix|section|ci|95 ?%|[pnt]\s?[=<>≤]|or|hr|rr|i\.e|e\.g|"
        r"mean|median|sd|range|r\s?=|r2|chi|respectively)\b|[\d.,%<>=\s]+$)",
    re.IGNORECASE,
)  # fmt: skip
_NO_CONDITION = re.compile(
    r"^\W*(?:by|via|through|using|because|since|due to|owing to|as well as|as (?:a|an|the|measured|assessed|determined|"
        r"judged|revealed|shown|evidenced)|and|which|from|of|or|to|that|than|whereas|"
    r"(?:thereby |thus )?(?:suggest|indicat|support|imply|demonstrat|show|reveal|highlight|confirm|lead|provid)ing)\b",
    re.IGNORECASE,
)  # fmt: skip
_STRONG = (
    r"only(?: if| when| in| for| at| on| under| among| within| with| after)?|if|when|whenever|unless|except(?: for| in|"
    r" when)?|provided(?: that)?|assuming|as long as|so long as|in the (?:absence|presence) of|depending on|limited to|"
    r"restricted to|once|solely|exclusively|under|without|after|before|during|until"
)
_PLACED = r"in|among|amongst|on|for|at|with|within|across|from|over|between|throughout|of"
_CLAUSES = re.compile(rf"\b(?P<strong>{_STRONG})\b(?P<rest>[^,;.()]{{3,80}})", re.IGNORECASE)
_PHRASES = re.compile(rf"\b(?:{_PLACED}) (?P<rest>[^,;.()]{{3,60}}?)(?=$|[,;.()]| (?:{_PLACED}|was|were|is|are|and|but|by|to|than|that|which|"
    rf"who|has|have|had|did|does|do|may|can|could)\b)", re.IGNORECASE)  # fmt: skip
_LIMITS: frozenset[ScopeField] = frozenset({"dataset", "split", "population", "place", "model", "task"})
_HEADS = re.compile(
    r"^\W*(?:\w+ )?(?:patients?|adults?|children|women|men|individuals|people|subjects|participants|populations?|users|"
        r"cells?|mice|rats|animals|tumou?rs?|samples|queries|documents|passages|models|retrievers?|"
    r"encoders?|rankers?|languages|datasets|collections|corpora|domains|tasks|networks|settings?|conditions?|cohorts?|cases|"
        r"infants|strains?|lines|tissues?|countries|schools|hospitals|species|plants)\b",
    re.IGNORECASE,
)  # fmt: skip


_LONG = 8
"""Words of a run from which on only its ends concern what was kept."""


def dropped(change: Change, statement: str, sentence: str) -> str:
    """Return the condition that a change drops, or ""."""
    if any(word.tells for word in change.added_words) or not change.lost_words:
        return ""
    if how_many := dropped_quantifier(change, sentence):
        return how_many
    run = _without_frame(change, sentence)
    if not re.search(r"\w", run) or _ASIDE.match(run) or markers.is_own_clause(run):
        return ""
    if not any(word.tells for word in change.lost_words) and not markers.is_hedge(run):
        return ""
    limits = [place for place in named(run) if place.field in _LIMITS]
    said = {place.name for place in named(statement)}
    if limits and not any(place.name in said for place in limits):
        return run
    if _limits_head(change, sentence):
        return run
    if _NO_CONDITION.match(run):
        return ""
    if not markers.is_aim(run) and any(map(markers.is_hedge, _edges(run, change, sentence))) and not markers.is_hedge(statement):  # fmt: skip
        return run
    if len(run.split()) > _LONG and not re.search(r"\w", sentence[change.lost.end :]):
        return run if markers.begins_condition(run) or _CLAUSES.match(run) else ""
    return run if markers.is_condition(run) or _CLAUSES.search(run) else ""


def dropped_from(statement: str, sentence: str) -> Iterator[str]:
    """Yield the conditions of a sentence of which a statement that says it in other words has nothing.

    >>> list(dropped_from("Sparse models win.", "Sparse models are better only if queries are long."))
    ['only if queries are long']
    """
    words = [token.key for token in tokens(statement) if token.kind == "word"]
    fields = {place.field for place in named(statement)}
    for match in _CLAUSES.finditer(sentence):
        if not _is_said(match["rest"], words):
            yield match[0].strip()
    for match in _PHRASES.finditer(sentence):
        limits = {place.field for place in named(match["rest"])} & _LIMITS
        if limits and not limits & fields and not _is_said(match["rest"], words):
            yield match[0].strip()


def _is_said(phrase: str, words: Sequence[str]) -> bool:
    """Say whether a statement has a third of the telling words of a phrase, or there are none."""
    telling = [t.key for t in tokens(phrase) if t.kind == "word" and not is_function(t.key)]
    said = sum(any(say_same(key, word) for word in words) for key in telling)
    return not telling or said >= len(telling) / 3


def _without_frame(change: Change, sentence: str) -> str:
    """Return what was lost less the words that lead in, where it begins the sentence."""
    run = " ".join(change.lost.quote.split())
    if re.search(r"\w", sentence[: change.lost.start]):
        return run
    rest = FRAME.sub("", run, count=1)
    told = _TOLD.match(rest)
    return rest[told.end() :] if told and not {p.field for p in named(told[0])} & _LIMITS else rest


def _edges(run: str, change: Change, sentence: str) -> list[str]:
    """Return the words of a run beside what was kept."""
    words = run.split()
    if len(words) <= _LONG:
        return [run]
    begins, ends = (" ".join(words[:4]), " ".join(words[-4:]))
    is_first, is_last = (
        not re.search(r"\w", part) for part in (sentence[: change.lost.start], sentence[change.lost.end :])
    )
    return [edge for edge, is_outer in ((begins, is_first), (ends, is_last)) if not is_outer]


def _limits_head(change: Change, sentence: str) -> bool:
    """Say whether the lost words only narrow the noun after them: "obese patients", "long queries"."""
    if len(change.lost_words) > 3 or not _HEADS.match(sentence[change.lost.end :]):
        return False
    return any(sides(word.key) or not is_general(word.key) for word in change.lost_words)
