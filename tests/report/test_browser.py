"""The page in a real browser: it renders, stays silent, asks nobody, fits, sorts, and hostile text stays text."""

from pathlib import Path

import pytest

from evidense import report
from report.accessible import violations
from report.browser import Browser
from report.hostile import PIXEL, TEXT, hostile
from report.sample import Sample

pytestmark = pytest.mark.browser
SIZES = [(390, False), (390, True), (1280, False), (1280, True)]

OUTSIDE = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
  && e.getBoundingClientRect().width && !e.closest('.scroll, pre, .hidden, .skip')).map(e => e.outerHTML.slice(0, 80))"""
CONTRAST = """(() => {
  const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = rgb(c).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                         return .2126 * r + .7152 * g + .0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
                          if (c.length === 3 || c[3] > 0) return getComputedStyle(e).backgroundColor; } return 'rgb(255, 255, 255)'; };
  return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .filter(e => !(e instanceof SVGElement)).map(e => { const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
      return [(a + .05) / (b + .05), e.outerHTML.slice(0, 90)]; }).filter(([ratio]) => ratio < 4.5);
})()"""


@pytest.mark.parametrize(("width", "dark"), SIZES)
def test_it_renders_in_silence_and_fits(browser: Browser, folder: Path, width: int, dark: bool) -> None:
    browser.open(folder / "report.html", width, dark=dark)
    assert browser.complaints() == []
    assert browser.requests() == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert browser.evaluate(OUTSIDE) == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate("document.querySelector('.forest .plot .dot').getBoundingClientRect().width") >= 9
    assert browser.evaluate(CONTRAST) == []


def test_axe_finds_nothing_with_the_parts_open(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    browser.evaluate("document.querySelectorAll('.part, .comparison').forEach(d => { d.open = true; })")
    assert violations(browser) == []


def test_parts_below_the_first_screen_are_closed_and_a_link_opens_one(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html", 390)
    closed = browser.evaluate("[...document.querySelectorAll('.part')].map(d => d.parentElement.id)")
    assert {"setup", "evidence", "cite", "c1", "c2"} <= set(closed)
    assert not browser.evaluate("[...document.querySelectorAll('.part')].some(d => d.open)")
    browser.evaluate(
        "document.querySelector('.jump a[href=\"#evidence\"]').click(); new Promise(d => setTimeout(d, 200))"
    )
    assert browser.evaluate("document.querySelector('#evidence .part').open")
    assert not browser.evaluate("document.querySelector('#setup .part').open")


def test_dark_is_dark_and_light_is_light(browser: Browser, folder: Path) -> None:
    grounds = []
    for dark in (False, True):
        browser.open(folder / "report.html", dark=dark)
        grounds.append(browser.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"))
    assert min(grounds[0]) > 240
    assert max(grounds[1]) < 40


def test_the_answer_and_what_comes_next_are_on_the_first_screen(
    browser: Browser, folder: Path, single: Sample, tmp_path: Path
) -> None:
    """Of many systems the best of the leaderboard, of one the worst collection."""
    alone = report.write(single.study, single.records, single.store, tmp_path / "out")
    for page, following in ((folder / "report.html", ".leaders tbody tr"), (alone, ".forest tbody .row")):
        for width, height in ((1280, 800), (390, 844)):
            browser.open(page, width, height)
            bottoms = browser.evaluate(
                f"['.answer', '{following}'].map(s => document.querySelector(s).getBoundingClientRect().bottom)"
            )
            assert max(bottoms) <= height


def test_a_column_sorts_both_ways_and_rows_stay_whole(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    read = "[...document.querySelector('.forest').tBodies[0].rows].map(r => [Number(r.cells[3].dataset.v), r.cells[1].textContent])"
    before = browser.evaluate(read)
    click = "document.querySelector('.forest th.effect button').click()"
    browser.evaluate(click)
    up = browser.evaluate(read)
    browser.evaluate(click)
    down = browser.evaluate(read)
    assert [v for v, _ in up] == sorted(v for v, _ in before)
    assert down == up[::-1]
    assert sorted(up) == sorted(before)
    assert browser.evaluate("document.querySelector('.forest th.effect').getAttribute('aria-sort')") == "descending"


def test_a_number_leads_to_its_comparison_which_opens(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    target = browser.evaluate("document.querySelector('.forest .effect a').hash.slice(1)")
    closed = f"document.getElementById('{target}').closest('details').open"
    assert browser.evaluate(closed) is False
    browser.evaluate("document.querySelector('.forest .effect a').click(); new Promise(done => setTimeout(done, 300))")
    assert browser.evaluate(closed) is True
    top = browser.evaluate(f"document.getElementById('{target}').getBoundingClientRect().top")
    assert 0 <= top < 900


def test_every_link_in_the_page_has_its_target(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    dead = "[...document.querySelectorAll('a')].map(a => a.getAttribute('href')).filter(h => !document.getElementById(h.slice(1)))"
    assert browser.evaluate(dead) == []
    twice = (
        "(ids => ids.filter((id, i) => ids.indexOf(id) !== i))([...document.querySelectorAll('[id]')].map(e => e.id))"
    )
    assert browser.evaluate(twice) == []


def test_the_bibtex_can_be_copied(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    browser.evaluate("document.querySelector('#cite summary').click()")
    browser.evaluate(
        "document.querySelector('#bibtex').parentElement.querySelector('button').click(); new Promise(d => setTimeout(d, 200))"
    )
    label = browser.evaluate("document.querySelector('#bibtex').parentElement.querySelector('button').textContent")
    assert label in {"copied", "selected: now Ctrl+C"}
    if label != "copied":
        assert browser.evaluate("getSelection().toString()").startswith("@software{evidense")


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)])
def test_hostile_text_stays_text(browser: Browser, sample: Sample, tmp_path: Path, width: int, dark: bool) -> None:
    bad = hostile(sample)
    path = report.write(bad.study, bad.records, bad.store, tmp_path / "out", command=TEXT)
    browser.open(path, width, dark=dark)
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    browser.evaluate("new Promise(done => setTimeout(done, 500))")
    browser.evaluate("document.querySelectorAll('.queries .ask').forEach((b, i) => { if (i < 20) b.click(); })")
    assert browser.evaluate("document.querySelectorAll('.queries .lists li').length") > 20
    assert browser.evaluate("typeof window.hacked") == "undefined"
    assert browser.complaints() == []
    assert browser.requests() == []
    kinds = browser.evaluate("[...document.scripts].map(s => s.type).sort()")
    assert kinds == ["", "", *["application/gzip"] * len(sample.study.collections)]
    assert browser.evaluate("[...new Set([...document.images].map(i => i.src))]") == [PIXEL]
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    shown = browser.evaluate("document.querySelector('.reading .q').textContent")
    assert "{{7*7}}" in shown
    assert "<script>window.hacked=1</script>" in shown
    names = {p.name for p in (tmp_path / "out" / "runs").iterdir()}
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") for name in names)
    assert {p.name for p in tmp_path.iterdir()} == {"out", "store"} - ({"store"} - {p.name for p in tmp_path.iterdir()})


def test_right_to_left_text_runs_from_the_right(browser: Browser, sample: Sample, tmp_path: Path) -> None:
    from dataclasses import replace

    from evidense.records import Finding

    arabic = "كيف أقرأ ملفا من القرص؟"
    records = [
        replace(r, excerpts=tuple({**e, "query": arabic} for e in r.excerpts)) if isinstance(r, Finding) else r
        for r in sample.records
    ]
    browser.open(report.write(sample.study, records, sample.store, tmp_path / "out"))
    assert browser.evaluate("getComputedStyle(document.querySelector('.reading .q')).direction") == "rtl"
    assert browser.evaluate("getComputedStyle(document.body).direction") == "ltr"


def test_it_can_be_read_without_its_script(browser: Browser, folder: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(folder / "report.html")
        assert browser.requests() == []
        document = browser.call("DOM.getDocument", depth=-1, pierce=False)["root"]
        answer = browser.call("DOM.querySelector", nodeId=document["nodeId"], selector=".say strong")
        assert "NO" in browser.call("DOM.getOuterHTML", nodeId=answer["nodeId"])["outerHTML"]
        buttons = browser.call("DOM.querySelectorAll", nodeId=document["nodeId"], selector="button")["nodeIds"]
        assert buttons == []
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
