"""Told: the statements of a document, each beside the closest passage of the texts that its sources have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidense.auditing.audited import AuditedReference, Said
from evidense.auditing.passages import SourceText, claims_of, trace
from evidense.auditing.references_of import NamedSource
from evidense.auditing.reports import audit_report, is_report
from evidense.auditing.shipped_works import SOURCE, shipped_for
from evidense.auditing.statements import Statement
from evidense.parts import Wire
from evidense.study.audit.experiments import experiments_for
from evidense.values import ReadDocument, Work


@dataclass(frozen=True)
class Told:
    """What the text of a document comes to."""

    statements: tuple[Statement, ...] = ()
    said: tuple[Said, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key of a reference → what else is to be said of it."""


def told_of(
    document: ReadDocument, references: Sequence[AuditedReference], sources: Sequence[NamedSource], wire: Wire
) -> Told:
    """Return every statement of a document beside its source, and what a report says of itself; a bibliography says nothing."""
    if not document.text:
        return Told()
    texts = {
        audited.reference.key: text for audited in references if (text := _text(audited, sources, wire)) is not None
    }
    if not is_report(document):
        return Told(trace(document, texts))
    works = {
        audited.reference.key: audited.decision.work for audited in references if audited.decision.work is not None
    }
    experiments = experiments_for([" ".join(span.quote.split()) for span in claims_of(document)])
    report = audit_report(document, works, texts, experiments)
    return Told(report.statements, report.said, report.remarks, report.notes)


def _text(audited: AuditedReference, sources: Sequence[NamedSource], wire: Wire) -> SourceText | None:
    """Return the full text of the work that a reference means, else its longest abstract."""
    key = audited.reference.key
    if any(answer.source == SOURCE for answer in audited.answers) and (shipped := shipped_for(audited.reference)):
        return shipped.text
    if audited.decision.work is None:
        return None
    works = _works(audited)
    for source in sources:
        mine = next((work for work in works if work.source == source.label), None)
        if mine is not None and "full text" in source.part.offers:
            text = source.part.full_text(mine, wire, source.spelling)
            if isinstance(text, ReadDocument) and text.text:
                return SourceText.of_document(key, text)
    abstract = max((work.abstract for work in works), key=len, default="")
    return SourceText.of_abstract(key, abstract) if abstract else None


def _works(audited: AuditedReference) -> list[Work]:
    """Return the works of all answers that are the one that is meant: those that share an identifier, or the title."""
    from evidense.texts.titles import title_key

    meant = audited.decision.work
    assert meant is not None  # noqa: S101  (the caller has looked)
    return [
        work
        for answer in audited.answers
        for work in answer.works
        if title_key(work.title) == title_key(meant.title)
        or set(work.identifiers.items()) & set(meant.identifiers.items())
    ]
