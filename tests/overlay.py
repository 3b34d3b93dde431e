"""A copy of the package with further files on its shelves: what somebody has who adds a part."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import evidense

ROOT = Path(__file__).resolve().parents[1]


class Overlay:
    """The package copied to a folder of its own; new files join it, programs run with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(
            Path(evidense.__file__).parent, folder / "evidense", ignore=shutil.ignore_patterns("__pycache__")
        )

    def add(self, path: str, text: str) -> None:
        """Write one file of the package, as `datasets/mine.py`."""
        (self.folder / "evidense" / path).write_text(text, encoding="utf-8")

    @property
    def path(self) -> str:
        """PYTHONPATH with this copy in front."""
        return os.pathsep.join([str(self.folder), str(ROOT / "tests")])

    def run(self, *argv: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run `python ARGV…` with this copy in front."""
        env = {**os.environ, "PYTHONPATH": self.path}
        return subprocess.run(
            [sys.executable, *argv], env=env, cwd=cwd or self.folder, capture_output=True, text=True, timeout=120
        )
