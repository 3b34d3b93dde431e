"""Numbers are written in one style wherever people read them."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidense import report
from evidense.boundary.numerals import significant
from evidense.report.comparison.paper.figures import forest_svg
from evidense.report.comparison.paper.table import paper_markdown, paper_table
from evidense.report.contents import Contents
from evidense.stats.equivalence import Relation, said
from report.number_style import shown_text, wrongly_written
from report.sample import Sample


def test_the_page_writes_numbers_in_one_style(folder: Path) -> None:
    assert wrongly_written(shown_text((folder / "report.html").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("name", ["table.md", "paper.md", "figures/forest.svg", "figures/ranks.svg"])
def test_tables_and_figures_write_numbers_as_the_page_does(folder: Path, name: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert wrongly_written(shown_text(text.replace("<text", " <text")) if name.endswith("svg") else text) == []


@pytest.mark.parametrize("name", ["table.tex", "paper.tex"])
def test_latex_has_no_leading_zero_and_its_minus_in_formulas(folder: Path, name: str) -> None:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    outside = ["".join(line.split("$")[::2]) for line in lines if "label" not in line]
    assert [wrong for line in outside for wrong in wrongly_written(line)] == []


def test_the_terminal_writes_numbers_as_the_page_does(sample: Sample) -> None:
    assert wrongly_written(report.table_text(sample.study, sample.records)) == []


@pytest.mark.parametrize("relation", ["within", "raises", "above"])
def test_reasons_of_claims_write_numbers_as_the_page_does(relation: Relation) -> None:
    for interval in ((-0.01, 0.03), (-0.3, -0.1), (0.1, 0.3)):
        assert wrongly_written(said(relation, interval, 0.05)) == []


@pytest.mark.parametrize(
    ("x", "text"), [(0.00012, ".00012"), (0.099999, ".10"), (9.99, "10"), (-0.5, "−.50"), (56_789, "57,000")]
)
def test_ratios_keep_their_first_digits(x: float, text: str) -> None:
    assert significant(x) == text


def test_a_level_is_not_rounded_up_to_certainty(sample: Sample) -> None:
    study = replace(sample.study, confidence=0.995)
    records = [study, *sample.records[1:]]
    contents = Contents.of(study, records)
    printed = [
        report.table_text(study, records),
        report.table_markdown(study, records),
        paper_markdown(contents),
        forest_svg(contents),
    ]
    assert all("99.5" in text and "100%" not in text for text in printed)
    assert r"99.5\,\%" in paper_table(contents)
