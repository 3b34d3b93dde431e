"""Copies: how a statement differs from the sentence that it is a copy of, change by change."""

import re
from collections.abc import Iterator, Sequence

from evidense.auditing import markers
from evidense.auditing.alignment import Alignment, align
from evidense.checking.comparing import conditions
from evidense.checking.comparing.changes import Change, PlacedWord, changes, spelled_out, words_of
from evidense.checking.comparing.exchanges import exchange
from evidense.checking.comparing.mismatch import DENYING, RULE_OF, Mismatch, MismatchRule
from evidense.checking.comparing.places import swapped_numbers
from evidense.checking.comparing.quantifiers import dropped_quantifier
from evidense.checking.comparing.unsure import is_index
from evidense.checking.comparing.wordings import is_general, say_same
from evidense.checking.directions import are_opposite, denies, sides
from evidense.checking.lexicon.scopes import WHEN, WHO
from evidense.checking.quantities import StatedQuantity, agree, is_bound_dropped, quantities
from evidense.checking.scope import ScopeName, named
from evidense.texts.sentences import sentences
from evidense.texts.tokens import tokens
from evidense.values.literature import Span

COPIED = 0.55
"""The least share of a statement's words that a sentence has, in order, to be compared word by word; a paraphrase is compared by what both name."""
_IN_PHRASE = re.compile(
    r"\b(?:in|among|amongst|for|during|at|on|within|across|of|from|throughout)(?: [\w-]+){0,2}[\s\"'“‘]*$",
    re.IGNORECASE,
)
"""What a phrase begins with that says of whom, or when."""
_EDGE = 8
"""Words of a lost run up to which a denial in it concerns what was kept."""


def closest(claim: str, evidence: str) -> str:
    """Return the sentence of a passage that shares most with a statement."""
    parts = [span.quote for span in stretches(evidence, len(sentences(claim)))] or [evidence]
    return max(parts, key=lambda part: rank(align(claim, part))) if len(parts) > 1 else parts[0]


def stretches(evidence: str, n: int) -> list[Span]:
    """Return every run of n sentences of a text, or all of it where it has fewer."""
    spans = sentences(evidence)
    n = min(max(n, 1), len(spans))
    runs = [(spans[i], spans[i + n - 1]) for i in range(len(spans) - n + 1)] if spans else []
    return [Span(a.start, b.end, evidence[a.start : b.end]) for a, b in runs]


def rank(alignment: Alignment) -> tuple[float, float]:
    """Return what the closest sentence has most of: the statement's words, then few others."""
    return alignment.located, alignment.similarity


def is_copied(claim: str, sentence: str) -> bool:
    """Say whether a statement is a copy of a sentence, if for a few words, or has its words in another order."""
    return align(claim, sentence).located >= COPIED or telling_words(claim) <= telling_words(sentence)


def telling_words(text: str) -> set[str]:
    """Return the words of a text that do more than join others."""
    return {word.key for word in words_of(text) if word.tells}


def of_copy(claim: str, sentence: str, evidence: str) -> Iterator[Mismatch]:
    """Yield how a copy differs from its sentence, change by change; `evidence` is the passage around it."""
    found = changes(claim, sentence)
    others = list(_of_others(found, claim, sentence))
    yield from others or _negation([change for change in found if not dropped_quantifier(change, sentence)])
    if places := exchange(claim, sentence):
        yield Mismatch("direction", *places)
    if numbers := swapped_numbers(claim, sentence):
        yield Mismatch("number", *numbers)
    for change in found:
        scoped = list(_scope(change, claim, sentence))
        scoped += [] if scoped else _circumstance(change, claim, sentence)
        yield from (m for m in _direction(change) if not any(_is_within(m, other) for other in scoped))
        yield from _number(change, claim, sentence, evidence)
        yield from scoped
        if not scoped:
            yield from _entity(change, claim, evidence)
        condition = conditions.dropped(change, claim, sentence)
        if condition:
            yield Mismatch("condition", "", condition)


def _circumstance(change: Change, claim: str, sentence: str) -> list[Mismatch]:
    """Compare opposite words that say of whom or of when both speak: "in young nurses", "in the morning"."""
    places = ((claim, change.added), (sentence, change.lost))
    if not change.is_local or not all(_IN_PHRASE.search(text[: span.start]) for text, span in places):
        return []
    pairs = [(a, b) for a in change.added_words for b in change.lost_words if are_opposite(a.key, b.key)]
    rules: tuple[tuple[MismatchRule, frozenset[str]], ...] = (("population", WHO), ("entity", WHEN))
    return [Mismatch(rule, a.text, b.text) for rule, words in rules for a, b in pairs if {a.key, b.key} <= words]


def _is_within(direction: Mismatch, scoped: Mismatch) -> bool:
    """Say whether opposite words are part of what is spoken of: "children", "adults"."""
    claim, evidence = scoped.claim.casefold().split(), scoped.evidence.casefold().split()
    return direction.claim.casefold() in claim and direction.evidence.casefold() in evidence


def _of_others(found: Sequence[Change], claim: str, sentence: str) -> Iterator[Mismatch]:
    """Compare people who are named by what they are not: "smokers", "non-smokers"."""
    if not any(word.key == "non" for change in found for word in (*change.lost_words, *change.added_words)):
        return
    here, there = ([place for place in named(text) if place.field == "population"] for text in (claim, sentence))
    for one in here:
        for other in there:
            short, long = sorted((_squeezed(one.span.quote), _squeezed(other.span.quote)), key=len)
            if long == f"non{short}":
                yield Mismatch("population", one.span.quote, other.span.quote)


def _negation(found: Sequence[Change]) -> Iterator[Mismatch]:
    """Compare how often both sides deny; words with a prefix that denies are the direction's."""
    lost = {change: _denials(change.lost_words, change, is_lost=True) for change in found}
    added = {change: _denials(change.added_words, change) for change in found}
    if sum(lost.values()) % 2 == sum(added.values()) % 2:
        return
    for change in found:
        if lost[change] != added[change]:
            yield Mismatch("negation", " ".join(change.added.quote.split()), " ".join(change.lost.quote.split()))
            return


def _denials(words: Sequence[PlacedWord], change: Change, is_lost: bool = False) -> int:
    run = change.lost.quote
    if is_lost and not change.added_words and len(run.split()) > 1 and _stands_apart(run):
        return 0
    kept = " ".join(word.text for word in words if not _is_of_a_name(word, words))
    return len(DENYING.findall(kept))


def _is_of_a_name(word: PlacedWord, words: Sequence[PlacedWord]) -> bool:
    """Say whether a word denies nothing: NO, nitric oxide; "non" of "non-Finnish" where the other side has no "Finnish" either."""
    return word.text == "NO" or (
        word.key == "non" and any(other is not word and other.chunk == word.chunk for other in words)
    )


def _stands_apart(run: str) -> bool:
    """Say whether a run is long, or a phrase or clause of its own, so that a denial in it concerns nothing that was kept."""
    return len(run.split()) > _EDGE or markers.begins_condition(run)


def _direction(change: Change) -> Iterator[Mismatch]:
    for word in change.added_words if change.is_local else ():
        for other in change.lost_words:
            if are_opposite(word.key, other.key) and not _both_deny(word, other):
                yield Mismatch("direction", word.text, other.text)


def _both_deny(word: PlacedWord, other: PlacedWord) -> bool:
    """ "no" and "absence" are for the rule of negation."""
    return bool(DENYING.fullmatch(word.text) or DENYING.fullmatch(other.text)) and not denies(word.key, other.key)


def _number(change: Change, claim: str, sentence: str, evidence: str) -> Iterator[Mismatch]:
    """Compare the quantities that stand in each other's place; a new one must stand somewhere in the passage."""
    lost, added = _within(quantities(sentence), change.lost), _within(quantities(claim), change.added)
    if not added and lost and not change.added.quote:
        return
    alone = [q for q in added if not any(agree(q, other) for other in lost)]
    unsaid = [q for q in lost if not any(agree(other, q) for other in added)]
    for i, quantity in enumerate(alone):
        if unsaid:
            other = unsaid[min(i, len(unsaid) - 1)]
            of_names = is_index(claim, quantity) and is_index(sentence, other)
            yield Mismatch("entity" if of_names else "number", quantity.quote, other.quote)
        elif not any(agree(quantity, other) for other in quantities(evidence)):
            yield Mismatch("number", quantity.quote, "")
    for quantity in added:
        bounds = [q for q in lost if is_bound_dropped(quantity, q)]
        if bounds and not any(q.comparator == "=" and agree(quantity, q) for q in lost):
            yield Mismatch("condition", quantity.quote, bounds[0].quote)


def _within(found: Sequence[StatedQuantity], span: Span) -> list[StatedQuantity]:
    return [q for q in found if q.start < span.end and span.start < q.end]


def _scope(change: Change, claim: str, sentence: str) -> Iterator[Mismatch]:
    """Compare what both name of one field in each other's place."""
    there, here = named(sentence), named(claim)
    lost = [p for p in _overlapping(there, change.lost) if p.name not in {q.name for q in here if q.field == p.field}]
    added = [p for p in _overlapping(here, change.added) if p.name not in {q.name for q in there if q.field == p.field}]
    for place in added:
        for other in lost:
            if place.field == other.field and change.lost_words and change.added_words:
                yield Mismatch(RULE_OF[place.field], place.span.quote, other.span.quote)


def _overlapping(found: Sequence[ScopeName], span: Span) -> list[ScopeName]:
    return [place for place in found if place.span.start < span.end and span.start < place.span.end]


def _entity(change: Change, claim: str, evidence: str) -> Iterator[Mismatch]:
    """Compare the names and terms that stand in each other's place; a new one must stand somewhere in the passage."""
    lost, added = [list(filter(_names, words)) for words in (change.lost_words, change.added_words)]
    said = {token.key for token in tokens(evidence)}
    new = [word for word in added if not any(word.key == key or say_same(word.key, key) for key in said)]
    squeezed = _squeezed(evidence)
    new = [word for word in new if _squeezed(word.chunk) not in squeezed]
    added = [word for word in added if not lost or _squeezed(word.chunk) not in {_squeezed(w.chunk) for w in lost}]
    stands_for = _spelled_out(evidence, claim)
    new = [word for word in new if word.key not in stands_for and not spelled_out(word.text, words_of(evidence))]
    if lost and not change.is_local:
        return
    for word in added if lost else new:
        if any(are_opposite(word.key, other.key) for other in change.lost_words) or _is_digit(word, lost):
            continue
        yield Mismatch("entity", word.chunk, lost[0].chunk if lost else "")
        return


def _spelled_out(evidence: str, claim: str) -> set[str]:
    """Return the words of a claim that spell out an acronym of the passage."""
    return {word.key for acronym in words_of(evidence) for word in spelled_out(acronym.text, words_of(claim))}


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _is_digit(word: PlacedWord, lost: Sequence[PlacedWord]) -> bool:
    """Say whether a number stands in a number's place, which the rule of numbers looks at."""
    return word.chunk[:1].isdigit() and (not lost or lost[0].chunk[:1].isdigit())


def _names(word: PlacedWord) -> bool:
    """Say whether a word names something: a capital within or before it, digits and letters, or a term of some science."""
    if re.search(r"[^\W\d_]", word.chunk) and re.search(r"\d", word.chunk) and not quantities(word.chunk):
        return True
    if re.fullmatch(r"[\d.,]+", word.key) or quantities(word.chunk):
        return False
    if not word.is_first and re.search(r"[A-Z]", word.text) and word.tells:
        return True
    if re.search(r"[A-Z].*[A-Z]", word.text):
        return True
    return len(word.key) > 2 and not is_general(word.key) and not sides(word.key)
