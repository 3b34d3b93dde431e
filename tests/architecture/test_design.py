"""docs/design.md says what the code is: its floors are the import contract's, its rooms are the folders."""

import re
import tomllib
from collections import Counter, defaultdict
from graphlib import CycleError, TopologicalSorter
from itertools import groupby

import pytest

from architecture.sources import PACKAGE, ROOT, imported, sources

DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
LARGEST_FOLDER = 20  # files, __init__.py left out


def _block_after(heading: str) -> list[str]:
    """Return the first indented block below a heading."""
    section = DESIGN.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0].splitlines()
    blocks = (list(lines) for is_code, lines in groupby(section, lambda line: line.startswith("    ")) if is_code)
    return [line.strip() for line in next(blocks)]


def _names(text: str) -> set[str]:
    return set(re.findall(r"[a-z_]+", text))


def test_the_floors_of_the_page_are_those_of_the_import_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    in_contract = [_names(layer) for layer in contract["layers"]]
    on_page = [_names(re.split(r"\s{2,}", line)[0]) for line in _block_after("The floors")]
    assert on_page == in_contract


def test_the_rooms_of_the_page_are_the_folders() -> None:
    on_page = {}
    for line in _block_after("The rooms within a floor"):
        floor, *rooms = line.split("/", 1)
        on_page[floor] = _names(" ".join(rooms))
    folders = defaultdict(set)
    for path in PACKAGE.rglob("__init__.py"):
        parts = path.parent.relative_to(PACKAGE).parts
        if len(parts) > 1:
            folders[parts[0]] |= set(parts[1:])
    folders["study"].add("paper_scale")  # files of data
    assert {floor: rooms for floor, rooms in on_page.items() if rooms} == folders


def test_no_folder_holds_more_than_twenty_files() -> None:
    n_files = Counter(source.path.parent for source in sources() if source.path.name != "__init__.py")
    crowded = {str(folder.relative_to(ROOT)): n for folder, n in n_files.items() if n > LARGEST_FOLDER}
    assert not crowded


@pytest.mark.parametrize("floor", sorted(p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"))
def test_rooms_of_one_floor_import_each_other_without_a_circle(floor: str) -> None:
    imports: dict[str, set[str]] = defaultdict(set)
    for source in sources():
        if not source.module.startswith(f"evidense.{floor}.") or source.path.name == "__init__.py":
            continue
        room = source.module.split(".")[2]
        for module, _ in imported(source):
            parts = module.split(".")
            if parts[:2] == ["evidense", floor] and len(parts) > 2 and parts[2] != room and _exists(floor, parts[2]):
                imports[room].add(parts[2])
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def _exists(floor: str, name: str) -> bool:
    """Say whether a floor has this module or room; other names are imported from its door."""
    return (PACKAGE / floor / f"{name}.py").exists() or (PACKAGE / floor / name).is_dir()
