"""Forms: the names of public records and of their files, and their JSON Schemas."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

FOLDER = "public_records"
"""The folder beside a report that holds them."""
BASE = "https://github.com/evidense/evidense/blob/main/src/evidense/auditing/public_records/schemas"
PUBLISHER: Mapping[str, str] = {"name": "Evidense", "url": "https://github.com/evidense/evidense"}
VERSION = "1.0"
FILE_OF: Mapping[str, str] = {
    "quality-dimensions-v1": "quality.json", "quality-tiers-v1": "tier.json", "verification-levels-v1": "verification.json",
    "gate-verdict-v1": "gate.json", "correction-record-v1": "correction.json", "source-list-v1": "sources.json", "paper-manifest-v1": "manifest.json",
}  # fmt: skip
"""Form → the file that has it. `benchmark-evidence-v1` is that of each file in `BENCHMARKS`."""
BENCHMARKS = "benchmark_evidence"
BENCHMARK_FORM = "benchmark-evidence-v1"
FORMS = (*FILE_OF, BENCHMARK_FORM)


def identifier(form: str) -> str:
    """Return the `$id` of a form, which each record of it names as its `schema`.

    >>> identifier("gate-verdict-v1").rpartition("/")[2]
    'gate-verdict-v1.json'
    """
    return f"{BASE}/{form}.json"


def form_of(record: Any) -> str:
    """Return the form of a record, whoever published it, by the last part of its `schema`; "" where it is none that is known.

    >>> form_of({"schema": "https://example.org/schemas/gate-verdict-v1"}), form_of([1])
    ('gate-verdict-v1', '')
    """
    schema = record.get("schema") if isinstance(record, Mapping) else None
    name = schema.rstrip("/").rpartition("/")[2].removesuffix(".json") if isinstance(schema, str) else ""
    return name if name in FORMS else ""


@cache
def schema_of(form: str) -> Mapping[str, Any]:
    """Return the JSON Schema of a form."""
    path = files("evidense.auditing.public_records").joinpath("schemas", f"{form}.json")
    schema: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
