"""Names say what a thing is; whatever is public is described."""

import ast
from collections import defaultdict

import pytest

from architecture.sources import ROOT, functions, part_modules, parts, sources

FORBIDDEN = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "base", "core", "tools", "stuff"}


def test_no_module_is_named_after_nothing() -> None:
    found = [
        s.module for s in sources() if FORBIDDEN & {word for piece in s.module.split(".") for word in piece.split("_")}
    ]
    assert not found, f"modules whose names say nothing: {found}"


def test_no_two_modules_define_a_class_of_one_name() -> None:
    modules = defaultdict(list)
    for s in sources():
        for node in s.tree.body:
            if isinstance(node, ast.ClassDef):
                modules[node.name].append(s.module)
    twice = {name: where for name, where in modules.items() if len(where) > 1}
    assert not twice


def test_every_module_and_public_function_and_class_has_a_docstring() -> None:
    missing = [s.module for s in sources() if not ast.get_docstring(s.tree)]
    missing += [f.name for s in sources() for f in functions(s) if f.is_public and not ast.get_docstring(f.node)]
    for s in sources():
        missing += [
            f"{s.module}.{n.name}"
            for n in s.tree.body
            if isinstance(n, ast.ClassDef) and not n.name.startswith("_") and not ast.get_docstring(n)
        ]
    assert not missing, f"no docstring: {missing}"


def test_every_docstring_begins_with_a_sentence() -> None:
    broken = []
    for s in sources():
        described = [(s.module, s.tree), *((f.name, f.node) for f in functions(s) if f.is_public)]
        for name, node in described:
            first = (ast.get_docstring(node) or "").split("\n\n")[0].strip()
            if first and first[-1] not in ".:?)":
                broken.append(f"{name}: {first.splitlines()[0]!r}")
    assert not broken, "first lines that are no sentence:\n" + "\n".join(broken)


@pytest.mark.parametrize("module", part_modules())
def test_a_part_ends_in_PART_and_bears_its_file_name(module: str) -> None:
    (source,) = (source for source in parts() if source.module == module)
    last = source.tree.body[-1]
    assert isinstance(last, ast.Assign | ast.AnnAssign), f"{source.module} must end in 'PART = …'"
    target = last.targets[0] if isinstance(last, ast.Assign) else last.target
    assert isinstance(target, ast.Name)
    assert target.id == "PART", f"{source.module} must end in 'PART = …'"
    part = __import__(source.module, fromlist=["PART"]).PART
    assert part.name == source.path.stem


def test_no_folder_of_tests_is_a_package_that_could_hide_an_installed_one() -> None:
    found = [str(p.relative_to(ROOT)) for p in (ROOT / "tests").rglob("__init__.py")]
    assert not found, f"remove them (tests/datasets/__init__.py would hide the library 'datasets'): {found}"
