"""Small real data for end-to-end tests: docstrings of a few modules of the running interpreter, as a user's own file."""

import csv
import inspect
import statistics
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evidense.cli.main import main

MODULES = (
    "argparse",
    "textwrap",
    "statistics",
    "shutil",
    "pathlib",
    "json.decoder",
    "email.message",
    "random",
    "string",
)
MORE_MODULES = (*MODULES, "zipfile", "tarfile", "logging")


def _pairs(modules: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """(summary, code, module) of every documented function of a few modules."""
    import importlib

    rows = []
    for name in modules:
        module = importlib.import_module(name)
        functions = [m for _, m in inspect.getmembers(module, inspect.isfunction)]
        functions += [
            f
            for _, c in inspect.getmembers(module, inspect.isclass)
            if c.__module__ == name
            for _, f in inspect.getmembers(c, inspect.isfunction)
        ]
        for function in functions:
            doc = inspect.getdoc(function)
            if not doc or function.__module__ != name:
                continue
            code = textwrap.dedent(inspect.getsource(function)).replace(function.__doc__ or "", "")
            rows.append((" ".join(doc.split("\n\n")[0].split()), code, name))
    return sorted(set(rows))


@pytest.fixture(scope="session")
def pairs_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-column CSV with a slice column: what a newcomer brings."""
    return _written(tmp_path_factory.mktemp("data") / "pairs.csv", MODULES)


@pytest.fixture(scope="session")
def more_pairs_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twice as many pairs, sorted by query: its first lines come from more modules."""
    return _written(tmp_path_factory.mktemp("more") / "pairs.csv", MORE_MODULES)


def _written(path: Path, modules: tuple[str, ...]) -> Path:
    rows = _pairs(modules)
    assert statistics.fmean(len(code) for _, code, _ in rows) > 100
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["query", "document", "module"])
        writer.writerows(rows)
    return path


@pytest.fixture
def evidense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command line in an empty folder, as `evidense ARGS`."""
    monkeypatch.chdir(tmp_path)

    def run(*argv: object) -> Result:
        import sys

        words = [str(a) for a in argv]
        monkeypatch.setattr(sys, "argv", ["evidense", *words])
        return CliRunner().invoke(_as_command(), words, catch_exceptions=False)

    return run


def _as_command():
    """Wrap main, which exits by itself, so that the runner sees what a shell sees."""
    import click

    @click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    def run(words: tuple[str, ...]) -> None:
        main(words)

    return run


@pytest.fixture(scope="module")
def first_lines(more_pairs_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Return what makes a file of the first n lines of the pairs, the header among them."""

    def made(n: int) -> Path:
        path = tmp_path_factory.mktemp("few") / "pairs.csv"
        with (
            more_pairs_csv.open(newline="", encoding="utf-8") as file,
            path.open("w", newline="", encoding="utf-8") as few,
        ):
            csv.writer(few).writerows(list(csv.reader(file))[:n])
        return path

    return made
