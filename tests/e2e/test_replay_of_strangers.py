"""Replay of a folder that somebody sent: whatever page.json says, one error, and nothing outside the folder is read."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidense.cli.main import main


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    place = tmp_path_factory.mktemp("written")
    rows = "".join(f"word {n} of the query,the document that word {n} means\n" for n in range(24))
    (place / "p.csv").write_text(f"query,document\n{rows}", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["compare", "bm25", "char_ngrams", "--on", str(place / "p.csv"), "--out", str(place / "page")])

    def copied(to: Path) -> Path:
        to.mkdir()
        for path in (place / "page").iterdir():
            if path.is_file():
                (to / path.name).write_bytes(path.read_bytes())
        for room in ("runs", "figures"):
            (to / room).mkdir()
            for path in (place / "page" / room).iterdir():
                (to / room / path.name).write_bytes(path.read_bytes())
        return to

    return copied


def changed(page: Path, **changes: Any) -> None:
    content = json.loads((page / "page.json").read_text())
    (page / "page.json").write_text(json.dumps(content | changes))


def deep(page: Path) -> None:
    (page / "page.json").write_text("[" * 100_000)


def fifo(page: Path) -> None:
    (page / "page.json").unlink()
    os.mkfifo(page / "page.json")


def folder(page: Path) -> None:
    (page / "page.json").unlink()
    (page / "page.json").mkdir()


def listed_fifo(page: Path) -> None:
    os.mkfifo(page / "pipe")
    changed(page, files={"pipe": "0" * 64})


def linked_out(page: Path) -> None:
    (page / "link").symlink_to("/etc/passwd")
    changed(page, files={"link": "0" * 64})


def score_of_text(page: Path) -> None:
    """A record whose id is right and whose values are not of their kind."""
    from evidense.records import Score

    content = json.loads((page / "page.json").read_text())
    old = next(r for r in content["records"] if r["kind"] == "score")
    bad = Score(parents=tuple(old["parents"]), **{**old["content"], "mean": "x"})
    content["records"] = [bad.to_json() if r is old else r for r in content["records"]]
    (page / "page.json").write_text(json.dumps(content))


WRONG: dict[str, Callable[[Path], object]] = {
    "no JSON": lambda page: (page / "page.json").write_text("{x"),
    "bytes": lambda page: (page / "page.json").write_bytes(b"\xff\xfe\x00"),
    "a list": lambda page: (page / "page.json").write_text("[1]"),
    "no files": lambda page: (page / "page.json").write_text('{"records": []}'),
    "a list of files": lambda page: changed(page, files=["a"]),
    "hashes that are numbers": lambda page: changed(page, files={"a": 1}),
    "records that are numbers": lambda page: changed(page, records=[1]),
    "records without content": lambda page: changed(page, records=[{"kind": "score"}]),
    "a record of no kind": lambda page: changed(
        page, records=[{"kind": "x", "id": "0", "parents": [], "content": {}, "observed": {}}]
    ),
    "a file outside": lambda page: changed(page, files={"../../etc/passwd": "0" * 64}),
    "an absolute file": lambda page: changed(page, files={"/etc/passwd": "0" * 64}),
    "a name with NUL": lambda page: changed(page, files={"a\0b": "0" * 64}),
    "a name too long": lambda page: changed(page, files={"n" * 5000: "0" * 64}),
    "a folder in the list": lambda page: changed(page, files={"runs": "0" * 64}),
    "a pipe in the list": listed_fifo,
    "a link out of the folder": linked_out,
    "deep nesting": deep,
    "a pipe": fifo,
    "a folder": folder,
    "a mean that is a text": score_of_text,
    "no study": lambda page: (page / "study.toml").unlink(missing_ok=True),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_altered_page_gives_one_error(
    written: Callable[[Path], Path], tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = written(tmp_path / "page")
    WRONG[what](page)
    with pytest.raises(SystemExit) as stop:
        main(["replay", str(page)])
    printed = capsys.readouterr().err
    assert stop.value.code == 2, printed
    assert "fault of Evidense" not in printed
    assert printed.startswith("evidense: ")
    assert "root:" not in printed


def test_an_unaltered_page_is_replayed(
    written: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["replay", str(written(tmp_path / "page"))])
    assert stop.value.code == 0
    assert "byte for byte" in capsys.readouterr().out
