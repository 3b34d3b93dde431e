"""Independence: which works can corroborate a source: not itself, a version of it, its authors' next paper, or a sentence that cites it."""

from collections.abc import Sequence

from evidense.checking.library import LibraryWork
from evidense.texts.names import Name, same_person
from evidense.texts.titles import compare_titles, title_key
from evidense.values import Passage, Reference, Work

_OF_THE_WORK = ("doi", "arxiv", "pmid", "pmcid", "acl", "openalex", "s2")
"""Identifiers that name one work."""


def dependence(own: LibraryWork, other: LibraryWork) -> str:
    """Say why a work cannot corroborate another: "the same work", "a version of it", "by the same authors"; "" where it can."""
    if own.key == other.key or _share_identifier(own.work, other.work):
        return "the same work"
    if own.text.text and own.text.text == other.text.text:
        return "the same work"
    if own.work.title and title_key(own.work.title) == title_key(other.work.title):
        return "a version of it"
    if not _share_authors(own.work.authors, other.work.authors):
        return ""
    is_version = compare_titles(own.work.title, other.work.title)[0] != "other"
    return "a version of it" if is_version else "by the same authors"


def independent(sources: Sequence[LibraryWork], other: LibraryWork) -> bool:
    """Say whether a work can corroborate what all of these sources say."""
    return not any(dependence(source, other) for source in sources)


def not_citing(sources: Sequence[LibraryWork], other: LibraryWork, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the passages of a work that cite none of the sources: a sentence that reports a source does not corroborate it."""
    keys = {r.key for r in other.references for source in sources if _means(r, source)} | {
        source.key for source in sources
    }
    citing = [c.sentence for c in other.citations if keys & set(c.keys)]
    return tuple(p for p in passages if not any(p.span.start < span.end and p.span.end > span.start for span in citing))


def _means(reference: Reference, source: LibraryWork) -> bool:
    same_ids = any(
        reference.identifiers.get(kind) and reference.identifiers.get(kind) == source.work.identifiers.get(kind)
        for kind in _OF_THE_WORK
    )
    key = title_key(reference.title)
    return same_ids or bool(key and key == title_key(source.work.title))


def _share_identifier(one: Work, other: Work) -> bool:
    mine, theirs = ({(k, w.identifiers[k]) for k in _OF_THE_WORK if w.identifiers.get(k)} for w in (one, other))
    later = {(k, v) for w in (one, other) for k, v in w.published_as.items() if k in _OF_THE_WORK}
    return bool(mine & theirs or later & (mine | theirs))


def _share_authors(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether the first or the last author of one is among the others, or half of the shorter list."""
    if not one or not other:
        return False
    mine, theirs = [Name.of(author) for author in one], [Name.of(author) for author in other]
    shared = [any(same_person(name, known) for known in theirs) for name in mine]
    back = [any(same_person(name, known) for known in mine) for name in theirs]
    ends = shared[0] or shared[-1] or back[0] or back[-1]
    return ends or 2 * sum(shared) >= min(len(mine), len(theirs))
