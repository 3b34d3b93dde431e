"""ask against indexes that this machine serves: a replay without a network gives the same bytes."""

from pathlib import Path

import pytest

import evidense as ev
from sources.demo import FILES, holdings
from sources.world import world

pytest.importorskip("httpx")
pytest.importorskip("rapidfuzz")
INDEXES = ("crossref", "openalex", "semantic_scholar", "datacite", "arxiv", "retraction_watch")


def test_a_replay_without_a_network_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / "store"))
    settings = {"criteria": FILES / "criteria.txt"}
    with world(holdings(), monkeypatch):
        first = ev.ask("What harms tomatoes?", INDEXES, out=tmp_path / "one", **settings).outcome
        ev.ask("What harms tomatoes?", INDEXES, out=tmp_path / "two", offline=True, **settings)
    assert first.findings
    assert first.search.prisma.ineligible["retracted"] == 1
    names = sorted(p.relative_to(tmp_path / "one").as_posix() for p in (tmp_path / "one").rglob("*.*"))
    assert {"report.html", "report.md", "report.json", "references.bib"} <= set(names)
    assert [n for n in names if (tmp_path / "one" / n).read_bytes() != (tmp_path / "two" / n).read_bytes()] == []
