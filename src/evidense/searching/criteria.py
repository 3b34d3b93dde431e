"""Criteria: what is included and excluded, one a line, each with its reason; what contradicts itself is refused.

include: about dense retrieval: dense retrieval | bi-encoder | embedding*
exclude: speech: speech | audio
exclude: year < 2018
exclude: retracted
exclude: kind: dataset | software
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evidense.boundary.files import Budget, read_text
from evidense.errors import InvalidInput
from evidense.texts.letters import words
from evidense.values import Work

Effect = Literal["include", "exclude"]
Flag = Literal["retracted", "no abstract"]
_YEAR = re.compile(r"year\s*(<=|>=|<|>|==|=)\s*(\d{4})")
_COMPARED = re.compile(r"([^:<>=]+?)\s*(?:<=|>=|<|>|==|=)[^:]*")
_FLAGS: dict[str, Flag] = {"retracted": "retracted", "no abstract": "no abstract"}
_FORMS = "'include: NAME: word | other words', 'exclude: year < 2018', 'exclude: retracted', 'exclude: no abstract' or 'exclude: kind: dataset'"
_FIRST_YEAR, _LAST_YEAR = 1500, 2100


@dataclass(frozen=True)
class Criterion:
    """One line."""

    effect: Effect
    name: str
    """The reason that is given."""
    line: int
    terms: tuple[str, ...] = ()
    """Any of these, in title or abstract; `*` at the end of a word stands for any ending."""
    years: tuple[int, int] | None = None
    """First and last year that it is true of."""
    flag: Flag | None = None
    kinds: tuple[str, ...] = ()
    is_apart: bool = False
    """The words of a term may stand apart; else they are a phrase."""

    @property
    def is_about_text(self) -> bool:
        """Say whether a person would have to read title and abstract to apply it."""
        return bool(self.terms)

    def holds(self, work: Work) -> bool | None:
        """Say whether it is true of a work; None where the record does not tell."""
        if self.years is not None:
            return None if work.year is None else self.years[0] <= work.year <= self.years[1]
        if self.flag == "retracted":
            return any(notice.relation in ("retraction", "withdrawal") for notice in work.notices)
        if self.flag == "no abstract":
            return not work.abstract
        if self.kinds:
            return work.kind.lower() in self.kinds if work.kind else None
        text = words(f"{work.title} . {work.abstract}")
        pieces = (term.split() if self.is_apart else [term] for term in self.terms)
        found = any(all(_within(piece, text) for piece in term) for term in pieces)
        return True if found else (False if work.abstract else None)


@dataclass(frozen=True)
class Criteria:
    """All lines of a file."""

    lines: tuple[Criterion, ...] = ()

    def reason(self, work: Work, *, about_text: bool) -> str:
        """Return why a work is excluded by what its record says (or by its text), the first reason of the file; "" if it is not."""
        for criterion in self.lines:
            if criterion.is_about_text != about_text:
                continue
            holds = criterion.holds(work)
            if criterion.effect == "exclude" and holds:
                return criterion.name
            if criterion.effect == "include" and holds is False:
                return f"not {criterion.name}"
        return ""

    def is_included(self, work: Work) -> bool:
        """Say whether every inclusion criterion is known to hold, and there is one about the text."""
        told = [c for c in self.lines if c.effect == "include"]
        return any(c.is_about_text for c in told) and all(c.holds(work) is True for c in told)


def read_criteria(path: Path) -> Criteria:
    """Read a file of criteria.

    Raises:
        InvalidInput: a line has no form of a criterion, or lines contradict each other; all mistakes at once.
    """
    return criteria_of(read_text(path, "criteria, one a line", Budget()), str(path))


def criteria_of(text: str, place: str = "criteria") -> Criteria:
    """Read criteria; empty lines and lines with # are left out.

    Raises:
        InvalidInput: as `read_criteria`.
    """
    mistakes: list[str] = []
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        criterion = _criterion(line, number)
        if isinstance(criterion, str):
            mistakes.append(criterion)
        else:
            found.append(criterion)
    mistakes = mistakes or list(_contradictions(found))
    if mistakes:
        raise InvalidInput.all_of(f"'{place}' cannot be used; expected {_FORMS}; correct these lines", mistakes)
    if not found:
        raise InvalidInput(f"'{place}' holds no criterion; expected {_FORMS}; write one a line")
    return Criteria(tuple(found))


def _criterion(line: str, number: int) -> Criterion | str:
    effect, colon, rest = (part.strip() for part in line.partition(":"))
    if effect.lower() not in ("include", "exclude") or not colon or not rest:
        return f"line {number}: '{line.strip()[:60]}' begins neither with 'include:' nor with 'exclude:'"
    word: Effect = "include" if effect.lower() == "include" else "exclude"
    if match := _YEAR.fullmatch(rest.lower()):
        return Criterion(word, " ".join(rest.split()), number, years=_years(match[1], int(match[2])))
    if match := _COMPARED.fullmatch(rest):
        return _uncompared(match[1], rest, number)
    if (flag := _FLAGS.get(rest.lower())) is not None:
        return Criterion(word, flag, number, flag=flag)
    name, colon, terms = (part.strip() for part in rest.partition(":"))
    listed = tuple(" ".join(term.split()) for term in terms.split("|") if words(term))
    if not colon or not name or not listed:
        return f"line {number}: '{rest[:60]}' names no words; write them behind a second colon, divided by |"
    if name.lower() == "kind":
        return Criterion(word, f"kind: {', '.join(listed)}", number, kinds=tuple(term.lower() for term in listed))
    return Criterion(word, name, number, terms=listed)


def _uncompared(field: str, rest: str, number: int) -> str:
    """Say why a comparison cannot be used."""
    if field.lower() == "year":
        return f"line {number}: '{rest[:60]}' compares the year with no year of four digits"
    return f"line {number}: unknown field '{field[:40]}' in '{rest[:60]}'; only year is compared, as year < 2018"


def _years(sign: str, year: int) -> tuple[int, int]:
    return {
        "<": (_FIRST_YEAR, year - 1), "<=": (_FIRST_YEAR, year), ">": (year + 1, _LAST_YEAR), ">=": (year, _LAST_YEAR),
        "=": (year, year), "==": (year, year),
    }[sign]  # fmt: skip


def _within(term: str, text: Sequence[str]) -> bool:
    """Say whether the words of a term stand in a text one after the other; a plural s and a `*` are allowed for."""
    pieces = [
        (piece, part.endswith("*") and i == len(words(part)) - 1)
        for part in term.split()
        for i, piece in enumerate(words(part))
    ]
    size = len(pieces)
    return size > 0 and any(
        all(_is_word(text[i + j], *pieces[j]) for j in range(size)) for i in range(len(text) - size + 1)
    )


def _is_word(word: str, piece: str, is_open: bool) -> bool:
    return word.startswith(piece) if is_open else word in (piece, f"{piece}s") or f"{word}s" == piece


def _contradictions(criteria: Sequence[Criterion]) -> Iterable[str]:
    """Yield a sentence for each pair that no work can meet."""
    included = [c for c in criteria if c.effect == "include"]
    excluded = [c for c in criteria if c.effect == "exclude"]
    left = set(range(_FIRST_YEAR, _LAST_YEAR + 1))
    of_years = [(criterion, criterion.years) for criterion in criteria if criterion.years]
    for criterion, (first, last) in of_years:
        named = set(range(first, last + 1))
        left = left & named if criterion.effect == "include" else left - named
        if not left:
            lines = " and ".join(str(c.line) for c, _ in of_years if c.line <= criterion.line)
            yield f"lines {lines} leave no year"
            return
    for one in included:
        for other in excluded:
            if one.flag is not None and one.flag == other.flag:
                yield f"line {one.line} includes and line {other.line} excludes '{one.flag}'"
            if one.kinds and set(one.kinds) <= set(other.kinds):
                yield f"line {one.line} includes and line {other.line} excludes {one.name}"
            if one.terms and all(any(_within(bad, words(good)) for bad in other.terms) for good in one.terms):
                yield f"line {one.line} includes '{one.name}', whose every word line {other.line} excludes ('{other.name}')"
