"""Public records of others: what can be read is, unknown keys stay, and what is wrong is said in a line."""

import json
from pathlib import Path

import pytest

from evidense import registry
from evidense.auditing.public_records.compare import Recounted, compared
from evidense.errors import EvidenseError
from evidense.readers.public_records import PART

OTHERS = {
    "verification.json": {
        "schema": "https://example.org/schemas/verification-levels-v1", "contract_version": "2", "paper_level": 2, "new_key": {"deep": [1, None]},
        "claim_summary": {"source_grounded_claims": 10, "aggregate_claim_records": 10, "per_claim_public_records": []},
        "work": {"title": "Does shade harm tomatoes?"},
    },
    "quality.json": {"schema": "https://example.org/schemas/quality-dimensions-v1", "dimensions": {"novelty": {"score": 8, "level": "HIGH"}}},
    "tier.json": {
        "schema": "https://example.org/schemas/quality-tiers-v1", "tier": "WATCHLIST", "inputs": {"review_score": 6.5, "verified_claim_count": 10},
    },
    "benchmark_evidence/a.json": {
        "schema": "https://example.org/schemas/benchmark-evidence-v1", "model": "A", "benchmark": "B", "spread_pp": 3,
        "reported_range": {"min_score_pct": 20, "max_score_pct": 70}, "entries": [{"score_pct": 20}, {"score_pct": 60.5}, {"score_pct": None}],
    },
}  # fmt: skip


def written(folder: Path, records: dict[str, object]) -> Path:
    for name, record in records.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(record))
    return folder / next(iter(records))


def test_records_without_claims_are_judged_by_their_own_numbers(tmp_path: Path) -> None:
    stated = PART.read(written(tmp_path, OTHERS)).stated
    assert stated.raw["verification.json"]["new_key"] == {"deep": [1, None]}
    rows = {row.what: (row.says, row.found, row.agrees) for row in compared(stated, Recounted())}
    assert rows["claims"] == ("10", "no record of a claim: cannot be counted again", None)
    assert rows["review score"] == ("6.50 of 10", "cannot be recomputed: no votes", None)
    assert rows["novelty"] == ("HIGH 8.00", "cannot be recomputed: no vote on it", None)
    assert rows["level"][2]
    assert rows["tier"] == ("WATCHLIST", "PUBLIC_RECORD: score 6.50, 10 verified", False)
    assert rows["scores: A on B"] == ("20 to 70", "20 to 60.5 in 2 entries", False)


HOSTILE = {
    "nulls": [None, {"text": None}, {"text": "T", "quotes": None}],
    "other types": [{"text": "T", "quotes": [{"quote": 3}], "id": [], "columns": 7}],
    "giant numbers": [{"text": "T", "quotes": [{"quote": "T", "start": 10**4000, "end": -1}]}],
    "scripts": [{"text": "<script>x()</script> T\u001b[31m", "verdict": "<b>", "quotes": [{"quote": "\u202e", "start": 1e308}]}],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_records_are_read_with_a_line_for_each_mistake(tmp_path: Path, name: str) -> None:
    summary = {"per_claim_public_records": HOSTILE[name], "located_claims": "9", "aggregate_claim_records": 10**4000}
    document = registry.read(written(tmp_path, {"v.json": {"claim_summary": summary, "paper_level": True}}))
    assert len(document.stated.claims) == 1
    assert document.mistakes
    assert all("\n" not in mistake and len(mistake) < 200 and "expected" in mistake for mistake in document.mistakes)
    assert all(document.text[b.span.start : b.span.end] == b.span.quote for b in document.blocks)
    assert compared(document.stated, Recounted()) is not None


@pytest.mark.parametrize(
    "record",
    [
        '{"contract_version": 1}',
        '{"contract_version": 1,',
        '{"contract_version": ' + "[" * 5000,
        '["contract_version"]',
    ],
)
def test_what_states_nothing_is_refused_in_a_line(tmp_path: Path, record: str) -> None:
    (tmp_path / "a.json").write_text(record)
    with pytest.raises(EvidenseError) as caught:
        PART.read(tmp_path / "a.json")
    assert "Expected" in str(caught.value) or "Correct" in str(caught.value)


def test_a_manifest_reaches_no_file_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s")
    folder = tmp_path / "public_records"
    folder.mkdir()
    manifest = {
        "contract_version": "1",
        "question": "Q?",
        "files": {"../secret.txt": "0" * 64, "gone.json": "0" * 64, "x": 3},
    }
    document = PART.read(written(folder, {"manifest.json": manifest}))
    assert document.stated.changed == ("../secret.txt: no name of a file", "gone.json is missing")
