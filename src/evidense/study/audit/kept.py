"""Kept: an audit as records: the document, the works that its references mean, its statements, and a check of each."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from evidense.auditing.audited import Audit, AuditedReference
from evidense.records import Document, Json, Paper, Record, SourceCheck, Statement, sha256_of
from evidense.report.audit.exports import reference_json, statement_json
from evidense.store import Store
from evidense.values import Work


def keep(audit: Audit, data: bytes, store: Store) -> list[Record]:
    """Put everything into the store, and return it: the document first."""
    records = list(_records(audit, data, store))
    for record in records:
        store.put(record)
    return records


def _records(audit: Audit, data: bytes, store: Store) -> Iterator[Record]:
    document = _document(audit, data, store)
    yield document
    for audited in audit.references:
        papers = [_paper(work, audited)] if (work := audited.decision.work) else []
        yield from papers
        yield _reference_check(audited, [document, *papers])
    for statement in audit.statements:
        place = f"characters {statement.place.start} to {statement.place.end}"
        made = Statement(text=statement.text, place=place, says=statement.kind, parents=(document.id,))
        yield made
        yield SourceCheck(
            about="statement", subject=statement.text, verdict=statement.alignment.kind, place=place,
            details={k: v for k, v in statement_json(statement).items() if k not in {"text", "place"}}, parents=(document.id, made.id),
        )  # fmt: skip


def _document(audit: Audit, data: bytes, store: Store) -> Document:
    read = audit.document
    return Document(
        name=audit.name, sha256=hashlib.sha256(data).hexdigest(), format=read.format, text=store.put_blob(read.text.encode("utf-8", "replace")),
        title=read.title, n_references=len(audit.references), n_citations=len(read.citations), hidden=tuple(asdict(h) for h in read.hidden),
        mistakes=read.mistakes, licence=read.licence or "unknown", is_order_sure=read.is_order_sure,
    )  # fmt: skip


def _paper(work: Work, audited: AuditedReference) -> Paper:
    """Return the work that a reference means, each field with the indexes that have this value."""
    others = [other for answer in audited.answers for other in answer.works]
    return Paper(
        title=work.title, authors=work.authors, year=work.year, venue=work.venue, identifiers=dict(work.identifiers),
        published_as=dict(work.published_as), notices=tuple(asdict(notice) for notice in work.notices), licence=work.licence or "unknown",
        provenance=_provenance(work, others), blobs=tuple(sorted({blob for answer in audited.answers for blob in answer.blobs})),
    )  # fmt: skip


def _provenance(work: Work, others: Sequence[Work]) -> dict[str, Json]:
    fields = ("title", "authors", "year", "venue", "licence")
    known = {name: getattr(work, name) for name in fields if getattr(work, name)}
    return {
        name: sorted({other.source for other in others if getattr(other, name) == value} | {work.source})
        for name, value in known.items()
    }


def _reference_check(audited: AuditedReference, parents: Sequence[Record]) -> SourceCheck:
    row = reference_json(audited)
    return SourceCheck(
        about="reference", subject=audited.reference.key, verdict=audited.decision.verdict, reason=row["reason"], place=audited.place,
        fields=tuple(row["fields"]), asked=tuple(row["asked"]), newer=row["newer"] or {},
        details={"title": audited.reference.title, "reference": sha256_of(dict(audited.reference.fields))},
        parents=tuple(parent.id for parent in parents),
    )  # fmt: skip
