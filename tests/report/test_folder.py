"""All files of a report appear together, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from evidense import report
from evidense.errors import InvalidInput
from evidense.report.folder import publish
from report.sample import Sample

KILLED = """
import os, signal, sys
from pathlib import Path
from evidense.report.folder import publish

class Interrupted(dict):
    def items(self):
        for n, pair in enumerate(super().items()):
            if n == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            yield pair

publish(Interrupted({f"f{i}": b"new" for i in range(5)}), Path(sys.argv[1]))
"""


@pytest.mark.parametrize("exists", [False, True])
def test_a_kill_leaves_the_old_files_or_none_and_the_next_run_sweeps(tmp_path: Path, exists: bool) -> None:
    out = tmp_path / "out"
    if exists:
        publish({f"f{i}": b"old" for i in range(5)}, out)
    done = subprocess.run([sys.executable, "-c", KILLED, str(out)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert {p.name for p in out.glob("f*")} == ({f"f{i}" for i in range(5)} if exists else set())
    assert all(p.read_bytes() == b"old" for p in out.glob("f*"))
    assert list((out if exists else tmp_path).glob(".out.writing-*"))
    publish({f"f{i}": b"new" for i in range(5)}, out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {f"f{i}": b"new" for i in range(5)}
    assert not list(tmp_path.rglob(".out.writing-*"))


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InvalidInput, match="is a file"):
        publish({"a": b""}, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_other_files_stay_and_runs_of_an_earlier_report_go(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish({"report.html": b"1", "runs/old.trec": b"1"}, out)
    (out / "study.toml").write_text("mine")
    publish({"report.html": b"2", "runs/new.trec": b"2"}, out)
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()) == [
        "report.html",
        "runs/new.trec",
        "study.toml",
    ]


def test_what_an_earlier_report_wrote_goes_unless_somebody_has_changed_it(tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "mine.txt"
    outside.write_bytes(b"1")
    listed = {name: sha256(b"1").hexdigest() for name in ("compare.html", "ledger.tex", "../mine.txt")}
    page = json.dumps({"files": listed}).encode()
    publish({"report.html": b"1", "compare.html": b"1", "ledger.tex": b"1", "page.json": page}, out)
    (out / "ledger.tex").write_text("edited")
    publish({"report.html": b"2", "page.json": b"{}"}, out)
    assert sorted(p.name for p in out.iterdir()) == ["ledger.tex", "page.json", "report.html"]
    assert outside.exists(), "a page.json names nothing outside its folder"
    publish({"report.html": b"3", "page.json": b"{}"}, out)
    assert (out / "report.html").read_bytes() == b"3"


def test_the_folder_names_the_hash_of_each_file(folder: Path) -> None:
    named = json.loads((folder / "page.json").read_text(encoding="utf-8"))["files"]
    assert {"report.html", "verdicts.json", "scores.csv", "table.tex", "table.md", "metrics.json"} < set(named)
    assert all(sha256((folder / name).read_bytes()).hexdigest() == said for name, said in named.items())


def test_it_can_be_written_into_the_current_folder(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report.write(sample.study, sample.records, sample.store, Path("."))
    assert (tmp_path / "report.html").exists()
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
