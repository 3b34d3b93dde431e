"""The page on the report that this project starts from: its commands print its table, and its question has no answer there."""

import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from docs.pages import fenced, read, write_files
from evidense.cli.main import main
from evidense.published.claim_verdicts import shipped

pytest.importorskip("rapidfuzz")
PAGE = "docs/seed-report.md"


def test_the_commands_of_the_page_print_its_table_and_find_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(PAGE, tmp_path)
    said = []
    for line in fenced(PAGE, "bash")[0].splitlines():
        with pytest.raises(SystemExit) as stop:
            main(shlex.split(line)[1:])
        said.append(capsys.readouterr().out)
        assert stop.value.code == 0, said[-1]
    table = fenced(PAGE, "text")[1].splitlines()
    assert len(table) == 7
    assert set(table) <= set(said[0].splitlines())
    assert "NOT ANSWERED: of 3 works none passes screening." in said[1]


def test_its_counts_of_verdicts_are_those_that_ship() -> None:
    told = re.findall(r"\| ((?:(?:HOLDS|FAILS|UNDECIDED) \d+(?:, )?)+) \|$", read(PAGE), re.MULTILINE)
    levels: dict[tuple[str, str], Counter[str]] = {}
    for verdict in shipped():
        if verdict.code in ("S2", "S6"):
            levels.setdefault((verdict.code, verdict.level), Counter())[verdict.verdict] += 1
    assert [{word: int(n) for word, n in (pair.split() for pair in row.split(", "))} for row in told] == [
        dict(counts) for counts in levels.values()
    ]
