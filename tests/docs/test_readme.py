"""The README: one screen, and every command on it does what it is shown for."""

import re
import subprocess
from pathlib import Path

from docs.conftest import Typed
from docs.pages import ROOT, commands, fenced, read

STANDS_FOR = {"BASE": "bm25", "TUNED": "char_ngrams", "pairs.csv,phenotypes,my-beir-folder": "pairs.csv"}
"""What the reader puts there → what the test does."""


def test_every_command_of_the_readme_runs(tmp_path: Path, typed: Typed) -> None:
    assert typed.python(fenced("docs/tutorial.md", "python")[0], tmp_path).returncode == 0
    typed.evidense(["compare", "bm25", "char_ngrams", "--on", "pairs.csv", "--out", "first"], tmp_path)
    for new, pattern in (("old.trec", "bm25__*.trec"), ("new.trec", "char*__*.trec")):
        (found,) = (tmp_path / "first" / "runs").glob(pattern)
        found.rename(tmp_path / new)
    said = {}
    for _, *words in commands("README.md"):
        done = typed.evidense([STANDS_FOR.get(word, word) for word in words], tmp_path)
        said[" ".join(words)] = done
        expected = 1 if "--gate" in words else 0
        assert done.returncode == expected, f"{words}: {done.stdout}{done.stderr}"
    assert len(said) == 5
    page = tmp_path / said["demo"].stdout.strip().splitlines()[-1]
    assert page.is_file(), "the last line is the page"
    for block in fenced("README.md", "python"):
        done = typed.python(block, tmp_path)
        assert done.returncode == 0, done.stderr
        assert not done.stdout, "nothing is printed unasked"


def test_it_is_one_screen_and_names_only_targets_that_there_are() -> None:
    text = read("README.md")
    assert len(text.splitlines()) <= 80
    makefile = read("Makefile")
    for target in re.findall(r"(?:^    |`)make (\w+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"there is no make {target}"
    for extra in re.findall(r"evidense\[([\w-]+)\]", text):
        assert f"\n{extra} = [" in read("pyproject.toml")
    assert not re.findall(r"\b(TOST|max-T|Hartung|shelves|floors)\b", text)


def test_the_door_has_the_targets_that_the_house_promises() -> None:
    makefile = read("Makefile")
    assert all(
        re.search(rf"^{t}:", makefile, re.MULTILINE)
        for t in ("setup", "check", "test", "demo", "bench", "calibrate", "docs")
    )
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in script.read_text()
    assert subprocess.run(["bash", "-n", script]).returncode == 0
