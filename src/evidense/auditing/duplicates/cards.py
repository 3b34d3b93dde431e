"""Cards: a record reduced to what tells it from others: words of its title, identifiers, first author, kind of version."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from evidense.texts.names import Name
from evidense.texts.titles import main_title_words, title_words
from evidense.texts.venues import is_preprint
from evidense.values import Work

VersionKind = Literal["published", "preprint", "unknown"]
KINDS = ("doi", "arxiv", "acl", "pmid", "pmcid", "openalex", "s2")
"""Identifiers of one work each. An ISBN is that of all chapters of a book."""
_PREPRINT_DOI = re.compile(
    r"10\.(?:48550/arxiv|1101/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,}|21203/rs|2139/ssrn|26434/chemrxiv|31234/osf|20944/preprints|36227/techrxiv|64898/)"
)
_PREPRINT_KINDS = frozenset(["preprint", "posted-content"])
_NOTICE = re.compile(
    r"\s*(?:correction(?: to)?|corrigendum(?: to)?|erratum(?: to)?|addendum(?: to)?|retraction(?: note)?(?: to)?|expression of concern|reply(?: to)?)\s*:",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Card:
    """What is compared of a record, or of several that are equal in it."""

    work: Work
    words: tuple[str, ...]
    bag: frozenset[str]
    """The same; the second "the" is another word than the first."""
    key: str
    """The words of the title joined; "" where it has none."""
    main: str
    """The same without the subtitle; "" where there is none, or fewer than three words are left."""
    identifiers: frozenset[str]
    """`kind:value` of each."""
    published_as: frozenset[str]
    """Those of a later version."""
    first: Name | None
    """The first author."""
    first_words: frozenset[str]
    """Whole words of the first author's name; initials are none."""
    is_notice: bool
    """A correction, retraction or reply that names a work in its title."""
    version: VersionKind

    @classmethod
    def of(cls, work: Work) -> "Card":
        """Reduce a record."""
        words, main = title_words(work.title), main_title_words(work.title)
        first = Name.of(work.authors[0]) if work.authors else None
        return cls(
            work, words, _bag(words), "".join(words), "".join(main) if len(main) >= 3 and main != words else "",
            _identifiers(work.identifiers), _identifiers(work.published_as), first,
            frozenset(word for word in first.words if len(word) > 1) if first else frozenset(),
            bool(_NOTICE.match(work.title)), version_of(work),
        )  # fmt: skip

    @property
    def order(self) -> tuple[str, str, int, str]:
        """Return what cards are ordered by; only those of equal records are equal."""
        year = -1 if self.work.year is None else self.work.year
        return self.key, " ".join(self.first.words) if self.first else "", year, _content(self.work)


def sorted_cards(works: Iterable[Work]) -> list[Card]:
    """Return the cards of records in one order, whatever the order of the records."""
    return sorted((Card.of(work) for work in works), key=lambda card: card.order)


def version_of(work: Work) -> VersionKind:
    """Say what a record describes: a published work, a preprint, or that it does not tell.

    >>> version_of(Work("arxiv", {"arxiv": "1706.03762"}, venue="arXiv"))
    'preprint'
    >>> version_of(Work("crossref", {"doi": "10.1162/coli_a_00123"}))
    'published'
    """
    doi = work.identifiers.get("doi", "")
    if doi and not _PREPRINT_DOI.match(doi) and work.kind not in _PREPRINT_KINDS:
        return "published"
    if doi or work.kind in _PREPRINT_KINDS or is_preprint(work.venue):
        return "preprint"
    if work.venue or {"acl", "pmid"} & work.identifiers.keys():
        return "published"
    return "preprint" if "arxiv" in work.identifiers else "unknown"


def _bag(words: tuple[str, ...]) -> frozenset[str]:
    bag = frozenset(words)
    if len(bag) == len(words):
        return bag
    return frozenset(f"{word} {words[:i].count(word)}" if word in words[:i] else word for i, word in enumerate(words))


def _identifiers(value_of_kind: Mapping[str, str]) -> frozenset[str]:
    return frozenset([f"{kind}:{value}" for kind, value in value_of_kind.items() if kind in KINDS and value])


def _content(work: Work) -> str:
    """Return everything that a record says; one text, since many small objects would keep the garbage collector busy."""
    notices = [(notice.relation, notice.date, notice.reason, notice.identifier) for notice in work.notices]
    mappings = sorted(work.identifiers.items()), sorted(work.published_as.items())
    texts = work.title, work.authors, work.venue, work.kind, work.abstract, work.text_url, work.licence, work.url
    return repr((work.source, mappings, texts, notices))
