"""The whole files of the 'add a …' pages work as they stand: found, listed, kept to their contract, used."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.pages import ROOT, commands, fenced, whole_files
from overlay import Overlay
from warm.client import Warm, warm_commands

PAGES = {
    "docs/add-a-dataset.md": "datasets",
    "docs/add-an-encoder.md": "encoders",
    "docs/add-a-ranker.md": "rankers",
    "docs/add-an-objective.md": "objectives",
    "docs/add-an-analysis.md": "analyses",
    "docs/add-a-claim.md": "claims",
    "docs/add-a-literature-claim.md": "claims",
    "docs/add-a-source.md": "sources",
    "docs/add-a-reader.md": "readers",
    "docs/add-an-entailer.md": "entailers",
    "docs/add-a-reviewer.md": "reviewers",
}
"""Page → the shelf of its whole file."""


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    made = Overlay(tmp_path_factory.mktemp("overlay"))
    for page in PAGES:
        for file in whole_files(page):
            made.add(file.path.removeprefix("src/evidense/"), file.text)
    exec(fenced("docs/tutorial.md", "python")[0].replace('open("', f'open("{made.folder}/'), {})  # writes pairs.csv
    return made


@pytest.fixture(scope="module")
def with_overlay(overlay: Overlay) -> Iterator[Warm]:
    """Start commands that know the files of the pages."""
    with warm_commands(overlay.path) as commands_of_overlay:
        yield commands_of_overlay


@pytest.mark.parametrize("page", PAGES)
def test_the_page_has_one_whole_file_for_its_shelf_and_it_is_clean(page: str) -> None:
    (file,) = whole_files(page)
    assert file.path.startswith(f"src/evidense/{PAGES[page]}/")
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


def test_one_file_is_enough_to_be_listed(overlay: Overlay, with_overlay: Warm) -> None:
    done = with_overlay.run(["list"], overlay.folder)
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert {Path(whole_files(page)[0].path).stem for page in PAGES} <= listed


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_runs(page: str, overlay: Overlay, with_overlay: Warm) -> None:
    for program, *words in commands(page):
        assert program == "evidense"
        done = with_overlay.run(words, overlay.folder)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        if words[0] in ("compare", "dissect"):
            assert page_of(overlay, done).is_file(), "the last line is the page"
        if "--analysis" in words and "lengths" in words:
            assert_words_are_on(page_of(overlay, done).read_text(encoding="utf-8"))
        if "--published" in words:
            html = page_of(overlay, done).read_text(encoding="utf-8")
            assert "L1" in html
            assert "the last layer tells relevant passages apart better than before" in html


def page_of(overlay: Overlay, done: subprocess.CompletedProcess[str]) -> Path:
    return Path(overlay.folder, done.stdout.strip().splitlines()[-1].split()[-1])


def assert_words_are_on(html: str) -> None:
    """The page says of the new analysis what its file brings: title, question, caveat, figures, and its sentence in the answer."""
    for words in (
        "<h3>How long the states are</h3>",
        "The mean Euclidean length of the queries",
        "The length of a state has no meaning",
        "Longer states are not better ones.",
        "What one encoder has more of than the other; 0 is no change. Longer states are not better ones.",
        "states changed their length in layer",
    ):
        assert words in html


def test_the_whole_files_pass_the_contract_tests_of_their_shelves(with_overlay: Warm) -> None:
    names = [Path(whole_files(page)[0].path).stem for page in PAGES]
    contracts = str(ROOT / "tests" / "contracts")
    words = [contracts, "-k", " or ".join(names), "-p", "no:cacheprovider", "-vv"]
    done = with_overlay.run(words, ROOT, code="import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in names:
        assert re.search(rf"\[.*{name}\] PASSED", done.stdout), f"no contract test took {name}"
