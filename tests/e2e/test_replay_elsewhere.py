"""A page can be replayed from any folder: hashes are reported first, and its data are found from the page's place."""

import json
import shutil
from pathlib import Path

import pytest

ROWS = "".join(f"word {n} of the query,the document that word {n} means\n" for n in range(24))


@pytest.fixture
def page(evidense, own_store: Path, tmp_path: Path) -> Path:
    """A page in its usual place, of data that are named by a relative path."""
    (tmp_path / "semi.csv").write_text(f"query,document\n{ROWS}", encoding="utf-8")
    done = evidense("compare", "bm25", "char_ngrams", "--on", "semi.csv")
    assert done.exit_code == 0, done.output
    return tmp_path / Path(done.stdout.splitlines()[-1]).parent


def test_the_replay_command_on_the_page_works_in_its_folder(evidense, page, monkeypatch):
    assert "evidense replay ." in (page / "report.html").read_text(encoding="utf-8")
    monkeypatch.chdir(page)
    done = evidense("replay", ".")
    assert (done.exit_code, "byte for byte" in done.stdout) == (0, True), done.output


def test_a_page_can_be_replayed_from_any_folder(evidense, page, monkeypatch):
    monkeypatch.chdir("/")
    done = evidense("replay", page)
    assert (done.exit_code, "byte for byte" in done.stdout) == (0, True), done.output


def test_a_page_without_its_data_reports_its_hashes_and_where_to_replay_it(evidense, page, tmp_path, monkeypatch):
    moved = tmp_path / "a" / "b" / "c" / "page"
    shutil.copytree(page, moved)
    monkeypatch.chdir(moved)
    refused = evidense("replay", ".")
    assert refused.exit_code == 2
    assert "records and the page hash to what they say" in refused.stdout
    assert (
        "the page is whole: all its hashes agree. To compute it again, its data are missing here: semi.csv."
        in refused.stderr
    )
    assert f"evidense replay {moved}" in refused.stderr
    assert "unknown collection" not in refused.stderr
    monkeypatch.chdir(tmp_path)
    assert evidense("replay", moved).exit_code == 0


def test_replay_finds_run_files_and_judgements_from_the_page(evidense, own_store, tmp_path, monkeypatch):
    (tmp_path / "qrels.txt").write_text("".join(f"q{n} 0 d{n} 1\n" for n in range(24)))
    for name, shift in (("a.trec", 0), ("b.trec", 1)):
        lines = [f"q{n} Q0 d{n + shift * (n % 2)} 1 1.0 x\n" for n in range(24)]
        (tmp_path / name).write_text("".join(lines))
    done = evidense("compare", "a.trec", "b.trec", "--qrels", "qrels.txt", "--out", "lists")
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / "lists" / "page.json").read_text())
    assert (content["inputs"], content["inputs_from"]) == (["a.trec", "b.trec", "qrels.txt"], "..")
    monkeypatch.chdir(tmp_path / "lists")
    assert evidense("replay", ".").exit_code == 0


def test_replay_finds_every_file_of_a_spelling_from_the_page(evidense, own_store, tmp_path, monkeypatch):
    (tmp_path / "qrels.txt").write_text("".join(f"q{n} 0 d{n} 1\n" for n in range(24)))
    (tmp_path / "topics.tsv").write_text("".join(f"q{n}\tword {n}\n" for n in range(24)))
    (tmp_path / "docs.tsv").write_text("".join(f"d{n}\tthe word {n}\n" for n in range(24)))
    done = evidense("compare", "bm25", "char_ngrams", "--on", "qrels.txt+topics.tsv+docs.tsv", "--out", "three")
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / "three" / "page.json").read_text())
    assert content["inputs"] == ["docs.tsv", "qrels.txt", "topics.tsv"]
    monkeypatch.chdir(tmp_path / "three")
    assert evidense("replay", ".").exit_code == 0


def test_no_page_holds_an_absolute_path(evidense, page, tmp_path, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "page"
    done = evidense("compare", "bm25", "char_ngrams", "--on", "semi.csv", "--out", elsewhere)
    assert done.exit_code == 0, done.output
    content = json.loads((elsewhere / "page.json").read_text())
    assert content["inputs_from"] == ""
    assert str(tmp_path) not in (elsewhere / "page.json").read_text()
    assert str(tmp_path) not in (page / "page.json").read_text()


@pytest.mark.parametrize("name", ["report.html", "page.json", "table.md"])
def test_changed_and_missing_files_are_named(evidense, page, name):
    with (page / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    refused = evidense("replay", page)
    assert refused.exit_code == 2
    assert f"'{name}' was changed since it was written" in refused.stderr
    if name != "page.json":
        (page / name).unlink()
        assert f"'{name}' is gone" in evidense("replay", page).stderr


def test_marks_in_losses_csv_do_not_count_as_damage(evidense, page):
    with (page / "losses.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert evidense("replay", page).exit_code == 0


def test_a_page_without_manifest_is_reported_as_unguarded(evidense, page):
    (page / "evidense.json").unlink()
    printed = evidense("replay", page).stdout
    assert "unguarded" in printed
    assert "and the page hash" not in printed


def test_naming_a_file_of_the_page_suggests_its_folder(evidense, page):
    refused = evidense("replay", page / "report.html")
    assert refused.exit_code == 2
    assert f"type: evidense replay {page}" in refused.stderr
    assert "no such folder" in evidense("replay", page / "nothing").stderr
