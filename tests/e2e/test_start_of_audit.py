"""The help of `audit` starts without what only an audit needs."""

import subprocess
import sys

HEAVY = (
    "lxml",
    "httpx",
    "pypdfium2",
    "bibtexparser",
    "rapidfuzz",
    "selectolax",
    "pylatexenc",
    "rispy",
    "torch",
    "numpy",
)
PROGRAM = f"""
import sys
from evidense.cli.main import main
try:
    main(["audit", "--help"])
except SystemExit:
    pass
print("loaded:", *(name for name in {HEAVY!r} if name in sys.modules))
"""


def test_the_help_of_audit_imports_no_library_of_readers_and_sources() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Usage: " in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded:"
