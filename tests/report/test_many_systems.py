"""Twenty systems on fifteen collections: the page reads without scrolling sideways, and ranks and ties are those of the records."""

from pathlib import Path

import numpy as np
import pytest

import evidense as ev
from evidense.records import Finding
from evidense.study.result import Result
from report.accessible import violations
from report.browser import Browser

N_SYSTEMS, N_COLLECTIONS, N_QUERIES, N_DOCUMENTS = 20, 15, 24, 6
DOMAINS = ("news", "law", "medicine", "code", "support")
LANGUAGES = ("english", "german", "japanese-translated")
MODELS = ("base", "large", "multilingual-instruct")
HIDDEN = "[...document.querySelectorAll('details.others, .group > details')].every(details => !details.open)"
CLIPPED = """[...document.querySelectorAll('.leaders td, .leaders th, .matrix td')].filter(cell => {
  const box = cell.getBoundingClientRect(); return box.width && (box.right > innerWidth + 1 || box.left < 0); }).length"""
WIDER = (
    "(() => { const box = document.querySelector('#values .scroll'); return box.scrollWidth > box.clientWidth + 1; })()"
)
LEADERS = "[...document.querySelectorAll('.leaders tbody tr')].map(row => [row.cells[0].textContent, row.querySelector('th').textContent])"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Runs of twenty systems, three of equal quality after another, the first two with the same lists."""
    folder, rng = tmp_path_factory.mktemp("many"), np.random.default_rng(3)
    names = [f"{domain}-{language}" for domain in DOMAINS for language in LANGUAGES]
    for c, name in enumerate(names):
        (folder / f"{name}.qrels").write_text("".join(f"c{c}q{q} 0 c{c}q{q}d0 1\n" for q in range(N_QUERIES)))
    queries = [f"c{c}q{q}" for c in range(N_COLLECTIONS) for q in range(N_QUERIES)]
    noise = rng.standard_normal((N_SYSTEMS, len(queries), N_DOCUMENTS))
    noise[1] = noise[0]
    runs = []
    for s in range(N_SYSTEMS):
        scores = noise[s]
        scores[:, 0] += 0.4 * (s // 3)
        runs.append(folder / f"encoder-{MODELS[s % 3]}-v{s}.run")
        runs[-1].write_text(
            "".join(
                f"{query} Q0 {query}d{d} {rank} {row[d]:.5f} s\n"
                for query, row in zip(queries, scores, strict=True)
                for rank, d in enumerate(np.argsort(-row), 1)
            )
        )
    judgements = [str(folder / f"{name}.qrels") for name in names]
    return ev.compare(*map(str, runs), qrels=judgements, measures=["nDCG@10"], n_resamples=5_700)


@pytest.fixture(scope="module")
def page(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of these systems."""
    return result.report(tmp_path_factory.mktemp("many-page") / "out")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_nothing_is_wider_than_the_page(browser: Browser, page: Path, width: int, dark: bool) -> None:  # fmt: skip
    browser.open(page, width, dark=dark)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(HIDDEN)
    leaders = browser.evaluate(LEADERS)
    assert len(leaders) == N_SYSTEMS
    assert browser.evaluate("document.querySelectorAll('.matrix tbody td').length") == N_SYSTEMS * N_COLLECTIONS
    assert browser.evaluate("document.documentElement.scrollHeight") < 12_000
    if width == 1280:
        assert browser.evaluate(CLIPPED) == 0
        assert not browser.evaluate(WIDER)
    assert browser.complaints() == []
    browser.evaluate("document.querySelector('.others > summary').click()")
    assert (
        browser.evaluate("[...document.querySelectorAll('.say')].filter(say => say.offsetHeight > 0).length")
        == N_SYSTEMS - 1
    )
    if width == 1280:
        assert violations(browser, "#answer") == []
        assert violations(browser, ".matrix thead") == []


def test_ranks_are_those_of_the_records_and_equal_systems_share_theirs(result: Result) -> None:
    standings = {r.site["system"]: r for r in result.records if isinstance(r, Finding) and r.estimand == "standing"}
    assert len(standings) == N_SYSTEMS
    first, second = (standings[f"encoder-{MODELS[s]}-v{s}.run"] for s in (0, 1))
    assert first.details["ranks"] == second.details["ranks"]
    best, worst = first.details["ranks"]
    assert worst > best
    best_system = max(standings.values(), key=lambda finding: finding.value)
    assert best_system.details["ranks"][0] == 1
