"""Public records: tiers, levels, gates and dimensions are functions of counts and votes; every record is of its form."""

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.auditing.public_records.dimensions import DIMENSIONS, level_of, scored
from evidense.auditing.public_records.forms import FORMS, schema_of
from evidense.auditing.public_records.levels import Columns, counted, gate_status, paper_level
from evidense.auditing.public_records.tiers import TIERS, tier_of
from evidense.values import Vote

SCORES = st.one_of(st.none(), st.floats(0, 10))
LEVELS = st.sampled_from(["UNASSESSED", "LOW", "MEDIUM", "HIGH"])
COLUMNS = st.builds(
    Columns, st.booleans(), st.sampled_from(["SUPPORTED", "QUALIFIED", "NOT SURE"]), st.sampled_from(["SUPPORTED", "REFUTED"]),
    st.sampled_from(["", "S1: nothing to test", "S2 on analogues: FAILS 2, HOLDS 1", "S3 in published numbers: FAILS 1", "A1 in published numbers: HOLDS 2"]),
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_a_schema(form: str) -> None:
    jsonschema.Draft202012Validator.check_schema(dict(schema_of(form)))


@settings(max_examples=30)
@given(SCORES, st.integers(0, 20), LEVELS, st.floats(0, 10), st.integers(0, 20))
def test_a_better_report_has_no_worse_tier(score: float | None, n: int, level: str, more: float, further: int) -> None:
    better = tier_of(min(10.0, (score or 0.0) + more), n + further, level)
    assert TIERS.index(better) <= TIERS.index(tier_of(score, n, level))


@pytest.mark.parametrize(
    ("score", "n", "level", "tier"),
    [
        (8.5, 5, "HIGH", "FLAGSHIP_CANDIDATE"), (8.5, 5, "MEDIUM", "DOI_GRADE"), (7.49, 9, "HIGH", "PUBLIC_RECORD"), (5.0, 0, "HIGH", "WATCHLIST"),
        (4.99, 9, "HIGH", "QUARANTINE_CANDIDATE"), (None, 9, "HIGH", "QUARANTINE_CANDIDATE"),
    ],
)  # fmt: skip
def test_tiers_at_their_thresholds(score: float | None, n: int, level: str, tier: str) -> None:
    assert tier_of(score, n, level) == tier


@settings(max_examples=30)
@given(st.lists(COLUMNS, max_size=6))
def test_no_level_is_reached_over_a_gap_and_counts_are_conserved(claims: list[Columns]) -> None:
    counts = counted(claims)
    assert all(n <= len(claims) for n in counts.values())
    assert counts["cross_source_corroborated_claims"] <= counts["source_grounded_claims"] <= counts["located_claims"]
    assert all(list(counts.values())[: paper_level(counts)])
    status = gate_status(claims)[0]
    assert (status == "FALSIFIED") == any("numbers: FAILS" in claim.tested for claim in claims)
    assert (status == "VERIFIED") == (bool(claims) and all("numbers: HOLDS" in claim.tested for claim in claims))


def test_a_dimension_without_a_vote_is_unassessed_and_says_why() -> None:
    found = scored(
        [Vote("grounding", "citation grounding", 4.0, "2 of 5"), Vote("spans", "quotations", None, "no statement")]
    )
    assert (found["citation_grounding"].score, found["citation_grounding"].level) == (4.0, "LOW")
    assert "grounding, 4.0: 2 of 5" in found["citation_grounding"].basis
    assert {d.key: level_of(found[d.key].score) for d in DIMENSIONS if d.lacking} == dict.fromkeys(
        ("benchmark_validity", "novelty", "safety_impact"), "UNASSESSED"
    )
    assert all(found[d.key].basis.startswith("UNASSESSED: ") for d in DIMENSIONS[4:5])
