"""The whole file of 'add an objective' works as it stands: clean, listed and kept to the contract."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import ROOT, commands, whole_files
from overlay import Overlay

PAGE = "docs/add-an-objective.md"


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    made = Overlay(tmp_path_factory.mktemp("overlay"))
    (file,) = whole_files(PAGE)
    made.add(file.path.removeprefix("src/evidense/"), file.text)
    return made


def test_the_page_shows_one_clean_file_that_does_not_ship() -> None:
    (file,) = whole_files(PAGE)
    assert file.path.startswith("src/evidense/objectives/")
    assert not (ROOT / file.path).exists()
    config = ["--config", str(ROOT / "pyproject.toml"), "--stdin-filename", file.path, "-"]
    for command in (["check", *config], ["format", "--diff", *config]):
        ruff = [Path(sys.executable).with_name("ruff"), *command]
        done = subprocess.run(ruff, input=file.text, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_passes_the_contract_test_of_its_shelf(overlay: Overlay) -> None:
    contract = str(ROOT / "tests" / "contracts" / "test_objectives.py")
    done = overlay.run("-m", "pytest", contract, "-k", "hardest", "-p", "no:cacheprovider", "-vv", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[hardest] PASSED" in done.stdout


def test_every_command_of_the_page_runs(overlay: Overlay) -> None:
    (listed,) = commands(PAGE)
    done = overlay.run("-m", "evidense", *listed[1:])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hardest" in done.stdout
