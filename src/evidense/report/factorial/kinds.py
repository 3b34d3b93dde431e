"""Kinds: the collections of a study by what they hold (photos, flags, icons, texts), and the queries that each stage changes most in a kind."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidense.records import Finding, Outcome
from evidense.report.comparison.readings import Limits, Reading, reading
from evidense.report.contents import Contents
from evidense.report.factorial.effects import Effects
from evidense.report.places import grouped
from evidense.report.texts import Excerpt, without_texts

_VARIANT = re.compile(r"(:[a-z]{2,3}(_[A-Za-z]+)?)?(:((t|i|it)2(t|i|it)|mixed))?(@[A-Za-z0-9_.-]+)?(~\w+)?$")
TITLES = {
    "finetuning after pretraining": "What fine-tuning changes after pre-training",
    "pretraining before finetuning": "What pre-training changes before fine-tuning",
}
"""Effect whose queries are shown → the title of its list."""


@dataclass(frozen=True)
class PlacedReading:
    """A query, and which collection of its kind it is from: language, direction, split."""

    place: str
    reading: Reading


@dataclass(frozen=True)
class KindChange:
    """What one stage changes in a kind: the queries that lose most and those that gain most from `before` to `after`."""

    title: str
    before: str
    after: str
    losses: tuple[PlacedReading, ...]
    gains: tuple[PlacedReading, ...]

    @property
    def is_pictured(self) -> bool:
        """Say whether some query shows a picture: then all of them are strips of pictures."""
        return any(one.reading.is_pictured for one in (*self.losses, *self.gains))


@dataclass(frozen=True)
class ChangedKind:
    """Collections that hold the same kind of items: one file or package, in whatever language and direction."""

    name: str
    n_collections: int
    origin: str
    """Whose the pictures and texts are: source and licence."""
    changes: tuple[KindChange, ...]


def kind_of(collection: str) -> str:
    """Return the name of a collection without language, direction, split and sample.

    >>> kind_of("stamps/photo:de:t2i@test~80q300d"), kind_of("maps:pt_BR@dev"), kind_of("mteb:SciFact")
    ('stamps/photo', 'maps', 'mteb:SciFact')
    """
    return _VARIANT.sub("", collection, count=1)


def kinds(effects: Effects, contents: Contents, limits: Limits, has_texts: bool) -> list[ChangedKind]:
    """Return the kinds on which some query gains or loses, in the order of the page.

    The greatest losses and gains are those of all collections of the kind that are no floors; without texts, queries are named by their ids.
    """
    if not limits.n_readings:
        return []
    findings = [f for f in effects.effects.values() if f.excerpts and f.site["collection"] not in effects.floors]
    names = list(dict.fromkeys(kind_of(place.name) for place in effects.collections))
    of_kind = grouped(findings, lambda f: kind_of(str(f.site["collection"])))
    return [_kind(effects, contents, of_kind[name], limits, has_texts) for name in names if name in of_kind]


def _kind(
    effects: Effects, contents: Contents, findings: Sequence[Finding], limits: Limits, has_texts: bool
) -> ChangedKind:
    collections = [str(f.site["collection"]) for f in findings]
    by_effect = grouped(findings, lambda f: str(f.site["effect"]))
    changes = tuple(
        _change(effect, effects.verdicts.get((effect, str(some[0].site["collection"]))), some, limits, has_texts)
        for effect, some in by_effect.items()
    )
    return ChangedKind(kind_of(collections[0]), len(set(collections)), _origin(contents, collections[0]), changes)


def _change(effect: str, verdict: Outcome | None, findings: Sequence[Finding], limits: Limits, has_texts: bool) -> KindChange:  # fmt: skip
    found = sorted(_placed(findings), key=lambda placed: (placed[1]["delta"], placed[0], str(placed[1]["query_id"])))
    losses = [placed for placed in found if placed[1]["delta"] < 0][: limits.n_readings]
    gains = [placed for placed in reversed(found) if placed[1]["delta"] > 0][: limits.n_readings]
    shown = [
        tuple(
            PlacedReading(_variant(place), reading(e if has_texts else without_texts(e), limits)) for place, e in side
        )
        for side in (losses, gains)
    ]
    after = "both" if effect in TITLES else effect
    return KindChange(
        TITLES.get(effect, f"What {effect} changes"), verdict.baseline if verdict else "before", after, *shown
    )


def _placed(findings: Sequence[Finding]) -> Iterator[tuple[str, Excerpt]]:
    return ((str(f.site["collection"]), excerpt) for f in findings for excerpt in f.excerpts)


def _variant(collection: str) -> str:
    return collection.removeprefix(kind_of(collection)).partition("~")[0].removeprefix(":")


def _origin(contents: Contents, collection: str) -> str:
    card = next((ranking.collection for (_, name), ranking in contents.rankings.items() if name == collection), {})
    return "; ".join(str(card[key]) for key in ("source", "licence") if card.get(key))
