"""A shell that asks for completions gets systems, collections, measures, claims, studies, and its own files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def offered(*words: str) -> list[list[str]]:
    """Ask as bash does, with the cursor behind the last word; return (type, value) of each answer."""
    program = "from evidense.cli.main import main; main()"
    env = {
        "_EVIDENSE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("evidense", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | env, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return [line.split(",", 1) for line in done.stdout.split()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("compare", "bm"), ["plain", "bm25"]),
        (("compare", "bm25", "char"), ["plain", "char_ngrams"]),
        (("compare", "bm25", "char_ngrams", "--on", "docs"), ["plain", "docstrings"]),
        (("compare", "bm25", "char_ngrams", "--on", "phenotypes,docs"), ["plain", "phenotypes,docstrings"]),
        (("compare", "bm25", "char_ngrams", "--measure", "nD"), ["plain", "nDCG@10"]),
        (("compare", "bm25", "char_ngrams", "--claim", "he"), ["plain", "helps"]),
        (("run", "text_f"), ["plain", "text_factorial"]),
        (("run", "paper_scale/d"), ["plain", "paper_scale/dpr"]),
    ],
)
def test_names_are_completed(words: tuple[str, ...], expected: list[str]) -> None:
    assert expected in offered(*words)


def test_files_are_offered_where_no_name_fits() -> None:
    assert offered("compare", "my-ru") == [["file", "my-ru"]]
    assert offered("compare", "bm25", "char_ngrams", "--measure", "x") == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [("evidense compare bm", "bm25"), ("evidense list da", "datasets"), ("evidense run mini", "minilm")],
)
def test_bash_itself_gets_the_names(words: str, expected: str, tmp_path: Path) -> None:
    """The script of the shell runs, as after TAB: an answer that it forgets is no answer."""
    program = tmp_path / "evidense"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m evidense \"$@\"\n")
    program.chmod(0o755)
    asked = f"""
        eval "$(_EVIDENSE_COMPLETE=bash_source evidense)"
        COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); _evidense_completion evidense; echo "${{COMPREPLY[@]}}"
    """
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", asked], env=env, capture_output=True, text=True, timeout=60)
    assert expected in done.stdout.split(), done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_for_each_shell_gives_its_script(shell: str) -> None:
    env = os.environ | {"_EVIDENSE_COMPLETE": f"{shell}_source"}
    program = "from evidense.cli.main import main; main([])"
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60)
    assert (done.stderr, "_evidense_completion" in done.stdout) == ("", True)
