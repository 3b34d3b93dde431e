"""Told: the statements of a document, each beside the closest passage of the texts that its sources have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidense.auditing.audited import AuditedReference, Said
from evidense.auditing.passages import trace
from evidense.auditing.public_records.own_table import count_rows, table_rows, verdict_rows
from evidense.auditing.public_records.prose import prose_rows, votes_in
from evidense.auditing.reports import audit_report, is_report, stated_claims, with_wrong
from evidense.auditing.statements import TracedStatement
from evidense.compute.search.vector_index import Embed
from evidense.report.experiments import brief
from evidense.reviewing.panel import joined
from evidense.study.audit.library import Library, ReadText
from evidense.study.audit.recheck import RISK, Recheck, records_beside
from evidense.study.audit.verdicts import with_verdicts
from evidense.study.experiments import experiments_for
from evidense.values import ReadDocument, Vote


@dataclass(frozen=True)
class Told:
    """What the text of a document comes to."""

    statements: tuple[TracedStatement, ...] = ()
    said: tuple[Said, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key of a reference → what else is to be said of it."""
    unread: str = ""
    """Which texts are not at hand, and what to do; "" where all are, or nothing rests on them."""


def told_of(
    document: ReadDocument,
    references: Sequence[AuditedReference],
    library: Library,
    embed: Embed | None = None,
    beside: ReadDocument | None = None,
) -> Told:
    """Return every statement of a document beside its source, and what a report says of itself; a bibliography says nothing.

    `beside` is the text of the report that public records are of.

    Of a paper's references only those that a sentence cites are fetched. With an encoder, passages that share no word are found too.
    """
    if not document.text:
        return Told()
    is_synthesis = is_report(document)
    cited = {key for citation in document.citations for key in citation.keys}
    read = {
        audited.reference.key: text
        for audited in references
        if (is_synthesis or audited.reference.key in cited) and (text := library.text(audited)) is not None
    }
    texts = {key: one.text for key, one in read.items()}
    if not is_synthesis:
        said = () if document.citations or document.references else tuple(count_rows(document))
        return Told(with_verdicts(trace(document, texts, embed), read, bool(document.citations)), said)
    return _of_synthesis(document, references, read, embed, beside)


def _unread(n_read: int, n: int) -> str:
    """Say how a record can be checked again whose sources are not at hand; "" where all are."""
    if n_read == n:
        return ""
    return (
        f"texts of {n - n_read} of {n} sources are not at hand, so that what rests on them was not checked again: name with --sources those that the "
        "report was made from (folder:PATH, or indexes without --offline)"
    )


def _of_synthesis(
    document: ReadDocument,
    references: Sequence[AuditedReference],
    read: Mapping[str, ReadText],
    embed: Embed | None,
    beside: ReadDocument | None,
) -> Told:
    """Return the claims of a synthesis beside their sources and independent ones, and what it states of itself beside what is found."""
    works = {a.reference.key: a.decision.work for a in references if a.decision.work is not None}
    texts = {key: one.text for key, one in read.items()}
    experiments = experiments_for([" ".join(span.quote.split()) for span in stated_claims(document)])
    report = audit_report(document, works, texts, experiments, embed)
    stated = document.stated
    recheck = Recheck(references, read, experiments, stated.risk or RISK if stated else RISK)
    statements = recheck.corroborated(with_verdicts(report.statements, read, False))
    if stated is not None:
        of_text = () if beside is None else (*count_rows(beside), *table_rows(beside, stated.claims))
        said = [*report.said, *records_beside(stated, recheck), *(row for row in of_text if row.agrees is False)]
        remarks = with_wrong(report.remarks, said, is_record=True)
        return Told(statements, tuple(said), tuple(remarks), report.notes, _unread(len(read), len(references)))
    votes = votes_in(document)
    score = joined([Vote(vote.reviewer, vote.dimension, vote.score, "") for vote in votes]).score
    said = [row for row in report.said if not (votes and row.what == "quality")]
    said += prose_rows(document, statements, score, are_all_read=len(read) == len(references))
    said += [*count_rows(document), *verdict_rows(document, statements, [brief(s.experiment) for s in statements])]
    return Told(statements, tuple(said), tuple(with_wrong(report.remarks, said)), report.notes)
