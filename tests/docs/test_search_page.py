"""The page on searches: its files and its commands, in an empty folder."""

import json
import re
import shlex
from pathlib import Path

import pytest

from docs.pages import read, write_files
from evidense.cli.main import main

pytest.importorskip("bibtexparser")
pytest.importorskip("rapidfuzz")
PAGE = "docs/search.md"


def test_the_commands_of_the_page_on_searches_do_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(PAGE, tmp_path)
    blocks = re.findall(r"^```bash\n(.*?)^```$", read(PAGE), re.MULTILINE | re.DOTALL)
    said, flows = [], []
    for line in (line for block in blocks for line in block.splitlines() if line.startswith("evidense search")):
        with pytest.raises(SystemExit) as stop:
            main(shlex.split(line)[1:])
        said.append(capsys.readouterr().out)
        assert stop.value.code == 0, said[-1]
        flows.append(json.loads((tmp_path / "search/prisma.json").read_text()))
    assert "2 of 5 works pass screening; 1 waits for a person." in said[0]
    assert flows[0]["duplicates_removed"] == 1
    assert flows[0]["excluded_automatically"]["by_reason"] == {"year < 2015": 1}
    assert flows[0]["excluded"]["automation"] == {"not about harm": 1}
    assert flows[1]["excluded"]["person"] == {"an opinion": 1}
    assert flows[1]["passed"] == {"total": 1, "automation": 0, "person": 1}
    assert (tmp_path / "search/references.bib").read_text().count("@") == 1
    html = (tmp_path / "search/report.html").read_text()
    assert all(name in html for name in ("prisma.json", "plan.json", "works.json", "to_screen.csv", "<svg"))
