"""Where nothing needs torch, nothing imports it: the demo, a comparison, a replay, the score of a run file."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "pandas", "pyarrow", "PIL", "matplotlib")

PROGRAM = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
from evidense.cli.main import main
for command in sys.argv[1:]:
    try:
        main(command.split())
    except SystemExit as stop:
        assert not stop.code, command
"""


def evidense(folder: Path, *commands: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *commands], cwd=folder, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path, own_store: Path) -> Path:
    rows = [f"word {n} of the query,the document that word {n} means" for n in range(20)]
    (tmp_path / "pairs.csv").write_text("query,document\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "qrels.txt").write_text("".join(f"q{n} 0 d{n} 1\n" for n in range(20)), encoding="utf-8")
    for name in ("a.trec", "b.trec"):
        lines = [f"q{n} Q0 d{(n + m) % 20} {m + 1} {20 - m} x\n" for n in range(20) for m in range(10)]
        (tmp_path / name).write_text("".join(lines), encoding="utf-8")
    return tmp_path


def test_demo_compare_replay_and_score_run_where_torch_cannot_be_imported(folder: Path) -> None:
    evidense(
        folder,
        "demo",
        "compare bm25 char_ngrams --on pairs.csv --out page",
        "compare a.trec b.trec --qrels qrels.txt --out lists",
        "replay page",
        "score a.trec qrels.txt",
        "list",
    )


def test_a_reranker_that_lies_nowhere_is_refused_before_torch_is_asked_for(folder: Path) -> None:
    command = "compare bm25 cross-encoder:nosuch --on pairs.csv --out page"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, command], cwd=folder, capture_output=True, text=True, timeout=240
    )
    assert "there is no model at 'nosuch'; expected a folder" in done.stderr
    assert "torch" not in done.stderr
