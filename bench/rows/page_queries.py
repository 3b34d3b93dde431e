"""The page with all queries: 2,000 queries × 5 systems, opened, and searched letter by letter, in a real browser."""

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench.lines import Line

N_QUERIES = 2_000
SYSTEMS = ("bm25", "char_ngrams", "wordllama", "wordllama@dim=64", "wordllama@int8")
TYPED = "return the path"
N_PAINTS = 15
_EMPTY = "<!doctype html><html lang=en><meta charset=utf-8><title>empty</title><body><p>empty</p></body></html>"
_PAINT = "new Promise(d => setTimeout(d, 300)).then(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)"
_LAST = "performance.getEntriesByName('evidense search').pop().duration"


def _first_paints(browser: Any, *paths: Path) -> dict[Path, list[float]]:
    """Return the first paints of each file in ms: in turns, each turn in the other order.

    The browser logs no requests meanwhile: for the log it would keep and decode a second copy of the page.
    """
    paints: dict[Path, list[float]] = {path: [] for path in paths}
    browser.call("Network.disable")
    for turn in range(N_PAINTS):
        for path in paths if turn % 2 else reversed(paths):
            browser.open(path)
            paints[path].append(float(browser.evaluate(_PAINT)))
    return paints


def measure() -> list[Line]:
    """Write the page of a comparison, then time what its reader waits for."""
    import evidense as ev

    sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
    from report import browser as chromium
    from report.test_queries import OPEN, TYPE

    program = chromium.chromium()
    if program is None:
        raise RuntimeError("no Chromium is installed (apt-get install chromium)")
    with tempfile.TemporaryDirectory() as place, chromium.launched(program) as browser:
        empty = Path(place) / "empty.html"
        empty.write_text(_EMPTY)
        result = ev.compare(*SYSTEMS, on="docstrings", sample_queries=N_QUERIES)
        page = result.report(Path(place) / "page")
        paints = _first_paints(browser, empty, page)
        browser.open(page)
        browser.evaluate(OPEN)
        keystrokes = []
        for n in range(len(TYPED)):
            browser.evaluate(TYPE.format(text=f'"{TYPED[: n + 1]}"'))
            keystrokes.append(float(browser.evaluate(_LAST)))
        size_mb = page.stat().st_size / 1e6
    job = f"page of {N_QUERIES:,} queries × {len(SYSTEMS)} systems × top ten"
    return [
        Line(job=f"{job}: first paint", peer="an empty page in the same browser", target="≤ 1.5 × its time", bound=1.5, sense="ours/peer ≤",
             peer_value=median(paints[empty]), ours_value=median(paints[page]), unit="ms", n_runs=N_PAINTS),
        Line(job=f"{job}: a keystroke in the search, slowest of {len(TYPED)}", peer="–", target="≤ 100 ms of script", bound=100, sense="ours ≤",
             peer_value=None, ours_value=max(keystrokes), unit="ms", n_runs=1),
        Line(job=f"{job}: size", peer="–", target="≤ 5 MB", bound=5, sense="ours ≤", peer_value=None, ours_value=size_mb, unit="MB", n_runs=1),
    ]  # fmt: skip
