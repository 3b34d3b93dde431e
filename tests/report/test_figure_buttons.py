"""Buttons that save a figure of the page, in a real browser: whole files, by keyboard, in both colours, without a request."""

import io
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from report.accessible import violations
from report.browser import PATIENCE_S, Browser

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"
PRESS = "document.querySelector('{0}').focus(); document.activeElement.textContent"


def saved(browser: Browser, folder: Path, selector: str) -> Path:
    """Press Enter on the button and return the file that comes of it."""
    folder.mkdir(exist_ok=True)
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    before = set(folder.iterdir())
    assert browser.evaluate(PRESS.format(selector)) in {"SVG", "PNG"}
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13
        )
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        files = [
            path for path in set(folder.iterdir()) - before if path.suffix in {".svg", ".png"} and path.stat().st_size
        ]
        if files:
            return files[0]
        browser.evaluate("new Promise(done => setTimeout(done, 50))")
    raise TimeoutError(f"nothing was saved by {selector}")


def button(figure: str, kind: str) -> str:
    return f'.take[data-figure="{figure}"] button[aria-label^="Save as {kind}"]'


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_the_drawings_of_the_folder_are_saved_as_they_are(
    browser: Browser, folder: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    browser.open(folder / "report.html", width, dark=dark)
    for figure in ("forest", "ranks"):
        file = saved(browser, tmp_path / "saved", button(figure, "SVG"))
        assert file.name == f"sample-{figure}.svg"
        drawn = (folder / "figures" / f"{figure}.svg").read_text(encoding="utf-8")
        assert ET.canonicalize(file.read_text(encoding="utf-8")) == ET.canonicalize(drawn)
    assert browser.complaints() == []
    assert browser.requests() == []


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_has_twice_the_size_and_is_not_blank(
    browser: Browser, folder: Path, tmp_path: Path, dark: bool
) -> None:
    from PIL import Image

    browser.open(folder / "report.html", dark=dark)
    file = saved(browser, tmp_path / "saved", button("forest", "PNG"))
    assert file.name == "sample-forest.png"
    picture = Image.open(io.BytesIO(file.read_bytes())).convert("RGB")
    root = ET.parse(folder / "figures" / "forest.svg").getroot()
    assert picture.size == tuple(2 * int(root.attrib[key]) for key in ("width", "height"))
    colours = {colour for _, colour in picture.getcolors(1 << 20)}
    assert {(255, 255, 255), (0xEF, 0xEC, 0xE5)} <= colours
    assert len(colours) > 20
    assert browser.requests() == []


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)])
def test_what_a_figure_shows_on_the_page_is_readable_alone(
    browser: Browser, folder: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    browser.open(folder / "report.html", width, dark=dark)
    browser.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    name = browser.evaluate("document.querySelector('.curve .take').dataset.figure")
    seen = browser.evaluate(
        "(f => [...f.querySelectorAll('figcaption, .y')].map(e => e.innerText.trim()).concat([getComputedStyle(document.querySelector('.curve .loss')).fill,"
        " getComputedStyle(f.closest('.comparison')).backgroundColor]))(document.querySelector('.curve'))"
    )
    file = saved(browser, tmp_path / "saved", button(name, "SVG"))
    text = file.read_text(encoding="utf-8")
    root = ET.fromstring(text)
    words = "".join("".join((element.text or "").split()) for element in root.iter(f"{SVG}text"))
    *labels, loss, ground = seen
    for label in labels:
        assert "".join(label.split()) in words
    assert "var(" not in text
    assert "class=" not in text
    assert next(root.iter(f"{SVG}rect")).attrib["fill"] == ground
    paths = [path for path in root.iter(f"{SVG}path") if path.attrib["fill"] == loss]
    assert len(paths) == 1
    assert float(root.attrib["width"]) <= width
    browser.open(file)
    assert browser.complaints() == []
    assert browser.requests() == []


def test_axe_finds_nothing_at_the_buttons(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    browser.evaluate("document.querySelectorAll('.part, .comparison').forEach(d => { d.open = true; })")
    assert browser.evaluate("document.querySelectorAll('.take button').length") >= 2 * (2 + 9)
    assert violations(browser, ".take") == []


def test_without_scripts_there_are_no_buttons(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<div class="take" data-figure="forest"><template>' in page
    assert "Save as SVG:" not in page
