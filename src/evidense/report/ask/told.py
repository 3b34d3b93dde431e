"""Told: everything that the report of a question shows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from evidense.auditing.passages import SourceText
from evidense.checking.aggregate import CheckedStatement, StancedPassage
from evidense.checking.library import LibraryWork
from evidense.report.check.statements import CheckedStatements
from evidense.reviewing.panel import Panel
from evidense.reviewing.sensitivity import SensitivityTable
from evidense.searching.hits import Hit
from evidense.searching.outcome import SearchOutcome
from evidense.values import Passage

MOST_READ = 2
"""Passages of a finding that are shown to be read, where none decides; report.json has all."""
ReadAs = Literal["full text", "abstract", ""]


@dataclass(frozen=True)
class SetAside:
    """Text of a work that is listed and changes nothing."""

    work: str
    quote: str
    why: str
    """"hidden: white on white", "an order to readers by machine", "reports others"."""


@dataclass(frozen=True)
class AskedWork:
    """A work that passed screening, as it was read."""

    hit: Hit
    key: str
    """Its key in references.bib."""
    read_as: ReadAs
    facets: frozenset[str] = frozenset()
    """Facets of the question that its title, its abstract or one of its findings names."""
    outcome: str = "included"
    """"included", "excluded" or "not retrieved"."""
    reason: str = ""
    shelf: LibraryWork | None = None
    """Its own words: what it reports of others, and orders, are blank."""
    whole: SourceText | None = None
    """All of its text."""
    aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True)
class AskedFinding:
    """A finding on the question, in the words of its work, and what it comes to."""

    place: Passage
    """Where it stands: `text[start:end] == quote`."""
    facets: tuple[str, ...]
    checked: CheckedStatement
    same: tuple[Passage, ...] = ()
    """Sentences of other works that say just the same."""
    record: str = ""
    """Id of the SourceCheck that it rests on."""
    cites_others: bool = False
    """Its sentence cites other works, though it speaks of its own."""

    @property
    def kind(self) -> Literal["sentence", "cell"]:
        """Return of what it is: a sentence as it stands, or the cell of a table, said by template."""
        return "cell" if self.place.says else "sentence"

    @property
    def is_borne_out(self) -> bool:
        """Say whether it stands in its own work, and an independent one says so too, and none the opposite."""
        said = ("SUPPORTED", "QUALIFIED")
        return self.checked.grounded in said and self.checked.corroborated in said

    @property
    def beside(self) -> list[StancedPassage]:
        """Return the passages of other works: those that decide, and the first that are to be read."""
        same = {(one.source, one.span.start) for one in self.same}
        others = [
            evidence
            for evidence in self.checked.evidence
            if evidence.passage.source != self.place.source
            and (evidence.passage.source, evidence.passage.span.start) not in same
        ]
        decided = [evidence for evidence in others if evidence.stance != "not sure"]
        return decided + [evidence for evidence in others if evidence.stance == "not sure"][: MOST_READ * (not decided)]

    @property
    def is_contradicted(self) -> bool:
        """Say whether an independent work says the opposite."""
        return self.checked.corroborated in ("REFUTED", "MIXED")


@dataclass(frozen=True)
class AskOutcome:
    """A question, from search to review."""

    search: SearchOutcome
    """Its log goes on to the end: sought, retrieved, assessed, included."""
    works: tuple[AskedWork, ...]
    findings: tuple[AskedFinding, ...]
    n_unchecked: int
    """Further findings that were not checked, since there is a most."""
    checks: CheckedStatements
    panel: Panel
    table: SensitivityTable
    limitations: str
    asks: Mapping[str, str]
    """Reviewer → its question."""
    by_facets: bool = False
    """Works passed by the facets of the question alone: no criteria were given."""

    @property
    def question(self) -> str:
        """Return the question."""
        return self.search.plan.question

    @property
    def facets(self) -> tuple[str, ...]:
        """Return the names of the question's facets."""
        return tuple(facet.name for facet in self.search.plan.facets)

    @cached_property
    def included(self) -> tuple[AskedWork, ...]:
        """Return the works that the report rests on."""
        return tuple(work for work in self.works if work.outcome == "included")

    @property
    def aside(self) -> tuple[SetAside, ...]:
        """Return what was set aside of all works."""
        return tuple(one for work in self.works for one in work.aside)

    @property
    def counts(self) -> Counter[str]:
        """Count the words that findings come to."""
        return self.checks.counts

    def borne_out(self, facet: str) -> list[AskedFinding]:
        """Return the findings that answer a facet: borne out, and contradicted by none."""
        return [f for f in self.findings if facet in f.facets and f.is_borne_out]
