"""The page of a check: risk by coverage beside the target, answers that were rejected, and cells of tables."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from evidense import registry
from evidense.checking.aggregate import CheckedStatement, StancedPassage
from evidense.checking.calibration import Calibration, calibration_for
from evidense.report.check.curve import LEAST_VERDICTS, risk_curve
from evidense.report.check.exports import checks_json
from evidense.report.check.page import page_html
from evidense.report.check.screen import screen
from evidense.report.check.statements import CheckedStatements, TextMeasured
from evidense.study.check.check import answers_of
from evidense.values import Passage, Span

CELL = Passage("a", Span(3, 7, "84.6"), "Table 1", "On it", "BERT has 84.6 F1 (Table 1: On it)")
RIGHT = [i >= 300 or i % 40 != 0 for i in range(600)]
SURE = Calibration("id", "claim", "invented", tuple(i / 600 for i in range(600)), tuple(RIGHT), tuple(range(600)))


@dataclass
class Asking:
    """Stands for an entailer that asks a model in words."""

    name: str = "endpoint:m"
    rejected: Counter[str] = field(
        default_factory=lambda: Counter({"no JSON of the schema": 2, "quote not in the passage": 7})
    )
    n_accepted: Counter[str] = field(default_factory=lambda: Counter(supports=4, neither=1))


def told(calibration: Calibration, risk: float = 0.1, answers=None, n_cells: int = 0) -> CheckedStatements:
    evidence = (StancedPassage(CELL, "supports", "rules on tables"),)
    checked = CheckedStatement(
        "BERT reaches 84.6 F1.", "SUPPORTED", None, "rules on tables", "", evidence, "SUPPORTED", id="1"
    )
    measured = TextMeasured("claim", 1, calibration, calibration.threshold(risk))
    return CheckedStatements(
        "c", (checked,), ("a",), 1, risk, "endpoint:m", "", (measured,), answers=answers, n_cells=n_cells
    )


def shipped() -> Calibration:
    found = calibration_for(registry.part("entailers", "features").open("features").identity, "claim")
    assert found is not None
    return found


def test_rejected_answers_are_counted_with_their_reasons() -> None:
    counted = checks_json(told(SURE, answers=answers_of(Asking())))
    assert counted["answers"] == {
        "accepted": 5,
        "rejected": {"no JSON of the schema": 2, "quote not in the passage": 7},
    }
    assert answers_of(registry.part("entailers", "features").open("features")) is None


def test_the_curve_shows_where_verdicts_begin_and_says_the_same_as_a_table() -> None:
    curve, page = risk_curve(SURE, 0.1), page_html(told(SURE))
    assert curve.chosen is not None
    assert any(mark.is_within for mark in curve.marks)
    assert "Verdicts are printed left of the upright line" in page
    for mark in curve.marks:
        assert mark.upper <= mark.y
        assert mark.is_within == (mark.upper >= curve.target)
    assert page.count("<tr><td>") >= len(curve.marks) == len(checks_json(told(SURE))["calibrations"][0]["curve"])


def test_the_shipped_entailer_has_no_coverage_at_the_default_target_and_the_page_says_so() -> None:
    curve = risk_curve(shipped(), 0.1)
    assert curve.chosen is None
    assert not any(mark.is_within for mark in curve.marks)
    assert "No upper end is within the target" in page_html(told(shipped()))
    assert 0 < curve.marks[0].row.n <= len(shipped().stated) / 9


def test_few_outcomes_are_drawn_too() -> None:
    few = Calibration("id", "claim", "invented", (0.4, 0.6), (True, False), (0, 1))
    assert len(few.stated) < LEAST_VERDICTS
    assert risk_curve(few, 0.1).line.count(",") >= 1


@pytest.mark.parametrize("n_cells", [0, 3])
def test_a_cell_stands_behind_its_own_words_and_rules_on_tables_are_named_where_tables_are(n_cells: int) -> None:
    counted = told(SURE, n_cells=n_cells)
    assert "“84.6”: BERT has 84.6 F1 (Table 1: On it)" in page_html(counted)
    assert "1 verdict by rules on tables" in screen(counted)
    assert ("rules on tables, on statements with a value of a cell" in " ".join(screen(counted).split())) == bool(
        n_cells
    )
    assert checks_json(counted)["statements"][0]["evidence"][0]["says"] == CELL.says
