"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


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
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a store of its own."""
    root = tmp_path / "store"
    monkeypatch.setenv("EVIDENSE_STORE", str(root))
    return root
