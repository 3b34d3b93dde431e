"""The page on checks: its files and its commands, in an empty folder."""

import json
import re
import shlex
from pathlib import Path

import pytest

from docs.pages import read, whole_files
from evidense.cli.main import main

PAGE = "docs/check.md"


def test_the_commands_of_the_page_on_checks_do_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in whole_files(PAGE):
        (tmp_path / file.path).write_text(file.text)
    block = next(re.finditer(r"^```bash\n(.*?)^```$", read(PAGE), re.MULTILINE | re.DOTALL))[1]
    for line in block.splitlines():
        with pytest.raises(SystemExit) as stop:
            main(shlex.split(line)[1:])
        assert stop.value.code == 0
    words = {
        out: [row["verdict"] for row in json.loads((tmp_path / out / "checks.json").read_text())["statements"]]
        for out in ("one", "many")
    }
    assert words == {"one": ["QUALIFIED"], "many": ["SUPPORTED", "NOT SURE"]}
