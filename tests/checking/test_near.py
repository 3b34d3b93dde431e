"""Rules alone, on statements that are near a sentence of real papers: what is swapped is flagged, what is untouched is not."""

import json
from pathlib import Path

import pytest

from checking.contrast import KINDS, swapped, untouched
from evidense.checking.near import near_verdict
from evidense.checking.rules import mismatches

FLAGS = {"REFUTED", "SCOPE DIFFERS"}


def _rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()]


def _is_flagged(claim: str, evidence: str) -> bool:
    return any(not mismatch.qualifies for mismatch in mismatches(claim, evidence))


@pytest.mark.parametrize("kind", KINDS)
def test_nine_in_ten_swaps_are_flagged_and_one_in_twenty_untouched_statements(kind: str, shared_data: Path) -> None:
    changed, same = swapped(kind, shared_data, 100), untouched(kind, shared_data, 100)
    assert (len(changed), len(same)) == (100, 100)
    flagged = [_is_flagged(pair.claim, pair.evidence) for pair in changed]
    assert sum(flagged) >= 90
    assert sum(bool(mismatches(pair.claim, pair.evidence)) for pair in same) <= 5


@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_of_near_statements_follow_the_rules(kind: str, shared_data: Path) -> None:
    verdicts = [near_verdict(pair.claim, pair.evidence) for pair in swapped(kind, shared_data, 60, seed=1)]
    assert sum(verdict is not None and verdict.word in FLAGS for verdict in verdicts) >= 51
    assert sum(verdict is not None and verdict.word == "SUPPORTED" for verdict in verdicts) <= 3
    verdicts = [near_verdict(pair.claim, pair.evidence) for pair in untouched(kind, shared_data, 60, seed=1)]
    assert sum(verdict is not None and verdict.word == "SUPPORTED" for verdict in verdicts) >= 54


@pytest.mark.parametrize("dropped", ["condition", "population", "dataset"])
def test_a_statement_that_dropped_its_condition_is_qualified_and_never_refuted(dropped: str) -> None:
    rows = [row for row in _rows("qualified.jsonl") if row["dropped"] == dropped]
    verdicts = [near_verdict(row["statement"], row["passage"]) for row in rows]
    words = [verdict.word if verdict else None for verdict in verdicts]
    assert len(words) == 20
    assert "REFUTED" not in words
    assert words.count("QUALIFIED") >= 14


def test_a_statement_that_dropped_nothing_is_supported() -> None:
    rows = [row for row in _rows("qualified.jsonl") if not row["dropped"]]
    verdicts = [near_verdict(row["statement"], row["passage"]) for row in rows]
    assert len(rows) == 20
    assert all(verdict is not None and verdict.word == "SUPPORTED" for verdict in verdicts)


@pytest.mark.parametrize("row", _rows("swaps.jsonl"), ids=lambda row: row["one"])
def test_two_sentences_that_differ_in_one_thing_contradict_each_other(row: dict[str, str]) -> None:
    assert _is_flagged(row["one"], row["other"])
    assert _is_flagged(row["other"], row["one"])
    verdicts = near_verdict(row["one"], row["other"]), near_verdict(row["other"], row["one"])
    assert all(verdict is not None and verdict.word in FLAGS for verdict in verdicts)


@pytest.mark.parametrize("row", _rows("same.jsonl"), ids=lambda row: row["one"])
def test_two_sentences_that_say_the_same_do_not(row: dict[str, str]) -> None:
    assert mismatches(row["one"], row["other"]) == ()
    assert mismatches(row["other"], row["one"]) == ()


def test_the_span_of_a_verdict_is_the_sentence_of_the_passage() -> None:
    passage = "We trained  two models.\nPruning helps on  NQ. We stop."
    verdict = near_verdict("Pruning helps on NQ.", passage)
    assert verdict is not None
    assert verdict.word == "SUPPORTED"
    assert passage[verdict.span.start : verdict.span.end] == verdict.span.quote == "Pruning helps on  NQ."


def test_a_question_told_as_a_finding_is_not_supported() -> None:
    verdict = near_verdict("Pruning helps long documents.", "We investigate whether pruning helps long documents.")
    assert verdict is not None
    assert verdict.word == "NOT ENOUGH"


@pytest.mark.parametrize(
    "statement", ["", "?", "a", "Models.", "不是英语。", "x " * 3000, "12", "(((" * 50, "not " * 400]
)
def test_odd_statements_get_no_verdict_and_break_nothing(statement: str) -> None:
    passage = "Pruning helps in long documents. It does not help in short ones."
    assert near_verdict(statement, passage) is None
    assert near_verdict("Pruning helps.", statement) is None
    mismatches(statement, passage)
    mismatches(passage, statement)


@pytest.mark.parametrize(
    ("statement", "passage", "word"),
    [
        ("Shade lowers the yield by 15 percent.", "Shade lowers the yield by 12 percent.", "REFUTED"),
        ("Shade raises the yield by 12 percent.", "Shade lowers the yield by 12 percent.", "REFUTED"),
        ("Shade does not lower the yield.", "Shade lowers the yield.", "REFUTED"),
        ("Shade lowers the yield by 12%.", "Shade lowers the yield by 12 percent.", "SUPPORTED"),
        ("Shade lowers the yield.", "Shade may lower the yield.", "QUALIFIED"),
    ],
)
def test_each_rule_gives_its_own_word(statement: str, passage: str, word: str) -> None:
    verdict = near_verdict(statement, passage)
    assert verdict is not None
    assert verdict.word == word
