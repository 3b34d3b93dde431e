"""Kept: a check as records: each statement, and what it comes to beside its sources."""

from collections.abc import Iterator

from evidense.records import Record, SourceCheck, Statement
from evidense.report.check.exports import checked_json
from evidense.report.check.statements import CheckedStatements
from evidense.store import Store


def keep(told: CheckedStatements, store: Store) -> list[Record]:
    """Put everything into the store, and return it."""
    records = list(_records(told))
    for record in records:
        store.put(record)
    return records


def _records(told: CheckedStatements) -> Iterator[Record]:
    for checked in told.checked:
        made = Statement(text=checked.statement, place=checked.id, says="statement", parents=())
        yield made
        details = {k: v for k, v in checked_json(checked).items() if k not in {"text", "verdict"}}
        yield SourceCheck(
            about="statement", subject=checked.statement, verdict=checked.word, reason="; ".join(checked.reasons), details=details, parents=(made.id,)
        )  # fmt: skip
