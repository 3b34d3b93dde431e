"""Measures: the metrics, datasets, splits, tasks and models that headings, labels and captions name, shortened or not."""

import re
from collections.abc import Mapping
from functools import lru_cache

from evidense.checking.lexicon import measures
from evidense.checking.scope import ScopeField, ScopeName, named
from evidense.texts.letters import fold

FIELDS: tuple[ScopeField, ...] = ("metric", "dataset", "split", "model", "task")
"""Fields by which a statement and a cell are compared."""
_NO_MEASURE = frozenset({"alignment", "uniformity", "memory", "hits", "err"})
"""Names of metrics that head other columns too."""
_STUDY = re.compile(r"\s*(?:study|studies|trial|survey)\b", re.IGNORECASE)
"""What follows a name that is no data set here: "Ablation study"."""
_WORD = re.compile(r"\d+(?:\.\d+)+|[^\W_]+(?:[+−](?!\w))?")
Names = Mapping[ScopeField, frozenset[str]]


@lru_cache(maxsize=4_096)
def names_of(text: str) -> Names:
    """Return the names of each field in a text.

    >>> found = names_of("MNLI Acc. (%)")
    >>> sorted(found["metric"]), sorted(found["dataset"]), sorted(names_of("Dev")["split"])
    (['accuracy'], ['mnli'], ['devset'])
    """
    rest, metrics = _metrics(text)
    found: dict[ScopeField, set[str]] = {field: set() for field in FIELDS}
    for place in named(rest):
        if place.field in found and place.name not in _NO_MEASURE and not _is_several(place, rest):
            found[place.field].add(place.name)
    found["metric"] |= metrics
    if split := _table(measures.SPLITS).get(_key(text).strip(".()")):
        found["split"].add(split.replace(" ", ""))
    return {field: frozenset(values) for field, values in found.items()}


def _is_several(place: ScopeName, text: str) -> bool:
    """Say whether a name is that of a study, or of several data sets at once."""
    return _STUDY.match(text[place.span.end :]) is not None or (
        place.field == "dataset" and " and " in place.span.quote
    )


def spelt(text: str, field: ScopeField) -> tuple[str, ...]:
    """Return the names of a field as a text spells them; as all spellings are written where it shortens them."""
    rest, metrics = _metrics(text)
    found = tuple(dict.fromkeys(place.span.quote for place in named(rest) if place.field == field))
    return found or (tuple(sorted(metrics)) if field == "metric" else ()) or tuple(sorted(names_of(text)[field]))


def name_words(text: str) -> frozenset[str]:
    """Return the words of a text that name its metrics, datasets, splits, models and tasks."""
    rest, _ = _metrics(text)
    kept = [place.span.quote for place in named(rest) if place.field in FIELDS]
    lost = words(text) - words(rest)
    return frozenset(word for quote in kept for word in words(quote)) | lost


def words(text: str) -> frozenset[str]:
    """Return the words of a text in one spelling; a sign that ends a name stays with it.

    >>> sorted(words("TGen+ reaches 84.6 on BERT-large"))
    ['84.6', 'bert', 'large', 'on', 'reaches', 'tgen+']
    """
    return frozenset(in_order(text).split())


def in_order(text: str) -> str:
    """Return the words of a text in one spelling and in their order, with a space around each."""
    return f" {' '.join(_WORD.findall(fold(text).replace('–', '-')))} "


def _metrics(text: str) -> tuple[str, set[str]]:
    """Return a text without its shortened metrics, and their names."""
    found: set[str] = set()

    def taken(match: re.Match[str]) -> str:
        name = _table(measures.MEASURES)[_key(match["name"])]
        found.add(fold(name).replace(" ", "") + (match["at"] or ""))
        return " "

    return _pattern().sub(taken, text), found


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    items = [item.partition("=")[0].strip() for item in " ".join(measures.MEASURES.split()).split(",")]
    either = "|".join(_spelt(item) for item in sorted(items, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?P<name>{either})(?P<at>(?<=@)\s?\d+)?(?![\w@])\.?")


def _spelt(name: str) -> str:
    """Return a pattern for a name; capitals alone count as such: "OR" is no "or"."""
    spelt = re.escape(name).replace(r"\ ", "[ -]").replace(r"\-", "[ -]?")
    return spelt if name.isupper() else f"(?i:{spelt})"


@lru_cache(maxsize=4)
def _table(items: str) -> Mapping[str, str]:
    pairs = (item.strip().partition("=") for item in " ".join(items.split()).split(","))
    return {_key(name): full for name, _, full in pairs}


def _key(name: str) -> str:
    return re.sub(r"[ -]", "", fold(name))
