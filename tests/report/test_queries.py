"""All queries of a page: every number is the record's, every list is the ranking's, and the table works in a browser without a network."""

import base64
import csv
import gzip
import json
import re
from html import unescape
from importlib import resources
from itertools import accumulate
from operator import sub
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense import report
from evidense.boundary.numerals import plain, signed
from evidense.compute.comparison.query_texts import TOP
from evidense.records import QueryTexts
from evidense.report import rendering
from evidense.report.comparison.queries import query_tables, score_decimals, score_falls, thousandths
from evidense.report.contents import Contents
from report.accessible import violations
from report.browser import Browser
from report.sample import Sample

ROWS = "[...document.querySelectorAll('.queries[open] tr[data-query]')].map(r => [...r.cells].map(c => c.textContent))"
OPEN = "document.getElementById('q1').open = true; new Promise(done => setTimeout(done, 400))"
SCORES = """[...document.querySelectorAll('#q2 .lists .sides > div')].map(d => [...d.querySelectorAll('li .moved')].map(x => x.lastChild.textContent))"""
SIDES = """[...document.querySelectorAll('#q2 .lists .sides > div')].map(d =>
  [d.querySelector('h4').textContent, [...d.querySelectorAll('li .id')].map(c => c.textContent)])"""
TYPE = """(() => {{ const box = document.querySelector('#q1 input[type=search]'); box.value = {text}; box.dispatchEvent(new Event('input')); }})()"""
CHOOSE = """(() => {{ const select = [...document.querySelectorAll('#q1 label')].find(l => l.firstChild.textContent === {label}).querySelector('select');
  select.value = [...select.options].find(o => o.textContent === {option}).value; select.dispatchEvent(new Event('change')); }})()"""


def unpacked(folder: Path) -> list[dict[str, Any]]:
    """Return what the page holds for its script, a table a collection."""
    packed = re.findall(
        r'<script type="application/gzip" id="q\d+-data">([^<]*)</script>', (folder / "report.html").read_text()
    )
    return [spread(json.loads(gzip.decompress(base64.b64decode(data)))) for data in packed]


def spread(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table with the lists and scores of each system written out."""
    lists = [
        [[top[position] for position in row] for top, row in zip(table["tops"], of_system, strict=True)]
        for of_system in table["lists"]
    ]
    scores = [
        [[units / 10**decimals for units in accumulate(row, sub)] for row in of_system]
        for decimals, of_system in zip(table["decimals"], table["falls"], strict=True)
    ]
    return {**table, "lists": lists, "scores": scores}


def test_every_value_and_difference_is_that_of_the_scores_to_the_last_printed_digit(
    sample: Sample, folder: Path
) -> None:
    contents = Contents.of(sample.study, sample.records)
    tables = unpacked(folder)
    assert [t["collection"] for t in tables] == contents.collections
    for table in tables:
        for m, measure in enumerate(table["measures"]):
            scores = [contents.scores[s, table["collection"], measure] for s in table["systems"]]
            values = [sample.store.array(score.values) for score in scores]
            assert all(sample.store.json(score.query_ids) == table["ids"] for score in scores)
            for s, row in enumerate(values):
                assert [printed(x, plain) for x in table["values"][m][s]] == [plain(x) for x in row]
                assert [printed(x, signed) for x in table["deltas"][m][s]] == [signed(x) for x in row - values[0]]
                assert [sign(x) for x in table["deltas"][m][s]] == [sign(x) for x in row - values[0]]


def test_every_list_is_the_first_ten_of_its_ranking_with_judgements(sample: Sample, folder: Path) -> None:
    contents = Contents.of(sample.study, sample.records)
    for table, collection in zip(unpacked(folder), sample.collections, strict=True):
        ids = [doc_id for doc_id, _ in table["documents"]]
        for s, system in enumerate(table["systems"]):
            ranking = contents.rankings[system, table["collection"]]
            all_ids, lists = sample.store.json(ranking.doc_ids), sample.store.array(ranking.documents)
            scores = sample.store.array(ranking.scores)
            for place, query in enumerate(table["listed"]):
                assert [ids[d] for d in table["lists"][s][place]] == [all_ids[d] for d in lists[query, :TOP] if d >= 0]
                decimals = table["decimals"][s]
                of_query = [x for d, x in zip(lists[query], scores[query], strict=True) if d >= 0][:TOP]
                assert [f"{x:.{decimals}f}" for x in table["scores"][s][place]] == [
                    f"{x:.{decimals}f}" for x in of_query
                ]
        for place, query in enumerate(table["listed"]):
            shown = {ids[d]: gain for d, gain in table["gains"][place]}
            judged = collection.qrels[table["ids"][query]]
            tops = {ids[d] for lists in table["lists"] for d in lists[place]}
            assert shown == {d: gain for d, gain in judged.items() if d in tops or gain > 0}
        texts = {item.id: item.text for item in collection.corpus}
        assert all(texts[doc_id].startswith(text.removesuffix(" …")[:200]) for doc_id, text in table["documents"])


@given(st.floats(-3, 3, allow_subnormal=False) | st.integers(-8000, 8000).map(lambda k: k / 16))
def test_a_value_in_thousandths_prints_as_the_page_prints_it(x: float) -> None:
    (packed,) = thousandths([x])
    assert packed is not None
    assert printed(packed, plain) == plain(x)
    assert sign(packed) == sign(x)


def printed(x: float, how: Any) -> str:
    """Print thousandths; ± .5 is a value that prints as zero."""
    return how(int(x) / 1000)


def sign(x: float) -> int:
    """Return 1, 0 or −1."""
    return int(x > 0) - int(x < 0)


def test_what_does_not_fit_is_left_out_and_the_page_says_so(sample: Sample) -> None:
    contents = Contents.of(sample.study, sample.records)
    whole = query_tables(contents, sample.store, 5_000_000, text=True)
    needed = sum(len(table.data) for table in whole)
    assert all(table.left_out == "" for table in whole)
    for share in (0.7, 0.3, 0.1):
        tables = query_tables(contents, sample.store, int(share * needed), text=True)
        assert sum(len(table.data) for table in tables) <= share * needed
        assert len(tables) == len(whole)
    assert "There is no room" in tables[0].left_out
    assert query_tables(contents, sample.store, 500, text=True) == []


def test_a_large_page_is_ascii_and_says_the_same(sample: Sample, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert not html.isascii()
    assert rendering.light(html) == html
    monkeypatch.setattr(rendering, "_LARGE_BYTES", len(html) // 2)
    large = rendering.light(html)
    assert large.isascii()
    assert unescape(large) == unescape(html)
    texts = resources.files("evidense.report") / "templates"
    assets = [x.name for x in texts.iterdir() if x.name.endswith((".css", ".js"))]
    assert all(rendering.asset(name).isascii() for name in assets), (
        "references mean nothing inside of styles and scripts"
    )
    monkeypatch.setattr(rendering, "MOST_BYTES", len(html))
    assert rendering.light(html) == html, "no page grows beyond the limit by this"


@given(
    st.lists(st.floats(-1e6, 1e6) | st.floats(-1, 1) | st.floats(0, 1e-9), min_size=1, max_size=10).map(
        lambda x: np.sort(np.array(x))[::-1]
    )
)
def test_packed_scores_are_those_of_the_ranking_to_the_last_decimal(scores: np.ndarray) -> None:
    decimals = score_decimals(scores[None])
    units = list(accumulate(score_falls(scores, decimals), sub))
    half = 0.5 * 10.0**-decimals  # of the last decimal
    assert all(
        abs(n * 10.0**-decimals - x) <= half * (1 + 1e-9) + 1e-12 * abs(x) for n, x in zip(units, scores, strict=True)
    )


def test_queries_that_differ_most_keep_their_lists(sample: Sample) -> None:
    contents = Contents.of(sample.study, sample.records)
    for room in range(200_000, 20_000, -30_000):
        tables = query_tables(contents, sample.store, room, text=True)
        if tables[0].left_out:
            break
    content = json.loads(gzip.decompress(base64.b64decode(tables[0].data)))
    largest = [max(abs(row[q]) for row in content["deltas"][0]) for q in range(len(content["ids"]))]
    listed = set(content["listed"])
    assert 0 < len(listed) < len(content["ids"])
    assert min(largest[q] for q in listed) >= max(x for q, x in enumerate(largest) if q not in listed)


def test_without_texts_there_are_ids_and_numbers_alone(sample: Sample, tmp_path: Path) -> None:
    path = report.write(sample.study, sample.records, sample.store, tmp_path / "out", text=False)
    for table in unpacked(path.parent):
        assert not any(table["queries"])
        assert not any(text for _, text in table["documents"])
        assert table["values"][0][0]


def test_a_study_of_another_version_without_query_texts_has_a_page(sample: Sample, tmp_path: Path) -> None:
    records = [record for record in sample.records if not isinstance(record, QueryTexts)]
    path = report.write(sample.study, records, sample.store, tmp_path / "out")
    assert "All queries" not in path.read_text()


@pytest.mark.browser
def test_searching_filtering_and_sorting(browser: Browser, sample: Sample, folder: Path) -> None:
    table = unpacked(folder)[0]
    browser.open(folder / "report.html")
    assert browser.evaluate(ROWS) == []
    browser.evaluate(OPEN)
    deltas = table["deltas"][0][1]
    order = sorted(range(len(deltas)), key=lambda i: (deltas[i], i))
    assert [row[0] for row in browser.evaluate(ROWS)] == [table["queries"][i] or table["ids"][i] for i in order[:100]]
    shown = "[...document.querySelectorAll('#q1 td.delta')].map(cell => cell.textContent)"
    sort = "[...document.querySelectorAll('#q1 th button')].find(b => b.textContent === 'difference').click()"
    assert browser.evaluate(shown) == [printed(deltas[i], signed) for i in order[:100]], "losses first"
    browser.evaluate(sort)
    assert browser.evaluate(shown) == [printed(x, signed) for x in sorted(deltas, reverse=True)[:100]], "gains first"
    browser.evaluate(sort)
    assert browser.evaluate(shown) == [printed(deltas[i], signed) for i in order[:100]]
    browser.evaluate(TYPE.format(text=json.dumps("RETURN the")))
    wanted = [
        i for i in order if all(w in f"{table['ids'][i]}\n{table['queries'][i]}".lower() for w in ("return", "the"))
    ]
    assert [row[0] for row in browser.evaluate(ROWS)] == [table["queries"][i] for i in wanted][:100]
    assert len(wanted) > 2
    browser.evaluate(CHOOSE.format(label='"show"', option='"worse"'))
    worse = [i for i in wanted if deltas[i] < 0]
    assert [row[0] for row in browser.evaluate(ROWS)] == [table["queries"][i] for i in worse]
    told = browser.evaluate("document.querySelector('#q1 [role=status]').textContent")
    assert told == f"{len(worse)} of {len(deltas)} queries: 0 better, 0 equal, {len(worse)} worse"
    browser.evaluate(CHOOSE.format(label='"show"', option='"all"'))
    browser.evaluate(CHOOSE.format(label='"slice"', option='"kind: class"'))
    kinds = table["slices"]["kind"]
    of_classes = [i for i in wanted if kinds["values"][kinds["of"][i]] == "class"]
    assert [row[0] for row in browser.evaluate(ROWS)] == [table["queries"][i] for i in of_classes]
    browser.evaluate(TYPE.format(text='"zzzz no such words"'))
    assert browser.evaluate(ROWS) == []
    assert browser.complaints() == []
    assert browser.requests() == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_link_opens_a_query_with_the_lists_side_by_side(
    browser: Browser, sample: Sample, folder: Path, width: int
) -> None:
    table = unpacked(folder)[1]
    query = table["listed"][7]
    browser.open(folder / "report.html", width)
    browser.evaluate(
        f"location.hash = '#q2/' + encodeURIComponent({json.dumps(table['ids'][query])}); new Promise(done => setTimeout(done, 600))"
    )
    sides = browser.evaluate(SIDES)
    ids = [doc_id for doc_id, _ in table["documents"]]
    for s, system in enumerate(table["systems"]):
        title, listed = sides[s]
        assert title.startswith(system)
        assert title.endswith(plain(table["values"][0][s][query] / 1000))
        assert listed == [ids[d] for d in table["lists"][s][7]]
        assert browser.evaluate(SCORES)[s] == [
            f"{x:.{table['decimals'][s]}f}".removeprefix("0") for x in table["scores"][s][7]
        ]
    assert (
        browser.evaluate("document.querySelector('#q2 .lists').previousElementSibling.getBoundingClientRect().top")
        < 500
    )
    assert browser.evaluate("document.activeElement.className") == "ask"
    assert violations(browser, "#q2 .lists") == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []


@pytest.mark.browser
def test_it_is_used_by_keyboard_and_gives_its_rows_away(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    browser.evaluate(
        "window.saved = []; HTMLAnchorElement.prototype.click = function () { saved.push([this.download, decodeURIComponent(this.href.split(',')[1])]); }"
    )
    browser.evaluate(OPEN)
    browser.evaluate("document.querySelector('#q1 .ask').focus()")
    for key in ("ArrowDown", "ArrowDown", "ArrowUp"):
        browser.call("Input.dispatchKeyEvent", type="keyDown", key=key)
    assert browser.evaluate("[...document.querySelectorAll('#q1 .ask')].indexOf(document.activeElement)") == 1
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", text="\r")
    browser.call("Input.dispatchKeyEvent", type="keyUp", key="Enter")
    assert browser.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert browser.evaluate("location.hash").startswith("#q1/")
    browser.evaluate("[...document.querySelectorAll('#q1 button')].find(b => b.textContent === 'download CSV').click()")
    ((name, text),) = browser.evaluate("saved")
    rows = list(csv.reader(text.splitlines()))
    assert name == "queries.csv"
    assert rows[0] == ["query_id", "query", *unpacked(folder)[0]["systems"]]
    assert len(rows) == len(unpacked(folder)[0]["ids"]) + 1


@pytest.mark.browser
def test_a_search_draws_a_hundred_rows_at_most_and_marks_its_time(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    browser.evaluate(OPEN)
    browser.evaluate(TYPE.format(text='""'))
    assert browser.evaluate("performance.getEntriesByName('evidense search').length") == 1
    n_queries = len(unpacked(folder)[0]["ids"])
    assert len(browser.evaluate(ROWS)) == 100 < n_queries
    browser.evaluate("document.querySelector('#q1 .more').click()")
    assert len(browser.evaluate(ROWS)) == min(200, n_queries)
