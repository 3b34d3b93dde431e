"""What the command line prints: in any locale, with nothing raw from a file, and never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from warm.client import Warm

PAIRS = "query,document\n" + "".join(f"word {n} of the query,the document that word {n} means\n" for n in range(24))
RAW = ("\x1b", "\x07", "\u202e", "\x9b")


def run_cold(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evidense", *words],
        cwd=cwd, env={**os.environ, **variables}, capture_output=True, timeout=120, encoding="latin-1",
    )  # fmt: skip


@pytest.fixture
def pairs(tmp_path: Path, own_store: Path) -> Path:
    (tmp_path / "p.csv").write_text(PAIRS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
)
def test_symbols_are_replaced_by_ascii_if_the_stream_cannot_encode_them(
    pairs: Path, variables: dict[str, str], warm: Warm
) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        is_of_locale = "LC_ALL" in variables  # which Python reads when it starts
        return run_cold(*words, cwd=pairs, **variables) if is_of_locale else warm.run(words, pairs, **variables)

    words = ("compare", "bm25", "char_ngrams", "--on", "p.csv", "--depth", "10", "--gate", "no-harm")
    done = run(*words)
    assert done.returncode in (0, 1), done.stderr
    assert "bm25: 1.000" in done.stdout
    if "LC_ALL" in variables:
        assert (done.stdout + done.stderr).isascii()
    assert "UnicodeEncodeError" not in done.stderr
    refused = run("compare", "bm25", "模型", "--on", "p.csv")
    assert refused.returncode == 2
    assert (
        "unknown system" in refused.stderr or "'systems[1]' is" in refused.stderr
    )  # bytes that are no text in this locale


def test_a_usage_error_and_a_help_page_print_in_ascii(pairs: Path, warm: Warm) -> None:
    refused = warm.run(("compare", "bm25", "char_ngrams", "--gäte"), pairs, PYTHONIOENCODING="ascii")
    assert refused.returncode == 2
    assert r"g\xe4te" in refused.stderr
    assert "A,B,..." in warm.run(("compare", "--help"), pairs, PYTHONIOENCODING="ascii").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "bm25", "\x1b[31mred", "--on", "p.csv"),
        ("compare", "bm25", "bm25@label=\x1b[31mred\u202e", "--on", "p.csv"),
        ("compare", "bm25", "char_ngrams", "--on", "\x1b[31m.csv"),
        ("compare", "bm25", "char_ngrams", "--on", "p.csv", "--slice", "\x1b]0;x\x07"),
        ("compare", "bm25", "char_ngrams", "--on", "p.csv", "--out", "o\x1b[31m"),
        ("compare", "bm25", "char_ngrams", "--on", "p.csv", "--gate", "\x1b[31m"),
        ("\x1b[31mcompare",),
    ],
)
def test_no_escape_sequence_reaches_the_terminal(pairs: Path, words: tuple[str, ...], warm: Warm) -> None:
    done = warm.run(words, pairs)
    printed = done.stdout + done.stderr
    assert not [sign for sign in RAW if sign in printed]
    assert "␛" in printed or r"\x1b" in printed


def test_a_closed_pipe_does_not_stop_the_command(pairs: Path) -> None:
    line = (
        f"{sys.executable} -m evidense compare bm25 char_ngrams --on p.csv --out page | true; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", line], cwd=pairs, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "0"
    assert done.stderr == ""
    assert (pairs / "page" / "report.html").is_file()


def test_a_full_device_is_reported_with_exit_code_2(pairs: Path) -> None:
    line = f"{sys.executable} -m evidense list > /dev/full"
    done = subprocess.run(["bash", "-c", line], cwd=pairs, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


FAULT = """
import evidense.cli.list_ as listing
from evidense.cli.main import main
def fails(shelf): [][1]
listing.command.callback = fails
main(["list"])
"""


def test_an_unforeseen_error_is_one_sentence_with_exit_code_2(tmp_path: Path, warm: Warm) -> None:
    done = warm.run([], tmp_path, code=FAULT, TMPDIR=str(tmp_path))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "IndexError: list index out of range. This is a fault of Evidense" in done.stderr
    (saved,) = tmp_path.glob("evidense-traceback-*.txt")
    assert str(saved) in done.stderr
    assert "in fails" in saved.read_text()
    shown = warm.run([], tmp_path, code=FAULT, TMPDIR=str(tmp_path), EVIDENSE_TRACEBACK="1")
    assert shown.returncode == 2
    assert "in fails" in shown.stderr
