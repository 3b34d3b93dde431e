"""Bibliography: the works that passed screening, in BibTeX and CSL-JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence

from evidense.records import Json
from evidense.report.audit.bibliographies import entry_of, item_of
from evidense.searching.hits import Hit
from evidense.texts.letters import words
from evidense.texts.titles import title_words
from evidense.texts.venues import is_preprint
from evidense.values import Work

_KINDS: Mapping[str, str] = {
    "article": "article", "journal-article": "article", "inproceedings": "inproceedings", "proceedings-article": "inproceedings", "book": "book",
    "incollection": "incollection", "book-chapter": "incollection", "preprint": "misc", "posted-content": "misc",
}  # fmt: skip
_EMPTY = frozenset("a an the of on in for and to with from what how is are do does".split())


def bibtex_of(hits: Sequence[Hit]) -> str:
    """Return one entry a work; keys are made of first author, year and the first word of the title."""
    return "\n".join(entry_of(key, _kind(hit.work), hit.work) for key, hit in zip(keys_of(hits), hits, strict=True))


def csl_of(hits: Sequence[Hit]) -> list[dict[str, Json]]:
    """Return one item of CSL-JSON a work, under the keys of `bibtex_of`."""
    return [item_of(key, _kind(hit.work), hit.work) for key, hit in zip(keys_of(hits), hits, strict=True)]


def keys_of(hits: Sequence[Hit]) -> list[str]:
    """Return the key of each work, each once."""
    seen: Counter[str] = Counter()
    keys = []
    for hit in hits:
        key = key_of(hit.work)
        seen[key] += 1
        keys.append(key if seen[key] == 1 else f"{key}{seen[key]}")
    return keys


def _kind(work: Work) -> str:
    unknown = "article" if work.venue and not is_preprint(work.venue) else "misc"
    return _KINDS.get(work.kind, unknown)


def key_of(work: Work) -> str:
    """Return the key of a work.

    >>> key_of(Work("x", {}, "On Dense Retrieval", ("van Marsh, Cleo",), 2020))
    'marsh2020dense'
    """
    name = work.authors[0] if work.authors else "anonymous"
    family = name.partition(",")[0] if "," in name else name
    surname = (words(family) or ["anonymous"])[-1]
    word = next((w for w in title_words(work.title) if w not in _EMPTY), "untitled")
    return f"{surname}{work.year or ''}{word}"
