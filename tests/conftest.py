"""Fixtures that every test may use."""

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import pytest

import shapes
from report import browser as chromium_browser
from warm.client import Warm, warm_commands
from warm.server import stay_in_memory

if os.environ.get("EVIDENSE_SHAPES"):  # make check sets it: the checks make array code several times slower
    jaxtyping.install_import_hook(shapes.ROOMS, "shapes.checked")
gc.set_threshold(
    50_000, 20, 1_000
)  # torch and whole collections stay in memory: walking them all took a third of the time
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.fsync = stay_in_memory
_NUMBERS = itertools.count()


def pytest_collection_finish() -> None:
    """Leave what collection made out of every later garbage collection: it stays to the end."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Leave everything out of the ten collections that pytest ends with."""
    gc.freeze()


def _find_shared_data() -> Path | None:
    for parent in Path(__file__).resolve().parents:
        candidate = parent / "shared" / "data"
        if candidate.is_dir():
            return candidate
    return None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real collections beside the checkout; tests that need it skip where it is absent."""
    found = _find_shared_data()
    if found is None:
        pytest.skip("shared/data (SciFact and others) does not lie beside this checkout")
    return found


@pytest.fixture(autouse=True)
def own_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give each test a store of its own; a folder is made only for a test that asks for one."""
    has_folder = "tmp_path" in request.fixturenames
    parent = request.getfixturevalue("tmp_path") if has_folder else tmp_path_factory.getbasetemp()
    root: Path = parent / ("store" if has_folder else f"store-{next(_NUMBERS)}")
    monkeypatch.setenv("EVIDENSE_STORE", str(root))
    return root


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Start commands in processes of their own that have everything imported."""
    with warm_commands() as commands:
        yield commands


@pytest.fixture
def shapes_unchecked() -> Iterator[None]:
    """Let wrong shapes through to our own refusal, which users meet: they run without the checks of the tests."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def browser() -> Iterator[chromium_browser.Browser]:
    """A headless Chromium; skips where none is installed."""
    program = chromium_browser.chromium()
    if program is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    with chromium_browser.launched(program) as launched:
        yield launched
