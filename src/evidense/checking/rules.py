"""Rules: what a statement says otherwise than one passage: another number, direction, denial, name or scope, or without its condition."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evidense.auditing import markers
from evidense.auditing.alignment import Alignment, align
from evidense.checking import conditions
from evidense.checking.changes import Change, Word, changes, spelled_out, words_of
from evidense.checking.directions import are_opposite, denies, sides
from evidense.checking.quantities import Quantity, agree, is_bound_dropped, quantities
from evidense.checking.scope import Named, ScopeField, named
from evidense.checking.wordings import is_function, is_general, say_same
from evidense.texts.sentences import sentences
from evidense.texts.tokens import tokens
from evidense.values.literature import Span

MismatchRule = Literal[
    "number", "direction", "negation", "entity", "dataset", "metric", "split", "model", "population", "condition"
]
"""How a statement differs from its passage. "condition": it dropped one, or a population, a dataset, a hedge; this qualifies, it never refutes."""
ORDER: tuple[MismatchRule, ...] = (
    "negation", "direction", "number", "dataset", "metric", "split", "model", "population", "entity", "condition",
)  # fmt: skip
"""The worst first."""
COPIED = 0.55
"""The least share of a statement's words that a sentence has, in order, to be compared word by word; a paraphrase is compared by what both name."""
_RULE_OF: dict[ScopeField, MismatchRule] = {
    "dataset": "dataset", "metric": "metric", "split": "split", "model": "model", "population": "population", "place": "entity", "task": "entity",
}  # fmt: skip
_EDGE = 8
"""Words of a lost run up to which a denial in it concerns what was kept."""
_RELATION = re.compile(
    r"\b(?:outperform\w*|exceed\w*|surpass\w*|beats?|than|over|caus\w+|induc\w+|inhibit\w*|activat\w+|regulat\w+|promot\w+|suppress\w*|block\w*|increas\w+|reduc\w+|decreas\w+|"
    r"improv\w+|prevent\w*|bind\w*|predict\w*|depends? on|leads? to|results? (?:in|from)|upstream of|downstream of|precede\w*|follow\w*|replac\w+|encod\w+|phosphorylat\w+)\b",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Mismatch:
    """One rule, with the words of the statement and of the passage that it is about; either may be empty."""

    rule: MismatchRule
    claim: str
    evidence: str

    @property
    def qualifies(self) -> bool:
        """Say whether the statement only dropped a condition."""
        return self.rule == "condition"


def mismatches(claim: str, evidence: str) -> tuple[Mismatch, ...]:
    """Return how a statement differs from one passage, each rule and pair of words once.

    >>> mismatches("Aspirin raised mortality by 12%.", "In adults, aspirin lowered mortality by 15%.")
    (Mismatch(rule='direction', claim='raised', evidence='lowered'), Mismatch(rule='number', claim='12%', evidence='15%'), Mismatch(rule='condition', claim='', evidence='In adults'))
    """
    claim, evidence = " ".join(claim.split()), " ".join(evidence.split())
    sentence = closest(claim, evidence)
    found = of_copy(claim, sentence, evidence) if is_copied(claim, sentence) else _of_paraphrase(claim, evidence)
    return tuple(sorted(dict.fromkeys(found), key=lambda mismatch: ORDER.index(mismatch.rule)))


def closest(claim: str, evidence: str) -> str:
    """Return the sentence of a passage that shares most with a statement."""
    parts = [span.quote for span in stretches(evidence, len(sentences(claim)))] or [evidence]
    return max(parts, key=lambda part: rank(align(claim, part))) if len(parts) > 1 else parts[0]


def stretches(evidence: str, n: int) -> list[Span]:
    """Return every run of n sentences of a text, or all of it where it has fewer."""
    spans = sentences(evidence)
    runs = [(spans[i], spans[min(i + n, len(spans)) - 1]) for i in range(max(1, len(spans) - n + 1))] if spans else []
    return [Span(a.start, b.end, evidence[a.start : b.end]) for a, b in runs]


def rank(alignment: Alignment) -> tuple[float, float]:
    """Return what the closest sentence has most of: the statement's words, then few others."""
    return alignment.located, alignment.similarity


def is_copied(claim: str, sentence: str) -> bool:
    """Say whether a statement is a copy of a sentence, if for a few words."""
    return align(claim, sentence).located >= COPIED


def of_copy(claim: str, sentence: str, evidence: str) -> Iterator[Mismatch]:
    """Yield how a copy differs from its sentence, change by change; `evidence` is the passage around it."""
    found = changes(claim, sentence)
    yield from _negation(found)
    yield from _exchange(claim, sentence, found)
    for change in found:
        yield from _direction(change)
        yield from _number(change, claim, sentence, evidence)
        scoped = list(_scope(change, claim, sentence))
        yield from scoped
        if not scoped:
            yield from _entity(change, evidence)
        condition = conditions.dropped(change, claim, sentence)
        if condition:
            yield Mismatch("condition", "", condition)


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


def _denials(words: Sequence[Word], change: Change, is_lost: bool = False) -> int:
    run = change.lost.quote
    if is_lost and not change.added_words and len(run.split()) > 1 and _stands_apart(run):
        return 0
    kept = " ".join(word.text for word in words)
    return len(_DENYING.findall(kept))


def _stands_apart(run: str) -> bool:
    """Say whether a run is long, or a phrase or clause of its own, so that a denial in it concerns nothing that was kept."""
    return len(run.split()) > _EDGE or markers.begins_condition(run)


_DENYING = re.compile(
    r"\b(?:not|no|never|none|neither|cannot|without|fail(?:s|ed|ing|ure)?|lack(?:s|ed|ing)?|hardly|barely|rarely|scarcely|seldom|nothing|nobody|nowhere|unable|absence|absent|devoid|non|"
    r"den(?:y|ies|ied)|false|untrue|unlikely|little)\b|n['’]t\b",
    re.IGNORECASE,
)  # fmt: skip


def _direction(change: Change) -> Iterator[Mismatch]:
    for word in change.added_words if change.is_local else ():
        for other in change.lost_words:
            if is_function(word.key) or is_function(other.key):
                continue
            if are_opposite(word.key, other.key) and not _both_deny(word, other):
                yield Mismatch("direction", word.text, other.text)


def _both_deny(word: Word, other: Word) -> bool:
    """ "no" and "absence" are for the rule of negation."""
    return bool(_DENYING.fullmatch(word.text) or _DENYING.fullmatch(other.text)) and not denies(word.key, other.key)


def _exchange(claim: str, sentence: str, found: Sequence[Change]) -> Iterator[Mismatch]:
    """Find two things that changed places around a word that relates them: "A outperforms B" for "B outperforms A"."""
    if any(w for c in found for w in (*c.lost_words, *c.added_words) if not is_general(w.key)) or _is_passive(claim) != _is_passive(sentence):  # fmt: skip
        return
    for here in _RELATION.finditer(claim):
        for there in _RELATION.finditer(sentence):
            if here[0].casefold() != there[0].casefold():
                continue
            before, after = _things(claim, here)
            before_there, after_there = _things(sentence, there)
            if before & after_there - before_there - after and after & before_there - before - after_there:
                yield Mismatch("direction", _around(claim, here), _around(sentence, there))
                return


def _things(text: str, match: re.Match[str]) -> tuple[set[str], set[str]]:
    return (
        {t.key for t in tokens(text[: match.start()]) if t.kind == "word" and not is_general(t.key)},
        {t.key for t in tokens(text[match.end() :]) if t.kind == "word" and not is_general(t.key)},
    )


def _around(text: str, match: re.Match[str]) -> str:
    return " ".join([*text[: match.start()].split()[-2:], match[0], *text[match.end() :].split()[:2]])


def _is_passive(text: str) -> bool:
    return bool(re.search(r"\b(?:is|are|was|were|been|being)(?: \w+ly)? \w+(?:ed|en|wn|nd|ght) by\b", text))


def _number(change: Change, claim: str, sentence: str, evidence: str) -> Iterator[Mismatch]:
    """Compare the quantities that stand in each other's place; a new one must stand somewhere in the passage."""
    lost, added = _within(quantities(sentence), change.lost), _within(quantities(claim), change.added)
    if not added and lost and not change.added.quote:
        return
    alone = [q for q in added if not any(agree(q, other) for other in lost)]
    unsaid = [q for q in lost if not any(agree(other, q) for other in added)]
    for i, quantity in enumerate(alone):
        if unsaid:
            yield Mismatch("number", quantity.quote, unsaid[min(i, len(unsaid) - 1)].quote)
        elif not any(agree(quantity, other) for other in quantities(evidence)):
            yield Mismatch("number", quantity.quote, "")
    for quantity in added:
        bounds = [q for q in lost if is_bound_dropped(quantity, q)]
        if bounds and not any(q.comparator == "=" and agree(quantity, q) for q in lost):
            yield Mismatch("condition", quantity.quote, bounds[0].quote)


def _within(found: Sequence[Quantity], span: Span) -> list[Quantity]:
    return [q for q in found if q.start < span.end and span.start < q.end]


def _scope(change: Change, claim: str, sentence: str) -> Iterator[Mismatch]:
    """Compare what both name of one field in each other's place."""
    there, here = named(sentence), named(claim)
    lost = [p for p in _overlapping(there, change.lost) if p.name not in {q.name for q in here if q.field == p.field}]
    added = [p for p in _overlapping(here, change.added) if p.name not in {q.name for q in there if q.field == p.field}]
    for place in added:
        for other in lost:
            if place.field == other.field and change.lost_words and change.added_words:
                yield Mismatch(_RULE_OF[place.field], place.span.quote, other.span.quote)


def _overlapping(found: Sequence[Named], span: Span) -> list[Named]:
    return [place for place in found if place.span.start < span.end and span.start < place.span.end]


def _entity(change: Change, evidence: str) -> Iterator[Mismatch]:
    """Compare the names and terms that stand in each other's place; a new one must stand somewhere in the passage."""
    lost, added = [list(filter(_names, words)) for words in (change.lost_words, change.added_words)]
    said = {token.key for token in tokens(evidence)}
    new = [word for word in added if not any(word.key == key or say_same(word.key, key) for key in said)]
    squeezed = _squeezed(evidence)
    new = [word for word in new if _squeezed(word.chunk) not in squeezed]
    added = [word for word in added if not lost or _squeezed(word.chunk) not in {_squeezed(w.chunk) for w in lost}]
    new = [word for word in new if not spelled_out(word.text, words_of(evidence, Span(0, len(evidence), evidence)))]
    if lost and not change.is_local:
        return
    for word in added if lost else new:
        if any(are_opposite(word.key, other.key) for other in change.lost_words) or _is_digit(word, lost):
            continue
        yield Mismatch("entity", word.chunk, lost[0].chunk if lost else "")
        return


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _is_digit(word: Word, lost: Sequence[Word]) -> bool:
    """Say whether a number stands in a number's place, which the rule of numbers looks at."""
    return word.chunk[:1].isdigit() and (not lost or lost[0].chunk[:1].isdigit())


def _names(word: Word) -> bool:
    """Say whether a word names something: a capital within or before it, digits and letters, or a term of some science."""
    if re.search(r"[^\W\d_]", word.chunk) and re.search(r"\d", word.chunk) and not quantities(word.chunk):
        return True
    if word.key.isdigit() or re.fullmatch(r"[\d.,]+", word.key):
        return False
    if not word.is_first and re.search(r"[A-Z]", word.text) and not is_function(word.key):
        return True
    if re.search(r"[A-Z].*[A-Z]", word.text):
        return True
    return len(word.key) > 2 and not is_general(word.key) and not sides(word.key)


def _of_paraphrase(claim: str, evidence: str) -> Iterator[Mismatch]:
    """Yield how a statement in other words differs: weak signs, for a model to weigh."""
    yield from _numbers_elsewhere(claim, evidence)
    yield from _directions_elsewhere(claim, evidence)
    here, there = named(claim), named(evidence)
    for field, rule in _RULE_OF.items():
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
    denied = len(_DENYING.findall(claim)) % 2 != len(_DENYING.findall(evidence)) % 2
    if pairs and not denied:
        yield Mismatch("direction", *pairs[0])
    elif denied and not pairs:
        here, there = _DENYING.search(claim), _DENYING.search(evidence)
        yield Mismatch("negation", here[0] if here else "", there[0] if there else "")


def _names_elsewhere(claim: str, evidence: str) -> Iterator[Mismatch]:
    """Find the names with capitals within, or digits, that the passage lacks where it has others."""
    mine, theirs = ([w for w in words_of(text, Span(0, len(text), text)) if _is_mixed(w)] for text in (claim, evidence))
    keys = {word.chunk.casefold() for word in theirs}
    said = {token.key for token in tokens(evidence)}
    all_words = words_of(evidence, Span(0, len(evidence), evidence))
    for word in mine:
        if word.chunk.casefold() not in keys and word.key not in said and theirs and not spelled_out(word.text, all_words):
            yield Mismatch("entity", word.chunk, theirs[0].chunk)


def _is_mixed(word: Word) -> bool:
    return bool(re.search(r"[A-Z].*[A-Z]|[A-Z].*\d|\d.*[A-Z]|[a-z][A-Z]", word.chunk))
