"""The page on training, executed in its order in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import read

BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_command_of_the_page_on_training_does_what_it_says(tmp_path: Path, own_store: Path) -> None:
    pytest.importorskip("torch")
    folder = tmp_path / "empty"
    folder.mkdir()
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "EVIDENSE_STORE": str(own_store),
    }
    said = {}
    for language, text in BLOCK.findall(read("docs/train.md")):
        for line in [text] if language == "python" else text.splitlines():
            expected = int(found[1]) if (found := re.search(r"# exits with (\d)", line)) else 0
            command = [sys.executable, "-c", line] if language == "python" else ["bash", "-c", line]
            done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=240)
            assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
            said[line] = done
    trained = [
        done.stdout.splitlines()[-1]
        for line, done in said.items()
        if "--out" in line and "train" in line and not done.returncode
    ]
    assert trained == ["pretrained", "tuned"]
    refused = next(done.stderr for line, done in said.items() if "--steps 25" in line)
    assert "n_steps was 20, is 25" in refused
    for name in trained:
        assert (folder / name / "recipe.json").is_file()
        assert (folder / name / "modules.json").is_file()
    assert (folder / "page" / "report.html").is_file()
