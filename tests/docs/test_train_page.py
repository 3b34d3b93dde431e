"""The page on training, executed in its order in an empty folder, in this process: torch is imported once."""

import re
import shlex
from pathlib import Path

import pytest

from docs.pages import read
from evidense.cli.main import main

BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_command_of_the_page_on_training_does_what_it_says(
    tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    said = {}
    for language, text in BLOCK.findall(read("docs/train.md")):
        if language == "python":
            exec(compile(text, "docs/train.md", "exec"), {})
            continue
        for line in text.splitlines():
            expected = int(found[1]) if (found := re.search(r"# exits with (\d)", line)) else 0
            with pytest.raises(SystemExit) as stop:
                main(shlex.split(line, comments=True)[1:])
            said[line] = capsys.readouterr()
            assert stop.value.code == expected, f"{line}\n{said[line].out}{said[line].err}"
    trained = {line: done.out.splitlines()[-1] for line, done in said.items() if "evidense train" in line and done.out}
    assert [last for line, last in trained.items() if "--out" in line] == ["pretrained", "tuned"]
    refused = next(done.err for line, done in said.items() if "--steps 25" in line)
    assert "n_steps was 20, is 25" in refused
    for name in ("pretrained", "tuned"):
        assert (tmp_path / name / "recipe.json").is_file()
        assert (tmp_path / name / "modules.json").is_file()
    assert (tmp_path / "page" / "report.html").is_file()
