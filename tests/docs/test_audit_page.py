"""The page on audits: its files and its commands, in an empty folder."""

import re
import shlex
from pathlib import Path

import pytest

from docs.pages import read, write_files
from evidense.cli.main import main

PAGE = "docs/audit.md"


def test_the_commands_of_the_page_on_audits_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(PAGE, tmp_path)
    block = next(
        text
        for text in re.findall(r"^```bash\n(.*?)^```$", read(PAGE), re.MULTILINE | re.DOTALL)
        if "evidense audit" in text
    )
    said = []
    for line in block.splitlines():
        expected = int(found[1]) if (found := re.search(r"# exits with (\d)", line)) else 0
        with pytest.raises(SystemExit) as stop:
            main(shlex.split(line, comments=True)[1:])
        said.append(capsys.readouterr().out)
        assert stop.value.code == expected, said[-1]
    assert "2 to correct" in said[0]
    assert "OTHER WORK" in said[0]
    assert "year 2014 → 2017" in " ".join(said[0].split())
    assert "gate: FAIL" in said[1]
    html = (tmp_path / "audit/report.html").read_text()
    assert all(name in html for name in ("audit.json", "references.csv", "audit.sarif"))
    assert "year = {2017}" in (tmp_path / "audit/corrected.bib").read_text()
