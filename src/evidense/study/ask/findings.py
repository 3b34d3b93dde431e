"""Findings: sentences of works that report a result on the question, and cells of their tables, each checked beside its own work and beside others."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from evidense.auditing.alignment import align
from evidense.auditing.back_matter import is_back_matter, says_what_it_is
from evidense.auditing.kinds import kind_of
from evidense.auditing.losses import losses
from evidense.checking.celled import passage_of
from evidense.checking.checkable import objection
from evidense.checking.decide import Judges, decide
from evidense.checking.library import LibraryWork
from evidense.checking.rules import mismatches
from evidense.checking.tables.beside import is_told
from evidense.report.ask.told import AskedFinding, AskedWork
from evidense.searching.questions import SearchFacet
from evidense.searching.screening import about
from evidense.texts.tokens import tokens
from evidense.values import Passage, Work

MOST = 60
"""Findings that are checked; those on most facets first."""
MOST_OF_WORK = 12
"""Of one work, so that a long text does not crowd out the others."""
MOST_CELLS, MOST_CELLS_OF_WORK = 10, 3
"""Cells of tables that are findings, behind the sentences: a table has hundreds."""
ALIKE = 0.95
"""The least similarity, both ways, of two sentences that say the same, where no rule finds a difference."""
_FLOAT = re.compile(r"(?:Supplementary )?(?:Table|Fig\.|Figure)\s*[A-Z]?\d|[^|]+ \| ")
"""How a caption begins, and a row of a table: neither is a sentence."""
_PUNCTUATION = frozenset(".,;:'\"()“”‘’")


@dataclass(frozen=True)
class StatedFinding:
    """A finding on the question before it is checked."""

    place: Passage
    facets: tuple[str, ...]
    same: tuple[Passage, ...] = ()
    cites_others: bool = False

    @property
    def text(self) -> str:
        """Return the sentence with single spaces; of a cell, what it says."""
        return self.place.says or " ".join(self.place.span.quote.split())


def named(text: str, facets: Sequence[SearchFacet]) -> tuple[str, ...]:
    """Return the facets that a text names.

    >>> named("Dense retrieval gains little.", [SearchFacet("dense retrieval", ("dense retrieval",)), SearchFacet("images", ("images",))])
    ('dense retrieval',)
    """
    work = Work("", title=text, abstract=text)
    return tuple(f.name for f in facets if about(f).holds(work))


def stated(works: Sequence[AskedWork], facets: Sequence[SearchFacet]) -> list[StatedFinding]:
    """Return the findings of works on the question: those on most facets first, then in the order of the works."""
    found = [one for work in works for one in _of_work(work, facets)]
    return sorted(found, key=lambda finding: -len(finding.facets))


def _of_work(work: AskedWork, facets: Sequence[SearchFacet]) -> list[StatedFinding]:
    found = list(_own(work, facets))
    return sorted(found, key=lambda finding: -len(finding.facets))[:MOST_OF_WORK]


def _own(work: AskedWork, facets: Sequence[SearchFacet]) -> Iterator[StatedFinding]:
    seen: set[str] = set()
    for passage in work.shelf.sentences if work.shelf else ():
        text = " ".join(passage.span.quote.split())
        key = _key(text)
        if key in seen or _FLOAT.match(text) or kind_of(text) != "finding" or objection(text):
            continue
        if is_back_matter(text, passage.section) or says_what_it_is(text):
            continue
        seen.add(key)
        if on := named(text, facets):
            span, citing = passage.span, work.shelf.citations if work.shelf else ()
            cites = any(c.sentence.start < span.end and c.sentence.end > span.start for c in citing)
            yield StatedFinding(passage, on, cites_others=cites)


def stated_cells(works: Sequence[AskedWork], facets: Sequence[SearchFacet]) -> list[StatedFinding]:
    """Return what cells of tables say on the question: those on most facets first, then in the order of the works.

    Left out are rows that cite other works, and cells that their own table does not tell from another one.
    """
    found = [cell for work in works if work.shelf and work.outcome == "included" for cell in _cells(work.shelf, facets)]
    return sorted(found, key=lambda finding: -len(finding.facets))[:MOST_CELLS]


def _cells(shelf: LibraryWork, facets: Sequence[SearchFacet]) -> list[StatedFinding]:
    on = {cell: names for cell in shelf.cells if not cell.is_reported and (names := named(cell.text, facets))}
    ordered = sorted(on, key=lambda cell: -len(on[cell]))
    telling = (cell for cell in ordered if not objection(cell.text) and is_told(cell, shelf.cells))
    return [StatedFinding(passage_of(cell, shelf), on[cell]) for cell in islice(telling, MOST_CELLS_OF_WORK)]


def grouped(findings: Sequence[StatedFinding]) -> list[StatedFinding]:
    """Put a sentence of another work with the first that says just the same; where anything differs, both stay."""
    leads: list[StatedFinding] = []
    for finding in findings:
        place = next((i for i, lead in enumerate(leads) if _says_same(lead, finding)), None)
        if place is None:
            leads.append(finding)
        else:
            leads[place] = replace(leads[place], same=(*leads[place].same, finding.place))
    return leads


def _says_same(one: StatedFinding, other: StatedFinding) -> bool:
    if one.place.source == other.place.source:
        return False
    if _key(one.text) == _key(other.text):
        return True
    return all(_is_like(*pair) for pair in ((one.text, other.text), (other.text, one.text)))


def _is_like(statement: str, passage: str) -> bool:
    found = align(statement, passage)
    return found.similarity >= ALIKE and not losses(found) and not mismatches(statement, passage)


def _key(text: str) -> str:
    return " ".join(token.key for token in tokens(text) if token.key not in _PUNCTUATION and token.kind != "citation")


def checked(findings: Sequence[StatedFinding], judges: Judges) -> list[AskedFinding]:
    """Check each finding beside its own work, beside independent ones, and beside our experiments."""
    made = []
    for number, finding in enumerate(findings, 1):
        said = decide(finding.text, (finding.place.source,), "claim", judges)
        made.append(
            AskedFinding(
                finding.place,
                finding.facets,
                replace(said, id=str(number)),
                finding.same,
                cites_others=finding.cites_others,
            )
        )
    return made
