"""Code runs only when asked: a study, a page or a folder that somebody sent brings none to life."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import evidense as ev
from evidense.errors import UnsafeInput
from warm.client import Warm

EVIL = """
from pathlib import Path
Path("it-ran").write_text("")
def f(texts):
    return [[len(text), 1.0] for text in texts]
"""
STUDY = """
name = "mailed"
question = "?"
systems = ["bm25", "python:evil:f"]
collections = ["p.csv"]
"""
ARMS = """
name = "arms"
question = "?"
systems = ["bm25", "python:evil:f"]
collections = ["p.csv"]
[[dissect]]
systems = ["python:evil:f", "python:evil:f@normalize"]
analyses = ["similarity"]
"""


Evidense = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def evidense(warm: Warm) -> Evidense:
    """Run a command line in a folder."""
    return lambda *words, cwd: warm.run(words, cwd)


@pytest.fixture
def folder(tmp_path: Path, own_store: Path) -> Path:
    rows = "".join(f"word {n} of the query,the document that word {n} means\n" for n in range(24))
    (tmp_path / "p.csv").write_text(f"query,document\n{rows}", encoding="utf-8")
    (tmp_path / "evil.py").write_text(EVIL)
    (tmp_path / "s.toml").write_text(STUDY)
    (tmp_path / "inside.toml").write_text(ARMS)
    return tmp_path


@pytest.fixture
def page(folder: Path, evidense: Evidense) -> Path:
    done = evidense("run", "s.toml", "--allow-code", "--out", ".", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "it-ran").unlink()
    return folder


def test_replay_runs_the_code_of_a_page_only_if_allowed(page: Path, evidense: Evidense) -> None:
    refused = evidense("replay", ".", cwd=page)
    assert refused.returncode == 2
    assert "'python:evil:f' would run evil.py" in refused.stderr
    assert not (page / "it-ran").exists()
    allowed = evidense("replay", ".", "--allow-code", cwd=page)
    assert allowed.returncode == 0, allowed.stderr
    assert "byte for byte" in allowed.stdout
    assert (page / "it-ran").exists()


@pytest.mark.parametrize("study", ["s.toml", "inside.toml"])
def test_run_runs_the_code_of_a_study_file_only_if_allowed(folder: Path, study: str, evidense: Evidense) -> None:
    refused = evidense("run", study, cwd=folder)
    assert refused.returncode == 2
    assert "evil.py" in refused.stderr
    assert not (folder / "it-ran").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "s.toml"),
        ("run", "s.toml", "--allow-code"),
        ("run", "inside.toml", "--allow-code"),
        ("compare", "bm25", "python:evil:f", "--on", "p.csv"),
        ("dissect", "python:evil:f", "python:evil:f@normalize", "--on", "p.csv", "--random", "0"),
    ],
)
def test_a_plan_runs_no_code_whoever_names_it(folder: Path, words: tuple[str, ...], evidense: Evidense) -> None:
    done = evidense(*words, "--plan", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "unknown until it runs" in done.stdout
    assert not (folder / "it-ran").exists()


def test_code_named_on_the_command_line_runs(folder: Path, evidense: Evidense) -> None:
    done = evidense("compare", "bm25", "python:evil:f", "--on", "p.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "it-ran").exists()


def test_the_api_runs_code_named_in_the_call_and_refuses_code_named_in_a_study(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = list(sys.path)
    with pytest.raises(UnsafeInput, match="evil"):
        ev.run("s.toml")
    assert not (folder / "it-ran").exists()
    assert ev.compare("bm25", "python:evil:f", on="p.csv").verdicts
    assert ev.run("s.toml", allow_code=True).verdicts
    assert sys.path == before


def test_a_file_of_the_working_folder_never_shadows_a_library(folder: Path) -> None:
    """The process starts cold: it imports all of them."""
    for name in ("numpy", "json", "torch", "pydantic", "pickle", "signal", "socket", "random"):
        (folder / f"{name}.py").write_text(EVIL)
    words = ("compare", "bm25", "char_ngrams", "--on", "p.csv")
    done = subprocess.run([sys.executable, "-m", "evidense", *words], cwd=folder, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not (folder / "it-ran").exists()


def test_a_worker_imports_no_module_from_the_working_folder(folder: Path) -> None:
    for name in ("pickle", "socket", "random", "threading", "tempfile"):
        (folder / f"{name}.py").write_text(EVIL)
    program = (
        "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]\n"
        "import os; from pathlib import Path; from evidense.study.runners.local import local_runner; from evidense.study.runners.tasks import Task\n"
        "with local_runner(1, 'store') as runner:\n"
        "    print(dict(runner.run([Task('one', lambda _: (os.getcwd, ()))])))\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not (folder / "it-ran").exists()


def test_a_name_without_python_prefix_is_never_imported(folder: Path, evidense: Evidense) -> None:
    for words in (
        ("bm25", "evil", "--on", "p.csv"),
        ("bm25", "char_ngrams", "--on", "evil"),
        ("bm25", "pip:evil/x", "--on", "p.csv"),
    ):
        assert evidense("compare", *words, cwd=folder).returncode == 2
        assert not (folder / "it-ran").exists()


def test_a_function_can_import_modules_beside_its_file(folder: Path, evidense: Evidense) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text("")
    (folder / "mine" / "model.py").write_text(
        "from mine.parts import size\ndef f(texts):\n    import helper\n    return [[size(t), helper.one] for t in texts]\n"
    )
    (folder / "mine" / "parts.py").write_text("size = len\n")
    (folder / "helper.py").write_text("one = 1.0\n")
    done = evidense("compare", "bm25", "python:mine.model:f", "--on", "p.csv", cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("os:getcwd", "raised TypeError"),
        ("json:loads", "raised TypeError"),
        ("subprocess:run", "raised FileNotFoundError"),
        ("sys:exit", "raised SystemExit"),
        ("os:nothing", "cannot be imported"),
        ("no.such:f", "cannot be imported"),
        ("broken:f", "SyntaxError"),
        ("quits:f", "SystemExit"),
        ("evil", "names no function"),
    ],
)
def test_a_function_that_is_no_encoder_gives_one_error(
    folder: Path, function: str, said: str, evidense: Evidense
) -> None:
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "quits.py").write_text("import sys\nsys.exit(1)\n")
    done = evidense("compare", "bm25", f"python:{function}", "--on", "p.csv", cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
