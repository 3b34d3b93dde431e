"""Kept: a question's findings as records: each statement, and what it comes to beside its own work, others and experiments."""

from collections.abc import Sequence
from dataclasses import replace

from evidense.records import Record, SourceCheck, Statement
from evidense.report.ask.told import AskedFinding
from evidense.report.check.exports import checked_json
from evidense.store import Store


def keep(findings: Sequence[AskedFinding], store: Store) -> tuple[list[AskedFinding], list[Record]]:
    """Put all findings into the store; return them with the ids of their records, and the records."""
    kept, records = [], list[Record]()
    for finding in findings:
        place, said = finding.place, finding.checked
        where = f"{place.source}, characters {place.span.start} to {place.span.end}"
        statement = Statement(text=said.statement, place=where, says="finding", parents=())
        details = {k: v for k, v in checked_json(said).items() if k not in {"text", "verdict"}}
        check = SourceCheck(
            about="statement", subject=said.statement, verdict=said.word, reason="; ".join(said.reasons), place=where,
            details={**details, "facets": list(finding.facets)}, parents=(statement.id,),
        )  # fmt: skip
        for record in (statement, check):
            store.put(record)
            records.append(record)
        kept.append(replace(finding, record=check.id))
    return kept, records
