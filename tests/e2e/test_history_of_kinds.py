"""evidense history lists pages of every kind: questions, searches, audits, checks, beside comparisons."""

import shutil
from pathlib import Path

import pytest

from evidense.report.history.entries import entries_below, entries_of_store
from evidense.store import Store

pytest.importorskip("bibtexparser")
pytest.importorskip("rapidfuzz")
pytest.importorskip("lxml")
WORLD = Path(__file__).parents[1] / "sources" / "demo" / "shade"
SOURCES = "folder:ada,folder:bob,retraction_watch:retractions.csv"
COMMANDS = {
    "question": ("ask", "Does shade harm tomatoes?", "--sources", SOURCES, "--offline", "--out", "asked"),
    "search": ("search", "Does shade harm tomatoes?", "--sources", SOURCES, "--offline", "--out", "searched"),
    "audit": ("audit", "asked/references.bib", "--sources", SOURCES, "--offline", "--out", "audited"),
    "check": ("check", "Shade lowers the yield of tomatoes.", "--in", "ada", "--out", "checked"),
}


def test_each_kind_of_page_is_listed_with_its_answer_from_the_store_and_from_folders(
    evidense, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(WORLD, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS.values():
        said = evidense(*command)
        assert said.exit_code in (0, 1), said.output
    logged = {entry.kind: entry for entry in entries_of_store(Store())[: len(COMMANDS)]}
    assert set(logged) == set(COMMANDS)
    lying = {entry.kind: entry for entry in entries_below(tmp_path)}
    for kind, entry in logged.items():
        assert entry.is_there
        assert entry.words() == lying[kind].words() != ""
        assert (entry.name, entry.folder, entry.page_sha256) == (
            lying[kind].name,
            lying[kind].folder,
            lying[kind].page_sha256,
        )
    assert logged["question"].words().startswith("PARTLY ANSWERED: 6 findings of 4 works")
    printed = evidense("history", "--kind", "audit").output
    assert "audit  references.bib" in printed
    assert logged["audit"].words() in printed
    assert "Does shade harm tomatoes?" not in printed
    assert "search  Does shade harm tomatoes?" in evidense("history", str(tmp_path)).output
    refused = evidense("history", "--kind", "audits")
    assert refused.exit_code == 2
    assert "'audits'" in refused.output
