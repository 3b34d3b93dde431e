"""How the tests of pages type commands."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs.pages import PYTHON
from warm.client import Warm

Done = subprocess.CompletedProcess[str]


class Typed:
    """Types commands as a reader does: in a process each, which starts warm where the interpreter is that of the tests."""

    def __init__(self, warm: Warm | None, python: str = PYTHON) -> None:
        self._warm = warm
        self._python = python

    def evidense(self, words: list[str], folder: Path) -> Done:
        """Type `evidense WORDS`."""
        return self._warm.run(words, folder) if self._warm else self._cold(["-m", "evidense", *words], folder)

    def python(self, code: str, folder: Path) -> Done:
        """Run a block of Python."""
        return self._warm.run([], folder, code=code) if self._warm else self._cold(["-c", code], folder)

    def _cold(self, words: list[str], folder: Path) -> Done:
        return subprocess.run([self._python, *words], cwd=folder, capture_output=True, text=True, timeout=240)


@pytest.fixture
def typed(request: pytest.FixtureRequest) -> Typed:
    """Type commands with the interpreter that the pages are tested with."""
    return Typed(request.getfixturevalue("warm") if sys.executable == PYTHON else None)
