"""History: pages that were written, as entries, trends, a page, and a server that shows nothing else."""

import http.client
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evidense import report
from evidense.errors import InvalidInput
from evidense.records import Study
from evidense.report.history.entries import PageEntry, entries_below, entries_of_store
from evidense.report.history.page import history_html
from evidense.report.history.server import HOST, PageServer
from evidense.report.history.trends import trend_lines, trends
from evidense.store import Store
from report.accessible import violations
from report.browser import SAVED, Browser
from report.hostile import hostile
from report.sample import Sample

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def pages(single: Sample, tmp_path: Path) -> Path:
    """Two pages of one study in two folders, written with a store that has seen no other."""
    store = Store(tmp_path / "log")
    store.root.mkdir()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        out = tmp_path / name / "page"
        report.write(
            single.study,
            single.records,
            _LoggedElsewhere(single.store, store.root),
            out,
            command=f"evidense compare --out {name}",
        )
    return tmp_path


class _LoggedElsewhere(Store):
    """A store that reads the blobs of another and keeps a log of its own."""

    def __init__(self, blobs: Store, root: Path) -> None:
        super().__init__(root)
        self.blobs = blobs

    def blob(self, name: str) -> bytes:
        return self.blobs.blob(name)

    def json(self, name: str) -> object:
        return self.blobs.json(name)

    def array(self, name: str):
        return self.blobs.array(name)


@pytest.fixture
def served(pages: Path) -> Iterator[PageServer]:
    store = Store(pages / "log")
    with PageServer(lambda: entries_of_store(store), "pages of a test") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def asked(server: PageServer, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Return status, body and headers of one answer."""
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), dict(answer.headers)


def test_the_store_remembers_every_page_newest_first(single: Sample, pages: Path) -> None:
    second, first = entries_of_store(Store(pages / "log"))
    assert [e.folder for e in (first, second)] == [pages / "first" / "page", pages / "second" / "page"]
    assert first.at <= second.at
    assert first.command == "evidense compare --out first"
    verdicts = {(v.system, v.collection): (v.verdict, v.effect, v.low, v.high, v.n) for v in single.study_verdicts()}
    assert {(d.system, d.collection): (d.verdict, d.effect, d.low, d.high, d.n) for d in first.decided} == verdicts
    assert first.is_there
    assert first.words() == "2 IDENTICAL"
    assert first.has("IDENTICAL copy")
    assert not first.has("identical nothing")


def test_folders_of_pages_say_the_same_as_the_store(pages: Path) -> None:
    logged = {e.folder: e for e in entries_of_store(Store(pages / "log"))}
    for entry in entries_below(pages):
        assert replace(entry, at="") == replace(logged[entry.folder], at="")


def test_a_page_that_was_removed_or_replaced_is_said_to_be_gone(sample: Sample, pages: Path) -> None:
    second, first = entries_of_store(Store(pages / "log"))
    for path in (pages / "first" / "page").glob("*.html"):
        path.unlink()
    (pages / "first" / "page" / "evidense.json").unlink()
    assert not first.is_there
    assert second.is_there
    assert history_html([second, first], "here").count("gone or replaced") == 1


def test_a_page_of_another_margin_in_the_same_folder_is_another_page(single: Sample, pages: Path) -> None:
    _, first = entries_of_store(Store(pages / "log"))
    other = replace(single.study, margin=0.2)
    records = [other if isinstance(record, Study) else record for record in single.records]
    report.write(
        other,
        records,
        _LoggedElsewhere(single.store, pages / "log"),
        first.folder,
        command="evidense compare --margin 0.2",
    )
    newest, *older = entries_of_store(Store(pages / "log"))
    assert newest.folder == first.folder
    assert newest.is_there
    assert not first.is_there
    assert [entry.is_there for entry in older] == [True, False]


def test_comparisons_that_were_made_twice_are_trends_with_the_count_of_looks(pages: Path) -> None:
    found = trends(entries_of_store(Store(pages / "log")))
    assert len(found) == 2
    assert all(len(t.points) == 2 for t in found)
    assert all(line.endswith("(margin ±.02)") for line in trend_lines(found[0])[1:3])
    assert "2 pages, 1 different result; each interval holds for one look alone" in trend_lines(found[0])[-1]


def test_results_that_are_shown_alike_count_once(pages: Path) -> None:
    """A margin that was changed and changed back makes two results, not three."""
    trend = trends(entries_of_store(Store(pages / "log")))[0]
    at, first = trend.points[0]
    others = (replace(first, margin=0.5), first, replace(first, effect=first.effect + 1e-6))
    there_and_back = replace(trend, points=(*trend.points, *((at, d) for d in others)))
    rows = trend_lines(there_and_back)[1:-1]
    assert len({row.split("  ", 2)[2] for row in rows}) == 2
    assert "5 pages, 2 different results;" in there_and_back.looks


def test_a_damaged_line_of_the_log_is_left_out(pages: Path) -> None:
    (log,) = (pages / "log" / "pages").glob("*.jsonl")
    log.write_text('{"at": 1}\nnot json\n' + log.read_text() + '{"at": "cut off')
    assert len(entries_of_store(Store(pages / "log"))) == 2


def test_the_server_shows_the_history_and_the_files_of_its_pages(pages: Path, served: PageServer) -> None:
    status, body, _ = asked(served, "/")
    entry = entries_of_store(Store(pages / "log"))[0]
    assert status == 200
    assert f"/pages/{entry.key}/report.html" in body.decode()
    for name in ("report.html", "scores.csv", "table.md"):
        status, body, headers = asked(served, f"/pages/{entry.key}/{name}")
        assert (status, body) == (200, (entry.folder / name).read_bytes())
        assert headers["X-Content-Type-Options"] == "nosniff"
    run = next((entry.folder / "runs").iterdir()).name
    assert asked(served, f"/pages/{entry.key}/runs/{run}")[0] == 200


def test_the_server_shows_nothing_else_and_nobody_else(pages: Path, served: PageServer) -> None:
    entry = entries_of_store(Store(pages / "log"))[0]
    (entry.folder / "secret.txt").write_text("not ours")
    (pages / "second" / "above.txt").write_text("above")
    for path in ("/pages/nosuch/report.html", f"/pages/{entry.key}/secret.txt", f"/pages/{entry.key}/../above.txt", f"/pages/{entry.key}/%2e%2e/above.txt",
                 f"/pages/{entry.key}//etc/passwd", "/etc/passwd", f"/pages/{entry.key}/", "/pages"):  # fmt: skip
        assert asked(served, path)[0] == 404
    assert asked(served, "/", Host="evil.example")[0] == 403
    connection = http.client.HTTPConnection(HOST, served.server_port, timeout=20)
    connection.request("POST", "/", body=b"x")
    assert connection.getresponse().status == 501


def test_a_port_that_is_taken_is_named(served: PageServer) -> None:
    with pytest.raises(InvalidInput, match=f"port {served.server_port} cannot be used"):
        PageServer(list, "", served.server_port)


def test_a_folder_without_pages_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no page lies in"):
        entries_below(tmp_path)
    with pytest.raises(InvalidInput, match="is no folder"):
        entries_below(tmp_path / "nosuch")


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_the_history_in_a_browser(
    browser: Browser, sample: Sample, pages: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    entries = [*entries_of_store(Store(pages / "log")), _hostile(sample, tmp_path)]
    page = tmp_path / "history.html"
    page.write_text(history_html(entries, "pages of a test"), encoding="utf-8")
    browser.open(page, width, dark=dark)
    assert browser.complaints() == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate("typeof window.hacked") == "undefined"
    assert violations(browser) == []
    trends_shown = browser.evaluate("document.querySelectorAll('.trend').length")
    saved = browser.evaluate(SAVED)
    assert len(saved) == trends_shown > 0
    assert all(f"{SVG}circle" in {e.tag for e in ET.fromstring(text).iter()} for _, text in saved)
    browser.evaluate(
        "(() => { const box = document.getElementById('filter'); box.value = 'FIRST identical'; box.dispatchEvent(new Event('input')); })()"
    )
    assert browser.evaluate("[...document.querySelectorAll('#pages tbody tr')].map(r => r.hidden)") == [
        True,
        False,
        True,
    ]
    assert browser.evaluate("document.getElementById('told').textContent") == "1 of 3"


@pytest.mark.browser
def test_a_store_of_a_thousand_pages_is_filtered_by_kind_and_shows_two_hundred_at_first(browser: Browser, pages: Path, tmp_path: Path) -> None:  # fmt: skip
    entry = entries_of_store(Store(pages / "log"))[0]
    kinds = {"comparison": 950, "audit": 50}
    entries = [
        replace(entry, name=f"{kind} {i}", kind=kind, decided=(), said=f"{i} references to correct")
        for kind, n in kinds.items()
        for i in range(n)
    ]
    page = tmp_path / "history.html"
    page.write_text(history_html(entries, "pages of a test"), encoding="utf-8")
    browser.open(page, 390)
    shown = "[...document.querySelectorAll('#pages tbody tr')].filter(row => !row.hidden).length"
    assert browser.evaluate(shown) == 200
    browser.evaluate("document.getElementById('more').click()")
    assert browser.evaluate(shown) == 400
    browser.evaluate(
        "(() => { const kind = document.getElementById('kind'); kind.value = 'audit'; kind.dispatchEvent(new Event('change')); })()"
    )
    assert browser.evaluate(shown) == 50
    assert browser.evaluate("document.getElementById('told').textContent") == "50 of 1000"
    assert browser.evaluate("document.getElementById('more').hidden")
    assert browser.evaluate("document.documentElement.scrollWidth") <= 390
    assert browser.complaints() == []


def _hostile(sample: Sample, folder: Path) -> PageEntry:
    bad = hostile(sample)
    report.write(bad.study, bad.records, bad.store, folder / "bad", command="</script><script>window.hacked=1</script>")
    (entry,) = entries_below(folder / "bad")
    return entry
