"""The bench is run by hand: what it imports from Evidense must be there all the same."""

import ast
import pkgutil
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.parametrize("path", sorted(BENCH.rglob("*.py")), ids=lambda path: path.relative_to(BENCH).as_posix())
def test_everything_that_the_bench_imports_from_evidense_is_there(path: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if node.module and node.module.split(".")[0] == "evidense"]
    missing = [
        f"{node.module}.{name.name}"
        for node in ours
        for name in node.names
        if not _is_there(node.module or "", name.name)
    ]
    assert not missing


def _is_there(module: str, name: str) -> bool:
    try:
        pkgutil.resolve_name(f"{module}.{name}")
    except (ImportError, AttributeError):
        return False
    return True
