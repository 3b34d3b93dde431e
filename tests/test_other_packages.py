"""Parts that other packages bring by entry points: listed, used, refused in words; nothing of them runs before it is used."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from evidense.parts import SHELVES
from test_registry import DATASET
from warm.client import Warm

Run = Callable[..., subprocess.CompletedProcess[str]]
Install = Callable[..., Run]

LOUD = 'print("imported")\n'
"""What a module says when it is run."""


WITH_THEM = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from evidense.cli.main import main
from evidense.parts.discovery import _entry_points
_entry_points.cache_clear()  # the server knows those of its own path
main(sys.argv[1:])
"""


@pytest.fixture
def install(tmp_path: Path, warm: Warm) -> Install:
    """Install packages as a folder with their metadata on the path; return what runs the command line with them."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return warm.run([str(tmp_path), *words], tmp_path, code=WITH_THEM)

    def install(package: str, entry_points: Mapping[str, str], files: Mapping[str, str]) -> Run:
        (tmp_path / package).mkdir()
        for name, text in {"__init__.py": LOUD, **files}.items():
            (tmp_path / package / name).write_text(text, encoding="utf-8")
        about = tmp_path / f"{package}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
        groups = "".join(f"[evidense.{shelf}]\n{line}\n" for shelf, line in entry_points.items())
        (about / "entry_points.txt").write_text(groups, encoding="utf-8")
        return run

    return install


def dataset(name: str) -> str:
    return DATASET.format(first="Two things", name=name, rule='spelling.endswith(".zzz")')


@pytest.mark.parametrize("shelf", SHELVES)
def test_a_part_of_another_package_is_listed_on_every_shelf_without_being_imported(
    shelf: str, install: Install
) -> None:
    run = install("tiny", {shelf: "theirs = tiny.theirs"}, {"theirs.py": f'"""One of theirs."""\n{LOUD}'})
    done = run("list", shelf)
    assert (done.returncode, done.stderr) == (0, "")
    assert "imported" not in done.stdout
    assert [line.split(maxsplit=1)[1] for line in done.stdout.splitlines() if line.split()[0] == "theirs"] == [
        "One of theirs. From the package tiny."
    ]


def test_a_dataset_of_another_package_is_read_by_its_spelling(install: Install) -> None:
    run = install("tiny", {"datasets": "theirs = tiny.theirs"}, {"theirs.py": dataset("theirs")})
    done = run("compare", "bm25", "char_ngrams", "--on", "x.zzz", "--plan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "x.zzz" in done.stdout


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command said when it refused: one message, no traceback, exit code 2."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_part_whose_name_ships_is_refused_in_words(install: Install) -> None:
    run = install("tiny", {"claims": "helps = tiny.theirs"}, {"theirs.py": '"""Another helps."""'})
    said = refusal(run("list", "claims"))
    assert "the part 'helps' of the shelf claims is brought by Evidense and by the package tiny" in said
    assert "uninstall tiny or rename its entry point" in said


def test_two_packages_with_one_name_are_refused_in_words(install: Install) -> None:
    files = {"theirs.py": '"""Theirs."""'}
    install("tiny", {"rankers": "theirs = tiny.theirs"}, files)
    run = install("other", {"rankers": "theirs = other.theirs"}, files)
    said = refusal(run("list", "rankers"))
    assert "the package tiny" in said
    assert "the package other" in said


def test_a_name_that_no_spelling_could_hold_is_refused_in_words(install: Install) -> None:
    run = install("tiny", {"rankers": "My-Ranker = tiny.theirs"}, {"theirs.py": '"""Theirs."""'})
    assert "'My-Ranker'; expected lower-case letters, digits and underscores" in refusal(run("list", "rankers"))


NO_DATASET = '''"""Theirs."""


class Theirs:
    name = "theirs"


PART = Theirs()
'''


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", "division by zero"),
        ("import a_library_that_nobody_has", "No module named 'a_library_that_nobody_has'"),
        ("def (", "invalid syntax"),
        ('"""Theirs."""', "has no attribute 'PART'"),
        (NO_DATASET, "is no Dataset: it lacks open, recognises, spellings"),
        (dataset("another_name"), "calls itself 'another_name'"),
        (None, "No module named 'tiny.theirs'"),
    ],
)
def test_a_broken_part_is_listed_and_its_use_is_an_error_in_words(
    text: str | None, reason: str, install: Install
) -> None:
    run = install("tiny", {"datasets": "theirs = tiny.theirs"}, {} if text is None else {"theirs.py": text})
    listed = run("list", "datasets")
    assert listed.returncode == 0, listed.stderr
    assert "From the package tiny." in listed.stdout
    said = refusal(run("compare", "bm25", "char_ngrams", "--on", "theirs:x"))
    assert reason in said
    assert "the part 'theirs' of the package tiny" in said
    assert "mend tiny or uninstall it" in said
