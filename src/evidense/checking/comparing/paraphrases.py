"""Paraphrases: how a statement in other words differs from a passage. Weak signs, for a model to weigh."""

import re
from collections.abc import Iterator

from evidense.checking.comparing import conditions
from evidense.checking.comparing.changes import PlacedWord, spelled_out, words_of
from evidense.checking.comparing.copies import closest
from evidense.checking.comparing.mismatch import DENYING, RULE_OF, Mismatch
from evidense.checking.comparing.wordings import say_same
from evidense.checking.directions import are_opposite, sides
from evidense.checking.quantities import agree, quantities
from evidense.checking.scope import named
from evidense.texts.tokens import tokens


def of_paraphrase(claim: str, evidence: str) -> Iterator[Mismatch]:
    """Yield how a statement in other words differs: weak signs, for a model to weigh."""
    yield from _numbers_elsewhere(claim, evidence)
    yield from _directions_elsewhere(claim, evidence)
    here, there = named(claim), named(evidence)
    for field, rule in RULE_OF.items():
        mine, theirs = [p for p in here if p.field == field], [p for p in there if p.field == field]
        if mine and theirs and not {p.name for p in mine} & {p.name for p in theirs}:
            yield Mismatch(rule, mine[0].span.quote, theirs[0].span.quote)
    yield from _names_elsewhere(claim, evidence)
    for condition in conditions.dropped_from(claim, closest(claim, evidence)):
        yield Mismatch("condition", "", condition)


def _numbers_elsewhere(claim: str, evidence: str) -> Iterator[Mismatch]:
    there = [q for q in quantities(evidence) if q.kind != "p"]
    for quantity in quantities(claim):
        rivals = [q for q in there if q.unit == quantity.unit]
        if rivals and quantity.kind != "p" and not any(agree(quantity, q) for q in there):
            yield Mismatch("number", quantity.quote, rivals[0].quote)


def _directions_elsewhere(claim: str, evidence: str) -> Iterator[Mismatch]:
    """Compare directions of which the passage has the opposite alone, and how often both deny."""
    mine, theirs = ([t.key for t in tokens(text) if t.kind == "word" and sides(t.key)] for text in (claim, evidence))
    rest = [word for word in mine if not any(say_same(word, other) or sides(word) & sides(other) for other in theirs)]
    pairs = [(word, other) for word in rest for other in theirs if are_opposite(word, other)]
    denied = len(DENYING.findall(claim)) % 2 != len(DENYING.findall(evidence)) % 2
    if pairs and not denied:
        yield Mismatch("direction", *pairs[0])
    elif denied and not pairs:
        here, there = DENYING.search(claim), DENYING.search(evidence)
        yield Mismatch("negation", here[0] if here else "", there[0] if there else "")


def _names_elsewhere(claim: str, evidence: str) -> Iterator[Mismatch]:
    """Find the names with capitals within, or digits, that the passage lacks where it has others."""
    mine, theirs = ([w for w in words_of(text) if _is_mixed(w)] for text in (claim, evidence))
    keys = {word.chunk.casefold() for word in theirs}
    said = {token.key for token in tokens(evidence)}
    all_words = words_of(evidence)
    for word in mine:
        if (
            word.chunk.casefold() not in keys
            and word.key not in said
            and theirs
            and not spelled_out(word.text, all_words)
        ):
            yield Mismatch("entity", word.chunk, theirs[0].chunk)


def _is_mixed(word: PlacedWord) -> bool:
    return bool(re.search(r"[A-Z].*[A-Z]|[A-Z].*\d|\d.*[A-Z]|[a-z][A-Z]", word.chunk))
