"""Scope: the datasets, splits, metrics, models, tasks and populations that a text names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from evidense.checking.lexicon import scopes
from evidense.values.literature import Span

ScopeField = Literal["dataset", "split", "metric", "model", "task", "population", "place"]
FIELDS: tuple[ScopeField, ...] = get_args(ScopeField)
"""What a statement may hold for."""
_KNOWN: dict[ScopeField, str] = {
    "dataset": scopes.DATASETS, "split": scopes.SPLITS, "metric": scopes.METRICS, "model": scopes.MODELS,
    "task": scopes.TASKS, "population": scopes.POPULATIONS, "place": scopes.PLACES,
}  # fmt: skip
_VARIANT = (
    r"(?:[- ](?:base|large|small|tiny|mini|medium|xl|xxl|xlarge|uncased|cased|multilingual|distilled|[BLHSG]/\d{1,2}|"
    r"\d{1,4}[MBK]\b|v\d(?:\.\d)?|\d{2,3}\b))*(?:\+\+|v\d)?"
)
_AT = r"(?:@\d+)?"
_NAME = r"(?:[A-Z][\w+.-]*|\d{3,4})(?: (?:[A-Z][\w+.-]*|of|and|\d+))*?"
_SETS = (
    r"data ?sets?|corpus|corpora|benchmarks?|collections?|test collection|test set|[Cc]ohort|[Dd]atabase|[Rr]egistry|[Ss]tudy|[Tt]rial|[Ss]urvey|"
    r"[Bb]iobank"
)
_NO_NAME = "The|This|These|Our|Each|A|An|In|On|For|All|Both|We|Test|Training"
_PEOPLE = "patients|individuals|people|adults|children|women|men|subjects|participants|those"
_WHO = r"with|without|undergoing|receiving|aged|over|under|older than|younger than|at (?:high|low) risk of|who (?:have|had)"
_GOES_ON = r"(?!(?:and|or|in|who|was|were|is|are|but|the|to|had|have|from|on|with)\b)"
_CALLED: dict[ScopeField, re.Pattern[str]] = {
    "dataset": re.compile(rf"\b(?!(?:{_NO_NAME}) )({_NAME}) (?:{_SETS})\b"),
    "population": re.compile(rf"\b((?:{_PEOPLE}) (?:{_WHO}) [\w-]+(?: {_GOES_ON}[\w-]+){{0,2}})"),
}
"""Names that stand beside the word for what they are: "the Foo corpus", "patients with asthma"."""


@dataclass(frozen=True)
class ScopeName:
    """Something that a text names as its scope."""

    field: ScopeField
    name: str
    """As all spellings of it are written: "ndcg@10", "mouse"."""
    span: Span


def named(text: str) -> tuple[ScopeName, ...]:
    """Return what a text names as its scope, in order.

    >>> [(n.field, n.name) for n in named("BERT-large gains nDCG@10 on MS MARCO, not in mice.")]
    [('model', 'bert-large'), ('metric', 'ndcg@10'), ('dataset', 'msmarco'), ('population', 'mouse')]
    """
    found = [place for field in FIELDS for place in _named(text, field)]
    return tuple(sorted(found, key=lambda place: (place.span.start, -place.span.end)))


def scope(text: str) -> Mapping[ScopeField, frozenset[str]]:
    """Return the names of each field that a text has.

    >>> sorted(scope("accuracy on the dev set of FEVER")["split"])
    ['devset']
    """
    places = named(text)
    return {field: frozenset(p.name for p in places if p.field == field) for field in FIELDS}


def _named(text: str, field: ScopeField) -> list[ScopeName]:
    pattern, canonical = _patterns()[field]
    found = []
    for match in pattern.finditer(text):
        key = _key(match[0])
        found.append(ScopeName(field, canonical.get(key, key), Span(match.start(), match.end(), match[0])))
    for match in _CALLED[field].finditer(text) if field in _CALLED else ():
        if not any(p.span.start <= match.start() and match.end(1) <= p.span.end for p in found):
            found.append(ScopeName(field, _key(match[1]), Span(match.start(1), match.end(1), match[1])))
    return found


def _key(name: str) -> str:
    """Write all spellings of a name in one way; the hyphen of a variant stays, since a name and its variant differ."""
    folded = re.sub(r"\s+", " ", name.casefold())
    folded = re.sub(r"[ -](?=(?:base|large|small|tiny|mini|medium|xl+|\d+[mbk]|v\d)\b)", "~", folded)
    return re.sub(r"[ -]", "", folded).replace("~", "-")


@lru_cache(maxsize=1)
def _patterns() -> Mapping[ScopeField, tuple[re.Pattern[str], Mapping[str, str]]]:
    made: dict[ScopeField, tuple[re.Pattern[str], Mapping[str, str]]] = {}
    for field, listed in _KNOWN.items():
        items = [item.strip() for item in " ".join(listed.split()).split(",")]
        names = {item.partition("=")[0]: item.partition("=")[2] for item in items}
        after = {"metric": _AT, "model": _VARIANT}.get(field, "")
        either = "|".join(_either(name) for name in sorted(names, key=len, reverse=True))
        canonical = {_key(name): _key(other or name) for name, other in names.items()}
        made[field] = (re.compile(rf"(?<![\w-])(?:{either}){after}(?!\w)"), canonical)
    return made


def _either(name: str) -> str:
    """Return a pattern for a name; its case counts where it begins with a capital: "MAP" is no map."""
    spaced = re.escape(name).replace(r"\ ", "[ -]")
    return spaced if name[:1].isupper() else f"(?i:{spaced})"
