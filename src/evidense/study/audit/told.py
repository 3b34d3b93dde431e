"""Told: the statements of a document, each beside the closest passage of the texts that its sources have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidense import registry
from evidense.auditing.audited import AuditedReference, Said
from evidense.auditing.passages import SourceText, claims_of, trace
from evidense.auditing.references_of import NamedSource
from evidense.auditing.reports import audit_report, is_report
from evidense.auditing.shipped_works import SOURCE, shipped_for
from evidense.auditing.statements import TracedStatement
from evidense.boundary.scratch import Scratch
from evidense.errors import AmbiguousName, InvalidInput, UnsafeInput
from evidense.parts import Wire
from evidense.store import Store
from evidense.study.audit.experiments import experiments_for
from evidense.texts.titles import title_key
from evidense.values import ReadDocument, Work


@dataclass(frozen=True)
class Told:
    """What the text of a document comes to."""

    statements: tuple[TracedStatement, ...] = ()
    said: tuple[Said, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key of a reference → what else is to be said of it."""


def told_of(
    document: ReadDocument,
    references: Sequence[AuditedReference],
    sources: Sequence[NamedSource],
    wire: Wire,
    store: Store,
) -> Told:
    """Return every statement of a document beside its source, and what a report says of itself; a bibliography says nothing.

    Of a paper's references only those that a sentence cites are fetched.
    """
    if not document.text:
        return Told()
    is_synthesis = is_report(document)
    cited = {key for citation in document.citations for key in citation.keys}
    library = _Library(sources, wire, store)
    texts = {
        audited.reference.key: text
        for audited in references
        if (is_synthesis or audited.reference.key in cited) and (text := library.text(audited)) is not None
    }
    if not is_synthesis:
        return Told(trace(document, texts))
    works = {
        audited.reference.key: audited.decision.work for audited in references if audited.decision.work is not None
    }
    experiments = experiments_for([" ".join(span.quote.split()) for span in claims_of(document)])
    report = audit_report(document, works, texts, experiments)
    return Told(report.statements, report.said, report.remarks, report.notes)


@dataclass(frozen=True)
class _Library:
    """Where the texts of works come from."""

    sources: Sequence[NamedSource]
    wire: Wire
    store: Store

    def text(self, audited: AuditedReference) -> SourceText | None:
        """Return the full text of the work that a reference means, else its longest abstract."""
        key, meant = audited.reference.key, audited.decision.work
        if any(answer.source == SOURCE for answer in audited.answers) and (shipped := shipped_for(audited.reference)):
            return shipped.text
        if meant is None:
            return None
        works = _same(meant, audited)
        for source in self.sources:
            mine = next((work for work in works if work.source == source.label), None)
            if mine is not None and "full text" in source.part.offers and (document := self._fetched(source, mine)):
                return SourceText.of_document(key, document)
        abstract = max((work.abstract for work in works), key=len, default="")
        return SourceText.of_abstract(key, abstract) if abstract else None

    def _fetched(self, source: NamedSource, work: Work) -> ReadDocument | None:
        """Fetch and read a full text; None where there is none, or it cannot be read: the abstract then stands for it."""
        answer = source.part.full_text(work, self.wire, source.spelling)
        if answer.state != "found" or not answer.blobs:
            return None
        with Scratch() as folder:
            (folder / "text").write_bytes(self.store.blob(answer.blobs[0]))
            try:
                document = registry.read(folder / "text")
            except (InvalidInput, UnsafeInput, AmbiguousName):
                return None
        return document if document.text else None


def _same(meant: Work, audited: AuditedReference) -> list[Work]:
    """Return the works of all answers that are the one that is meant: those that share an identifier, or the title."""
    return [
        work
        for answer in audited.answers
        for work in answer.works
        if title_key(work.title) == title_key(meant.title)
        or set(work.identifiers.items()) & set(meant.identifiers.items())
    ]
