"""The package's own source files, read once for the tests of this folder."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "evidense"
SHELVES = (
    "datasets",
    "encoders",
    "rankers",
    "objectives",
    "analyses",
    "claims",
    "sources",
    "readers",
    "entailers",
    "reviewers",
)


class Source(NamedTuple):
    """One file with its parsed text."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Return the dotted name, as `evidense.stats.rule`."""
        return dotted(self.path)


class Function(NamedTuple):
    """One function or method, with its dotted name and whether everything on the way to it is public."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    is_method: bool
    is_public: bool

    @property
    def n_lines(self) -> int:
        """Count the lines of the body, the docstring left out."""
        first, last = self.node.body[0], self.node.end_lineno
        begin = first.end_lineno + 1 if ast.get_docstring(self.node) is not None else first.lineno
        return last - begin + 1

    @property
    def n_parameters(self) -> int:
        """Count the parameters, `self` and `cls` left out."""
        given = self.node.args
        named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        return len([a for i, a in enumerate(named) if not (i == 0 and self.is_method and a.arg in {"self", "cls"})])


@cache
def sources() -> list[Source]:
    """Return every Python file of the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Source(path, text, ast.parse(text)))
    return found


def functions(source: Source) -> Iterator[Function]:
    """Yield every function of a file, nested ones and methods included."""

    def walk(node: ast.AST, prefix: str, is_public: bool, in_class: bool) -> Iterator[Function]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                public = is_public and not child.name.startswith("_")
                yield Function(f"{prefix}.{child.name}", child, in_class, public)
                yield from walk(child, f"{prefix}.{child.name}", False, False)
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}.{child.name}", is_public and not child.name.startswith("_"), True)
            else:
                yield from walk(child, prefix, is_public, in_class)

    yield from walk(source.tree, source.module, True, False)


def parts() -> list[Source]:
    """Return the files on the shelves that are parts."""
    return [s for s in sources() if _is_part(s.path)]


def part_modules() -> list[str]:
    """Return the dotted names of the parts, without reading them: every process of a run needs these."""
    return [dotted(path) for path in sorted(PACKAGE.rglob("*.py")) if _is_part(path)]


def _is_part(path: Path) -> bool:
    return path.relative_to(PACKAGE).parts[0] in SHELVES and not path.name.startswith("_")


def dotted(path: Path) -> str:
    """Return the dotted name of a file, as `evidense.stats.rule`."""
    names = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


@cache
def imported(source: Source) -> Sequence[tuple[str, bool]]:
    """Return (module, whether it is imported when the file is) for every import of a file; TYPE_CHECKING blocks are left out."""

    def walk(node: ast.AST, at_import: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from ((alias.name, at_import) for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                yield child.module, at_import
                yield from ((f"{child.module}.{alias.name}", at_import) for alias in child.names)
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, at_import and not inside)

    return list(walk(source.tree, True))
