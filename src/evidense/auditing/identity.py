"""Identity: which of the works that indexes returned a reference means, and whether its identifier is another work's."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.auditing.fields import FieldCheck
from evidense.texts.names import compare_authors
from evidense.texts.titles import Likeness, compare_titles
from evidense.values import Answer, Reference, Work

_KINDS = ("doi", "arxiv", "acl", "pmid", "pmcid")
_NEAR_WITHOUT_AUTHORS = 0.9
"""A title of another wording needs this likeness, or authors that agree, to be the work that is meant."""


@dataclass(frozen=True)
class Identified:
    """The works that a reference means, best first: several indexes' records of one work, or versions of it."""

    works: tuple[Work, ...] = ()
    is_other_work: bool = False
    reason: str = ""
    fields: tuple[FieldCheck, ...] = ()
    dissenting: tuple[Work, ...] = ()
    """Works of another title under the reference's identifier, where other indexes agree with the reference."""


@dataclass(frozen=True)
class _Candidate:
    work: Work
    by_identifier: bool
    title: Likeness
    similarity: float
    authors: float
    """Share of the cited authors that the work has; 0.5 where either names none."""

    @property
    def agrees(self) -> bool:
        """The same title and no author list that contradicts, or nearly the title by the same people."""
        if self.title == "same":
            return True
        return self.title == "near" and (self.authors > 0.5 or self.similarity >= _NEAR_WITHOUT_AUTHORS)


def identify(reference: Reference, answers: Sequence[Answer]) -> Identified:
    """Find the work that a reference means among the answers."""
    candidates = [
        _candidate(reference, work, answer.by == "identifier")
        for answer in sorted(answers, key=lambda a: (a.source, a.by))
        for work in answer.works
    ]
    agreeing = sorted((c for c in candidates if c.agrees), key=_rank)
    strangers = [c for c in candidates if c.by_identifier and not c.agrees]
    if agreeing:
        works = _one_each(agreeing)
        if strangers and not any(c.by_identifier for c in agreeing):
            if all(c.authors > 0.5 for c in strangers):
                return Identified(works, dissenting=tuple(c.work for c in strangers))
            return _other(reference, strangers, works)
        return Identified(works, dissenting=tuple(c.work for c in strangers))
    if strangers:
        if all(c.authors > 0.5 or c.title == "near" for c in strangers):
            # the same people under another title, or nearly the title where no index has the title itself
            return Identified(_one_each(sorted(strangers, key=_rank)))
        return _other(reference, strangers, ())
    return Identified()


def _candidate(reference: Reference, work: Work, by_identifier: bool) -> _Candidate:
    title: Likeness
    is_known_by_identifier = by_identifier or _shares_identifier(reference, work)
    if is_known_by_identifier and not reference.title:
        title, similarity = "same", 1.0  # a reference that is an identifier alone means what the identifier means
    else:
        title, similarity = compare_titles(reference.title, work.title)
    names_both = bool(reference.authors and work.authors)
    authors = compare_authors(reference.authors, work.authors).share_known if names_both else 0.5
    return _Candidate(work, is_known_by_identifier, title, similarity, authors)


def _shares_identifier(reference: Reference, work: Work) -> bool:
    return any(reference.identifiers.get(k) and reference.identifiers[k] == work.identifiers.get(k) for k in _KINDS)


def _rank(candidate: _Candidate) -> tuple[object, ...]:
    return (
        candidate.title != "same",
        candidate.authors <= 0.5,
        not candidate.by_identifier,
        -round(candidate.similarity, 3),
        -candidate.authors,
        candidate.work.source,
        sorted(candidate.work.identifiers.items()),
    )


def _one_each(ranked: Sequence[_Candidate]) -> tuple[Work, ...]:
    """The best candidate, and the works of other indexes (or versions of one) that are as like the reference as it."""
    best = ranked[0]
    kept = [
        c.work
        for c in ranked
        if (c.title == best.title and (c.authors > 0.5) == (best.authors > 0.5)) or c.by_identifier
    ]
    return tuple(work for i, work in enumerate(kept) if work not in kept[:i])


def _other(reference: Reference, strangers: Sequence[_Candidate], works: tuple[Work, ...]) -> Identified:
    stranger = strangers[0]
    kind = next(
        (
            k
            for k in _KINDS
            if reference.identifiers.get(k) and reference.identifiers.get(k) == stranger.work.identifiers.get(k)
        ),
        "doi",
    )
    cited = reference.identifiers.get(kind, "")
    right = next((w.identifiers[kind] for w in works if w.identifiers.get(kind)), "")
    reason = f"{kind} {cited} is '{stranger.work.title}'" + (f"; this title is {right}" if right else "")
    check = FieldCheck(kind, cited, right, tuple(sorted({c.work.source for c in strangers})), "wrong")
    return Identified(works, is_other_work=True, reason=reason, fields=(check,))
