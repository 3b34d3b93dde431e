"""The page of an audit in a real browser: it fits two widths, asks nobody, and hostile texts stay texts."""

from pathlib import Path

import pytest

from evidense.report.audit.page import Corrected, page_html
from report.accessible import violations
from report.audits import HOSTILE, audit, hostile, statement
from report.browser import Browser
from report.test_browser import CONTRAST, OUTSIDE, SIZES

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audits")
    said = statement("Dense models gain little.", "We ask whether dense models gain little.")
    whole = page_html(audit(policy="neurips2026", gate=("NOT FOUND",), statements=(said,)), None, ("audit.json",))
    (folder / "plain.html").write_text(whole, encoding="utf-8")
    bad = page_html(hostile(), Corrected(f"--- a\n-{HOSTILE}\n", 1, (HOSTILE,)), (HOSTILE,))
    (folder / "hostile.html").write_text(bad, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["plain.html", "hostile.html"])
@pytest.mark.parametrize(("width", "dark"), SIZES)
def test_it_renders_in_silence_and_fits(browser: Browser, pages: Path, name: str, width: int, dark: bool) -> None:
    browser.open(pages / name, width, dark=dark)
    assert browser.complaints() == []
    assert browser.requests() == []
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(OUTSIDE) == []
    assert browser.evaluate(CONTRAST) == []
    assert browser.evaluate("window.hacked === undefined")
    assert violations(browser) == []


def test_the_answer_and_the_worst_reference_are_on_the_first_screen(browser: Browser, pages: Path) -> None:
    for width, height in ((1280, 960), (390, 1100)):
        browser.open(pages / "plain.html", width, height)
        bottoms = browser.evaluate(
            "['.answer', '.tally', '.silent'].map(s => document.querySelector(s).getBoundingClientRect().bottom)"
        )
        assert max(bottoms) <= height
