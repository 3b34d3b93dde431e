"""Names and texts with escapes, overrides and formulas: no file of a page, and no summary, holds them raw."""

import csv
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from warm.client import Warm

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]")
BAD = "\x1b[31mred\x07\u202etxt.exe\x9b2J"


@pytest.fixture
def page(tmp_path: Path, own_store: Path, warm: Warm) -> Path:
    folder = tmp_path / f"c{BAD}"
    (folder / "qrels").mkdir(parents=True)
    with (folder / "corpus.jsonl").open("w") as corpus, (folder / "queries.jsonl").open("w") as queries:
        for n in range(30):
            corpus.write(
                json.dumps({"_id": f"d{n}{BAD}", "title": BAD, "text": f"text {n} {BAD} answer {n * 7}"}) + "\n"
            )
            queries.write(json.dumps({"_id": f"q{n}{BAD}", "text": f"=cmd|{n} answer {n * 7} {BAD}"}) + "\n")
    lines = [f"q{n}{BAD}\td{n}{BAD}\t1\n" for n in range(30)]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))
    words = [
        "compare",
        "bm25",
        f"char_ngrams@label={BAD}",
        "--on",
        folder.name,
        "--out",
        "page",
        "--markdown",
        "summary.md",
    ]
    done = warm.run(words, tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "step.md"))
    assert done.returncode == 0, done.stderr
    assert not RAW.search(done.stdout + done.stderr)
    return tmp_path / "page"


def test_no_written_file_holds_raw_control_characters(page: Path) -> None:
    files = [path for path in page.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in [*files, page.parent / "summary.md", page.parent / "step.md"]:
        raw = RAW.search(path.read_text(encoding="utf-8-sig"))
        assert not raw, f"{path.name}: {raw}"
    assert all(re.fullmatch(r"[\w.-]+", path.name) for path in files)


def test_ids_with_control_characters_survive_in_csv_json_and_run_files(page: Path) -> None:
    records = json.loads((page / "page.json").read_text())["records"]
    assert any(BAD in str(record["content"].get("spelling", "")) for record in records), "JSON holds them, escaped"
    with (page / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        ids = [row["query_id"] for row in csv.DictReader(file)]
    assert len(set(ids)) == 30
    lines = next((page / "runs").iterdir()).read_text().splitlines()
    assert {unquote(line.split()[0]) for line in lines} == {f"q{n}{BAD}" for n in range(30)}


def test_a_query_whose_id_has_control_characters_can_be_marked_as_wrongly_labelled(page: Path, warm: Warm) -> None:
    with (page / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    with (page / "losses.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow([row["collection"], row["query_id"], "", "", "", "", "", "yes"])
    words = ["compare", "bm25", f"char_ngrams@label={BAD}", "--on", f"c{BAD}", "--out", "page"]
    done = warm.run(words, page.parent)
    assert done.returncode == 0, done.stderr
    assert "29 queries: " in done.stdout
