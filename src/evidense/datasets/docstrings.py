"""Docstring summary → function body, from the standard library of the running interpreter."""

import ast
import gc
import os
import platform
import re
import sysconfig
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.pairing import Pairing
from evidense.reading.splits import only_split
from evidense.values import Collection, Item, Provenance, build

Function = ast.FunctionDef | ast.AsyncFunctionDef
_LEFT_OUT = {"test", "tests", "idle_test", "__pycache__", "site-packages", "dist-packages"}
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")


class Docstrings:
    """`docstrings[@split]`, without tests. The canonical name tells the library, as in `docstrings/cpython-3.11.7`.

    The query is the first sentence of a docstring, the document is the body of its function without the docstring. Functions that do
    nothing are left out. The group is the module; the column `block` is the package.
    `docstrings/site-packages` reads the installed packages instead, which differ on every machine.
    """

    name = "docstrings"
    spellings: tuple[str, ...] = ("docstrings", "docstrings@test", "docstrings/site-packages")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is `docstrings`, with or without a library."""
        head = DatasetSpelling.parse(spelling).head
        return head == "docstrings" or head.startswith("docstrings/")

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Parse every module and read its functions.

        Raises:
            InvalidInput: the spelling names the library of another interpreter.
        """
        spelled = DatasetSpelling.parse(spelling or "docstrings")
        spelled.refuse_direction("docstrings go from text to text")
        library = spelled.head.partition("/")[2] or _here()
        if library not in (_here(), "site-packages"):
            raise InvalidInput(
                f"'{spelled.head}' is not the library of this interpreter; expected docstrings/{_here()} or "
                "docstrings/site-packages; write 'docstrings', or start Evidense with that Python"
            )
        root = Path(sysconfig.get_path("purelib" if library == "site-packages" else "stdlib"))
        pairing = Pairing(f"docstrings/{library}", join_groups=False)
        for function in _functions(root) if library == "site-packages" else _standard_library(root):
            module = function.module
            columns = {"block": module.partition(".")[0]}
            query_id = pairing.query(Item("", function.summary), module, group=module, columns=columns)
            document = Item(f"{module}:{function.qualname}", function.body)
            pairing.judge(query_id, pairing.document(document, module, group=module), 1)
        return (only_split(build(pairing.draft(pairing.subject, _provenance(library))), spelled.split),)


def _here() -> str:
    return f"{platform.python_implementation().lower()}-{platform.python_version()}"


def _provenance(library: str) -> Provenance:
    is_stdlib = library != "site-packages"
    return Provenance(
        licence="PSF-2.0" if is_stdlib else "that of each installed package",
        source=f"standard library of {library}" if is_stdlib else f"packages installed for {_here()}",
        contamination="CodeSearchNet (docstrings of public Python code) is in all-MiniLM's training mix: partly in-domain "
        "for it",
        labels="structural: docstring and body of one function",
        is_user_data=False,
    )


@dataclass(frozen=True)
class _Documented:
    """A function with a docstring."""

    module: str
    qualname: str
    """With #2, #3 … from the second definition of one name in a module on."""
    summary: str
    body: str


@cache
def _standard_library(root: Path) -> tuple[_Documented, ...]:
    """Return the functions of the standard library, parsed once: training on one split and testing on another opens it again."""
    return tuple(_functions(root))


def _functions(root: Path) -> Iterator[_Documented]:
    """Yield every documented function, in order of path and line."""
    with _no_collector():
        for path in _modules(root):
            raw = path.read_bytes()
            if not _may_document(raw):
                continue
            try:
                tree, lines = ast.parse(raw), raw.decode("utf-8").splitlines(keepends=True)
            except (SyntaxError, ValueError):
                continue
            module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            n_definitions: Counter[str] = Counter()
            for qualname, node in _definitions(tree.body, ""):
                pair = _pair(node, lines)
                if pair:
                    n_definitions[qualname] += 1
                    number = f"#{n_definitions[qualname]}" if n_definitions[qualname] > 1 else ""
                    yield _Documented(module, qualname + number, *pair)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Pause the garbage collector, which would take a third of the time: syntax trees are millions of objects without cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _modules(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - _LEFT_OUT)
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _may_document(raw: bytes) -> bool:
    return b"def " in raw and (
        b'"""' in raw or b"'''" in raw or re.search(rb":[^\n]*\n\s*[rRuU]?[\"']", raw) is not None
    )


def _definitions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Function]]:
    for node in body:
        if not hasattr(node, "body"):  # most statements hold no others
            continue
        if isinstance(node, Function):
            yield prefix + node.name, node
        inner = f"{prefix}{node.name}." if isinstance(node, Function | ast.ClassDef) else prefix
        for part in ("body", "orelse", "finalbody"):
            yield from _definitions(getattr(node, part, []), inner)
        for handler in getattr(node, "handlers", []):
            yield from _definitions(handler.body, inner)


def _pair(node: Function, lines: list[str]) -> tuple[str, str] | None:
    """Return (summary, body); None if either is missing."""
    docstring = ast.get_docstring(node)
    statements = [statement for statement in node.body[1:] if not isinstance(statement, ast.Pass)]
    if not docstring or not statements or (len(statements) == 1 and isinstance(statements[0], ast.Raise)):
        return None
    paragraph = " ".join(re.split(r"\n\s*\n", docstring.strip(), maxsplit=1)[0].split())
    body = textwrap.dedent("".join(lines[node.body[0].end_lineno or 0 : node.end_lineno])).strip("\n")
    return (_SENTENCE_END.split(paragraph, maxsplit=1)[0], body) if paragraph and body.strip() else None


PART = Docstrings()
