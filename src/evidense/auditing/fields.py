"""Fields: which fields of a reference the indexes confirm, contradict or do not know."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from evidense.texts.names import compare_authors
from evidense.texts.titles import compare_titles
from evidense.texts.venues import is_known_venue, is_preprint, same_venue
from evidense.values import Answer, Reference, Work

FieldState = Literal["confirmed", "near", "wrong", "unknown"]
"""near: a year that no index has, one off what one of them has: a preprint and its print often differ by that, so it is not counted as wrong."""
_REGISTRIES = {"arxiv": frozenset({"arxiv", "datacite"})}
"""The sources that must know a number of this kind if there is one; other indexes take up new preprints late, or under the published version."""


@dataclass(frozen=True)
class FieldCheck:
    """One field of a reference beside what the indexes have."""

    name: str
    cited: str
    known: str
    """What the indexes have instead; the value that most of them have."""
    by: tuple[str, ...]
    """The indexes that say so, in alphabetical order."""
    state: FieldState
    missing: tuple[str, ...] = ()
    """Authors that the reference leaves out."""
    foreign: tuple[str, ...] = ()
    """Authors that no index names."""

    @property
    def is_wrong(self) -> bool:
        """Say whether no index confirms the field, and at least one has another value."""
        return self.state == "wrong"

    @property
    def sentence(self) -> str:
        """Say what is wrong, without who says so: "year 2019 → 2018"."""
        if self.name == "authors":
            parts = [f"missing {', '.join(self.missing)}"] if self.missing else []
            parts += [f"not among them: {', '.join(self.foreign)}"] if self.foreign else []
            return f"authors: {'; '.join(parts)}"
        return f"{self.name} {self.cited or 'none'} → {self.known or 'none'}"

    def near_sentence(self, by: str) -> str:
        """Say that a year is one off what the indexes `by` have."""
        return f"{self.name}: {self.cited} here, {self.known} in {by}; one year off is not counted as wrong"


def check_fields(reference: Reference, works: Sequence[Work], answers: Sequence[Answer]) -> tuple[FieldCheck, ...]:
    """Compare title, authors, year, venue and identifiers with every work that the reference means."""
    checks = [
        _title(reference, works),
        _authors(reference, works),
        _year(reference, works),
        _venue(reference, works),
        *(_identifier(reference, works, answers, kind) for kind in ("doi", "arxiv")),
    ]
    return tuple(check for check in checks if check is not None)


def _title(reference: Reference, works: Sequence[Work]) -> FieldCheck | None:
    return _compared(
        "title", reference.title, [(w.title, w.source) for w in works], lambda a, b: compare_titles(a, b)[0] == "same"
    )


def _authors(reference: Reference, works: Sequence[Work]) -> FieldCheck | None:
    if not reference.authors:
        return None
    known = [work for work in works if work.authors]
    if not known:
        return FieldCheck("authors", _list(reference.authors), "", (), "unknown")
    compared = [(compare_authors(reference.authors, work.authors), work) for work in known]
    confirming = [
        work.source
        for result, work in compared
        if not result.foreign and (not result.missing or reference.has_more_authors)
    ]
    cited = _list(reference.authors)
    if confirming:
        return FieldCheck("authors", cited, cited, _sources(confirming), "confirmed")
    best, nearest = min(compared, key=lambda pair: (len(pair[0].foreign) + len(pair[0].missing), pair[1].source))
    missing = () if reference.has_more_authors else best.missing
    return FieldCheck(
        "authors", cited, _list(nearest.authors), _sources(w.source for w in known), "wrong", missing, best.foreign
    )


def _year(reference: Reference, works: Sequence[Work]) -> FieldCheck | None:
    if reference.year is None:
        return None
    known = [(str(w.year), w.source) for w in works if w.year is not None]
    cited = str(reference.year)
    near = [(year, source) for year, source in known if abs(int(year) - reference.year) == 1]
    if near and cited not in dict(known):
        closest = _most(near)
        return FieldCheck("year", cited, closest, _sources(s for year, s in near if year == closest), "near")
    return _compared("year", cited, known, str.__eq__) or FieldCheck(
        "year", cited, "", (), "wrong" if reference.year > date.today().year + 1 else "unknown"
    )


def _venue(reference: Reference, works: Sequence[Work]) -> FieldCheck | None:
    if not reference.venue:
        return None
    pairs = [(w.venue, w.source) for w in works if w.venue]
    pairs += [(w.published_as["venue"], w.source) for w in works if w.published_as.get("venue")]
    verdicts = [(same_venue(reference.venue, venue), venue, source) for venue, source in pairs]
    if confirming := [source for same, _, source in verdicts if same]:
        return FieldCheck("venue", reference.venue, reference.venue, _sources(confirming), "confirmed")
    contradicting = [(venue, source) for same, venue, source in verdicts if same is False]
    if not contradicting:
        return FieldCheck("venue", reference.venue, "", *_unheard_of(reference.venue, works))
    return FieldCheck("venue", reference.venue, _most(contradicting), _sources(s for _, s in contradicting), "wrong")


def _unheard_of(venue: str, works: Sequence[Work]) -> tuple[tuple[str, ...], FieldState]:
    """Nobody names a venue. One of a name that nobody knows is wrong where two indexes hold the work; others may be right."""
    holders = _sources(work.source for work in works)
    is_doubtful = len(holders) > 1 and not is_preprint(venue) and not is_known_venue(venue)
    return (holders, "wrong") if is_doubtful else ((), "unknown")


def _identifier(reference: Reference, works: Sequence[Work], answers: Sequence[Answer], kind: str) -> FieldCheck | None:
    """An identifier is confirmed by a work that has it; wrong where works have another, or where two indexes know none of this number.

    Where a registry holds every number of the kind, it must be one of the two.
    """
    cited = reference.identifiers.get(kind, "")
    if not cited or (kind == "doi" and cited.startswith("10.48550/")):
        return None
    if confirming := [w.source for w in works if w.identifiers.get(kind) == cited or w.published_as.get(kind) == cited]:
        return FieldCheck(kind, cited, cited, _sources(confirming), "confirmed")
    if any(a.by == "identifier" and a.state == "found" for a in answers):
        return FieldCheck(kind, cited, "", (), "unknown")
    others = [(w.identifiers[kind], w.source) for w in works if w.identifiers.get(kind)]
    lacking = _sources(a.source for a in answers if a.by == "identifier" and a.state == "not there")
    if others and lacking:
        return FieldCheck(kind, cited, _most(others), _sources(s for _, s in others), "wrong")
    is_unregistered = kind not in _REGISTRIES or bool(_REGISTRIES[kind] & set(lacking))
    return FieldCheck(kind, cited, "", lacking, "wrong" if len(lacking) > 1 and is_unregistered else "unknown")


def _compared(
    name: str, cited: str, known: Sequence[tuple[str, str]], is_same: Callable[[str, str], bool]
) -> FieldCheck | None:
    if not cited or not known:
        return None
    if confirming := [source for value, source in known if is_same(cited, value)]:
        return FieldCheck(name, cited, cited, _sources(confirming), "confirmed")
    return FieldCheck(name, cited, _most(known), _sources(source for _, source in known), "wrong")


def _most(known: Sequence[tuple[str, str]]) -> str:
    """The value that most indexes have; the first in the alphabet among equals."""
    values = [value for value, _ in known if not is_preprint(value)] or [value for value, _ in known]
    return min(set(values), key=lambda value: (-values.count(value), value))


def _sources(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _list(authors: Sequence[str]) -> str:
    return "; ".join(authors)
