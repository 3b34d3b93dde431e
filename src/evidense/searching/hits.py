"""Hits: what several sources found, joined to works; each work has a name that stays the same from run to run."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evidense.auditing.duplicates import OneWork, Works, deduplicate
from evidense.records import sha256_of
from evidense.texts.titles import title_key
from evidense.values import Work

_NAMING = ("doi", "arxiv", "acl", "pmid", "pmcid", "openalex", "s2")


@dataclass(frozen=True)
class Hit:
    """A work that was found."""

    name: str
    """By which labels name it: `doi:10.1145/1.1`, `arxiv:2101.00001`, or one made of the title."""
    work: Work
    """The fields of the published version where there is one, filled from the other records."""
    records: tuple[Work, ...]
    versions: tuple[str, ...]
    """Kinds of its versions: published, preprint, unknown."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Return who found it, each once."""
        return tuple(dict.fromkeys(record.source for record in self.records))

    @property
    def is_retracted(self) -> bool:
        """Say whether it was retracted or withdrawn."""
        return any(notice.relation in ("retraction", "withdrawal") for notice in self.work.notices)


@dataclass(frozen=True)
class DoubtfulPair:
    """Two works that may be one."""

    names: tuple[str, str]
    titles: tuple[str, str]
    reason: str


@dataclass(frozen=True)
class Hits:
    """All works that were found, and the pairs that cannot be told."""

    hits: tuple[Hit, ...]
    doubts: tuple[DoubtfulPair, ...]


def joined(records: Iterable[Work]) -> Hits:
    """Join the records of all sources to works; the same records in any order give the same works and names.

    Raises:
        MissingExtra: rapidfuzz is not installed.
    """
    works: Works = deduplicate(records)
    names = _names([_merged(one) for one in works.works])
    hits = tuple(
        Hit(name, _merged(one), one.records, tuple(version.kind for version in one.versions))
        for name, one in zip(names, works.works, strict=True)
    )
    doubts = tuple(
        DoubtfulPair((names[a], names[b]), (hits[a].work.title, hits[b].work.title), doubt.reason)
        for doubt in works.doubts
        for a, b in [doubt.places]
    )
    return Hits(hits, doubts)


def record_names(hit: Hit) -> list[str]:
    """Return a name for each record of a work, as the event log knows it; the first stands for the work."""
    seen: Counter[str] = Counter()
    names = []
    for record in hit.records:
        seen[record.source] += 1
        names.append(f"{hit.name} {record.source} {seen[record.source]}")
    return names


def _merged(one: OneWork) -> Work:
    """Return the first record with what it lacks from the others; identifiers and notices of all."""
    first = one.records[0]
    fields = {
        name: next((value for r in one.records if (value := getattr(r, name))), getattr(first, name))
        for name in _FILLED
    }
    identifiers = {kind: value for record in reversed(one.records) for kind, value in record.identifiers.items()}
    notices = tuple(dict.fromkeys(notice for record in one.records for notice in record.notices))
    abstract = max((record.abstract for record in one.records), key=lambda text: (len(text), text))
    return replace(first, **fields, identifiers=identifiers, notices=notices, abstract=abstract)


_FILLED = ("title", "authors", "year", "venue", "kind", "text_url", "licence", "url", "published_as")


def _names(works: Sequence[Work]) -> list[str]:
    names = [_name(work) for work in works]
    seen: Counter[str] = Counter()
    unique = []
    for name, work in zip(names, works, strict=True):
        seen[name] += 1
        mark = sha256_of([work.title, list(work.authors), work.year, work.venue])[:6]
        unique.append(f"{name}#{mark}" if names.count(name) > 1 else name)
    return [f"{name}-{n}" if (n := unique[:i].count(name)) else name for i, name in enumerate(unique)]


def _name(work: Work) -> str:
    for kind in _NAMING:
        if work.identifiers.get(kind):
            return f"{kind}:{work.identifiers[kind]}"
    return f"title:{hashlib.sha256(f'{title_key(work.title)} {work.year}'.encode()).hexdigest()[:12]}"
