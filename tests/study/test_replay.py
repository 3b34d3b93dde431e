"""Replay compares records: what moved, what was not recomputed, which words changed."""

from dataclasses import replace

import pytest

from evidense.records import Finding, Record, Score, Verdict
from evidense.study.replay import compare_records

SCORE = Score(system="new", collection="c", measure="nDCG@10", query_ids="0" * 64, values="1" * 64, mean=0.5)
FINDING = Finding(
    estimand="difference", site={"system": "new", "collection": "c"}, value=0.03, low=0.01, high=0.05, n=100, n_clusters=90, unit="nDCG@10"
)  # fmt: skip
VERDICT = Verdict(
    claim="helps", verdict="HELPS", system="new", baseline="old", collection="c", measure="nDCG@10", effect=0.03, low=0.01,
    high=0.05, n=100, n_clusters=90, margin=0.02, base_mean=0.5, system_mean=0.53,
)  # fmt: skip
THEN: list[Record] = [SCORE, FINDING, VERDICT]


def test_the_same_records_are_the_same() -> None:
    result = compare_records(THEN, THEN)
    assert (result.same, result.held, result.largest, result.changed) == (True, True, 0.0, ())


def test_a_finding_that_was_not_recomputed_is_reported() -> None:
    result = compare_records(THEN, [SCORE, VERDICT])
    assert not result.same
    assert not result.held
    assert [line for line in result.changed if "not recomputed" in line and "difference" in line]


def test_a_score_that_was_not_recomputed_is_reported() -> None:
    (line,) = compare_records(THEN, [FINDING, VERDICT]).changed
    assert line == "new on c, mean nDCG@10: not recomputed"


@pytest.mark.parametrize("end", ["value", "low", "high"])
@pytest.mark.parametrize(("moved", "is_reported"), [(0.0009, False), (0.0011, True), (-0.0011, True), (0.009, True)])
def test_a_number_is_reported_when_it_moved_by_more_than_a_thousandth(
    end: str, moved: float, is_reported: bool
) -> None:
    now = replace(FINDING, **{end: getattr(FINDING, end) + moved})
    result = compare_records(THEN, [SCORE, now, VERDICT])
    assert result.largest == pytest.approx(abs(moved))
    assert (bool(result.changed), result.held) == (is_reported, not is_reported)
    assert not result.same


def test_a_mean_that_moved_is_reported() -> None:
    (line,) = compare_records(THEN, [replace(SCORE, mean=0.502), FINDING, VERDICT]).changed
    assert line == "new on c, mean nDCG@10: was .500000, is .502000"


def test_a_verdict_that_changed_is_reported_with_both_words() -> None:
    result = compare_records(THEN, [SCORE, FINDING, replace(VERDICT, verdict="SAME")])
    assert result.changed == ("new on c: was HELPS, is SAME",)


def test_a_verdict_that_was_not_recomputed_is_reported() -> None:
    assert compare_records(THEN, [SCORE, FINDING]).changed == ("new on c: was HELPS, is None",)


def test_a_record_that_is_new_changes_nothing() -> None:
    now = [*THEN, replace(SCORE, system="third")]
    assert compare_records(THEN, now).same
    assert compare_records(THEN, now).held
