"""The page on questions: its files and its command, in an empty folder."""

import json
import re
import shlex
from pathlib import Path

import pytest

from docs.pages import read, write_files
from evidense.cli.main import main

pytest.importorskip("bibtexparser")
pytest.importorskip("rapidfuzz")
PAGE = "docs/ask.md"


def test_the_command_of_the_page_on_questions_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(PAGE, tmp_path)
    line = next(re.finditer(r"^```bash\n(.*?)^```$", read(PAGE), re.MULTILINE | re.DOTALL))[1]
    with pytest.raises(SystemExit) as stop:
        main(shlex.split(line)[1:])
    assert stop.value.code == 0
    assert "PARTLY ANSWERED" in capsys.readouterr().out
    report = json.loads((tmp_path / "answer/report.json").read_text())
    said = {row["text"]: row["corroborated"] for row in report["statements"]}
    assert said["Shade lowers the yield of tomatoes by 12 percent."] == "SUPPORTED"
    assert said["Shade keeps tomatoes free of cracks."] == "REFUTED"
    assert [one["why"] for one in report["set_aside"]] == ["reports others"]
    named = re.findall(r"`([a-z_]+\.(?:html|md|json|jsonl|bib|csv))`", read(PAGE))
    assert all(
        (tmp_path / "answer" / name).exists() or (tmp_path / "answer/public_records" / name).exists() for name in named
    )
