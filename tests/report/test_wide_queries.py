"""The table of all queries with many systems of long names: the query and the difference are read without scrolling, and a search forgives."""

import json
from pathlib import Path

import pytest

import evidense as ev
from evidense.cli.saying.lines import note_lines
from evidense.report.comparison.answer import warnings
from evidense.report.contents import Contents
from evidense.study.result import Result
from report.browser import Browser
from report.test_queries import CHOOSE, OPEN, ROWS, TYPE

N = 40
NAMES = [f"all-MiniLM-L6-v2-finetuned-on-our-products-step-{k}000.run" for k in range(8)]
TOLD = "document.querySelector('#q1 [role=status]').textContent"
HEADS = "[...document.querySelectorAll('#q1 thead th')].map(h => h.textContent)"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """Eight runs on one table of German products; the baseline lacks a query, and every run has one query with equal scores."""
    place = tmp_path_factory.mktemp("many")
    rows = [f"Zahnbürste weiß für Kinder Nummer {n},eine weiße Zahnbürste {n}" for n in range(1, N + 1)]
    (place / "pairs.csv").write_text("query,document\n" + "\n".join(rows) + "\n", encoding="utf-8")
    ids = [f"d{n}" for n in range(1, N + 1)]
    for k, name in enumerate(NAMES):
        lines = [
            f"q{n} Q0 {ids[(n - 1 + rank * (1 + (n + k) % 3)) % N]} {rank + 1} {1 if n == 3 else 9 - rank} r\n"
            for n in range(1 if k else 2, N + 1)
            for rank in range(5)
        ]
        (place / name).write_text("".join(lines))
    runs = [str(place / name) for name in NAMES]
    return ev.compare(*runs, on=str(place / "pairs.csv"), out=place / "page"), place / "page"


@pytest.mark.browser
def test_query_and_difference_are_read_without_scrolling(browser: Browser, many: tuple[Result, Path]) -> None:
    browser.open(many[1] / "report.html", 1280)
    browser.evaluate(OPEN)
    heads = browser.evaluate(HEADS)
    assert heads == ["query", f"{NAMES[0]} (baseline)", NAMES[1], "difference"]
    assert browser.evaluate(
        "document.querySelector('#q1 .scroll').scrollWidth <= document.querySelector('#q1 .scroll').clientWidth"
    )
    assert browser.evaluate("document.querySelector('#q1 .ask').closest('td').getBoundingClientRect().width") > 300
    assert "values of all 8 systems stand in an opened query and in the CSV" in browser.evaluate(TOLD)
    browser.evaluate(CHOOSE.format(label='"system"', option=json.dumps(NAMES[5])))
    assert browser.evaluate(HEADS)[2] == NAMES[5]
    assert browser.complaints() == []


@pytest.mark.browser
def test_a_search_forgives_marks_of_letters_and_puts_a_whole_id_first(
    browser: Browser, many: tuple[Result, Path]
) -> None:
    browser.open(many[1] / "report.html", 1280)
    browser.evaluate(OPEN)
    browser.evaluate(TYPE.format(text='"zahnburste WEISS nummer 17"'))
    assert [row[0] for row in browser.evaluate(ROWS)] == ["Zahnbürste weiß für Kinder Nummer 17"]
    browser.evaluate(TYPE.format(text='"q4"'))
    assert [row[0] for row in browser.evaluate(ROWS)] == [
        "Zahnbürste weiß für Kinder Nummer 4",
        "Zahnbürste weiß für Kinder Nummer 40",
    ]
    browser.evaluate(TYPE.format(text='"staubsauger"'))
    assert browser.evaluate(TOLD).startswith(
        "0 of 40 queries; the search reads texts and ids of queries, not documents"
    )
    browser.evaluate("location.hash = '#q1/no-such-query'; new Promise(done => setTimeout(done, 300))")
    assert browser.evaluate(TOLD) == "No query has the id no-such-query."


def test_a_note_on_the_baseline_or_on_all_systems_is_said_once_and_a_few_equal_scores_not_at_all(
    many: tuple[Result, Path],
) -> None:
    result = many[0]
    contents = Contents.of(result.study, result.records)
    said = [str(text) for system in contents.systems for text in warnings(contents, system)]
    assert sum("1 of 40 queries without results" in text for text in said) == 1
    assert not any("equal scores" in text for text in said)
    assert any(
        "1 of 40 queries of this file have equal scores" in str(r.setup.get("warnings")) for r in result.rankings
    )
    assert sum("1 of 40 queries without results" in text for text in note_lines(result.study, result.records)) == 1
