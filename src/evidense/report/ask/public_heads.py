"""Heads: what every public record of a report begins with."""

from evidense.auditing.public_records.forms import PUBLISHER, VERSION, identifier
from evidense.records import Json, sha256_of
from evidense.report.ask.told import AskOutcome


def head_of(form: str, told: AskOutcome) -> dict[str, Json]:
    """Return schema, versions, publisher and work."""
    identity = sha256_of({"question": told.question, "statements": [finding.record for finding in told.findings]})
    return {
        "schema": identifier(form), "schema_version": VERSION, "contract_version": VERSION, "publisher": dict(PUBLISHER),
        "work": {"title": told.question, "id": identity}, "generated_from": ["report.json", "records.json"],
    }  # fmt: skip
