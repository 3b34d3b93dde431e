"""The whole files of the 'add a …' pages work as they stand: found, listed, kept to their contract, used."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import ROOT, commands, fenced, whole_files
from overlay import Overlay

PAGES = {"datasets": "docs/add-a-dataset.md", "encoders": "docs/add-an-encoder.md", "claims": "docs/add-a-claim.md"}


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    made = Overlay(tmp_path_factory.mktemp("overlay"))
    for page in PAGES.values():
        for file in whole_files(page):
            made.add(file.path.removeprefix("src/evidense/"), file.text)
    exec(fenced("docs/tutorial.md", "python")[0].replace('open("', f'open("{made.folder}/'), {})  # writes pairs.csv
    return made


@pytest.mark.parametrize("shelf", PAGES)
def test_the_page_has_one_whole_file_for_its_shelf_and_it_is_clean(shelf: str, tmp_path: Path) -> None:
    (file,) = whole_files(PAGES[shelf])
    assert file.path.startswith(f"src/evidense/{shelf}/")
    assert not (ROOT / file.path).exists(), "the page shows a part that ships; show another"
    config = ["--config", str(ROOT / "pyproject.toml"), "--stdin-filename", file.path, "-"]
    for command in (["check", *config], ["format", "--diff", *config]):
        done = subprocess.run(
            [Path(sys.executable).with_name("ruff"), *command],
            input=file.text,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("shelf", PAGES)
def test_one_file_is_enough_to_be_listed(shelf: str, overlay: Overlay) -> None:
    (file,) = whole_files(PAGES[shelf])
    done = overlay.run("-m", "evidense", "list", shelf)
    assert done.returncode == 0, done.stderr
    assert Path(file.path).stem in done.stdout


@pytest.mark.parametrize("shelf", PAGES)
def test_every_command_of_the_page_runs(shelf: str, overlay: Overlay) -> None:
    for program, *words in commands(PAGES[shelf]):
        assert program == "evidense"
        done = overlay.run("-m", "evidense", *words)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        if words[0] == "compare":
            assert Path(overlay.folder, done.stdout.strip().splitlines()[-1].split()[-1]).is_file(), (
                "the last line is the page"
            )


@pytest.mark.parametrize("shelf", PAGES)
def test_the_whole_file_passes_the_contract_tests_of_its_shelf(shelf: str, overlay: Overlay) -> None:
    name = Path(whole_files(PAGES[shelf])[0].path).stem
    done = overlay.run(
        "-m", "pytest", str(ROOT / "tests" / "contracts"), "-k", name, "-p", "no:cacheprovider", cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout, done.stdout
