"""Told: the statements of a document, each beside the closest passage of the texts that its sources have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidense.auditing.audited import AuditedReference, Said
from evidense.auditing.passages import Embed, claims_of, trace
from evidense.auditing.reports import audit_report, is_report
from evidense.auditing.statements import TracedStatement
from evidense.study.audit.library import Library
from evidense.study.audit.verdicts import with_verdicts
from evidense.study.experiments import experiments_for
from evidense.values import ReadDocument


@dataclass(frozen=True)
class Told:
    """What the text of a document comes to."""

    statements: tuple[TracedStatement, ...] = ()
    said: tuple[Said, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key of a reference → what else is to be said of it."""


def told_of(
    document: ReadDocument, references: Sequence[AuditedReference], library: Library, embed: Embed | None = None
) -> Told:
    """Return every statement of a document beside its source, and what a report says of itself; a bibliography says nothing.

    Of a paper's references only those that a sentence cites are fetched. With an encoder, passages that share no word are found too.
    """
    if not document.text:
        return Told()
    is_synthesis = is_report(document)
    cited = {key for citation in document.citations for key in citation.keys}
    texts = {
        audited.reference.key: text
        for audited in references
        if (is_synthesis or audited.reference.key in cited) and (text := library.text(audited)) is not None
    }
    if not is_synthesis:
        return Told(with_verdicts(trace(document, texts, embed), texts, bool(document.citations)))
    works = {
        audited.reference.key: audited.decision.work for audited in references if audited.decision.work is not None
    }
    experiments = experiments_for([" ".join(span.quote.split()) for span in claims_of(document)])
    report = audit_report(document, works, texts, experiments, embed)
    return Told(with_verdicts(report.statements, texts, False), report.said, report.remarks, report.notes)
