"""The tutorial, executed in its order in an empty folder: every command ends as it says, every output has the shown shape."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from docs.conftest import Typed
from docs.pages import PYTHON, extras_of, read

BLOCK = re.compile(r"^```(bash|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS_MODELS = re.compile(r"^## 4\. .*?(?=^## )", re.MULTILINE | re.DOTALL)
"""The one step that needs torch."""


PLAIN = re.compile(r"evidense [^|;&<>$`*~()]*(?:#.*)?$")
"""A command that needs no shell."""


def shape(line: str, text: str) -> str:
    """Return a line without its numbers and signs, where these depend on the version of Python that the data come from, or on models."""
    if sys.version_info[:2] == (3, 11) and "embedding_model" not in text:
        return line.strip()
    return re.sub(r"[+−-]?[\d.,]*\d", "0", line).strip()


def run(command: list[str], folder: Path, own_store: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "EVIDENSE_STORE": str(own_store)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=240)


def test_the_tutorial(tmp_path: Path, own_store: Path, typed: Typed) -> None:
    page = read("docs/tutorial.md")
    if not {"encoders"} <= extras_of(PYTHON):
        page, n_steps = NEEDS_MODELS.subn("", page)
        assert n_steps == 1
    said, n_commands = "", 0
    folder = tmp_path / "empty"
    folder.mkdir()
    for language, text in BLOCK.findall(page):
        if language == "python":
            done = typed.python(text, folder)
            assert done.returncode == 0, f"{text}\n{done.stderr}"
        elif language == "bash":
            said = ""
            for line in text.splitlines():
                expected = int(found[1]) if (found := re.search(r"# exits with (\d)", line)) else 0
                done = (
                    typed.evidense(shlex.split(line, comments=True)[1:], folder)
                    if PLAIN.match(line)
                    else run(["bash", "-c", line], folder, own_store)
                )
                said += done.stdout
                n_commands += 1
                assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
        else:
            shapes = {shape(line, text) for line in said.splitlines()}
            missing = [line for line in text.splitlines() if shape(line, text) not in shapes]
            assert not missing, f"shown and not said: {missing}\nsaid:\n{said}"
    assert n_commands >= 9
    assert (folder / "first" / "report.html").stat().st_size > 10_000
    assert (folder / "summary.md").read_text().strip()
