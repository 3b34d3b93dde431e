"""Valid files that only evidense itself can write: a page, a saved baseline. Made once a process, by the real command."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hostile import tables

PAIRS = tables.as_csv([tables.HEADER, *tables.ROWS])


@cache
def page() -> dict[str, bytes]:
    """Return the files of a page: path in its folder → bytes."""
    return _made(("--out", "page"), "page")


@cache
def baseline() -> bytes:
    """Return a saved baseline of bm25 on p.csv (PAIRS)."""
    return _made(("--out", "page", "--save-baseline", "kept/bm25.baseline.json.gz"), "kept")["bm25.baseline.json.gz"]


def _made(options: Sequence[str], folder: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="evidense-made-") as scratch:
        (Path(scratch) / "p.csv").write_bytes(PAIRS)
        argv = [sys.executable, "-m", "evidense", "compare", "bm25", "char_ngrams", "--on", "p.csv", *options]
        done = subprocess.run(
            argv,
            cwd=scratch,
            env={**os.environ, "EVIDENSE_STORE": f"{scratch}/store"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        made = Path(scratch) / folder
        return {str(path.relative_to(made)): path.read_bytes() for path in sorted(made.rglob("*")) if path.is_file()}
