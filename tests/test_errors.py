"""Errors: one family, few leaves, each message fit to act on."""

import ast
import tomllib
from pathlib import Path

import pytest

from evidense import errors
from evidense.errors import MOST_MISTAKES, TORCH_CPU_LINE, EvidenseError, InvalidInput, MissingExtra, UnknownName

ROOT = Path(__file__).resolve().parents[1]
LEAVES = [
    cls
    for cls in vars(errors).values()
    if isinstance(cls, type) and issubclass(cls, EvidenseError) and cls is not EvidenseError
]


def test_the_drawn_tree_names_every_leaf_and_no_other() -> None:
    drawn = {line.split("── ")[1].split()[0] for line in (errors.__doc__ or "").splitlines() if "── " in line}
    assert drawn == {cls.__name__ for cls in LEAVES}


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda c: c.__name__)
def test_every_leaf_hangs_directly_from_the_one_base_and_keeps_its_text(leaf: type[EvidenseError]) -> None:
    assert leaf.__bases__[0] is EvidenseError
    assert str(leaf("a sentence, with 'quotes'")) == "a sentence, with 'quotes'"


def test_python_s_own_families_catch_them_too() -> None:
    assert issubclass(InvalidInput, ValueError)
    assert issubclass(UnknownName, LookupError)
    assert issubclass(MissingExtra, ImportError)
    assert not issubclass(UnknownName, KeyError), "KeyError prints its message in quotes"


def test_all_mistakes_of_one_input_come_at_once_and_a_flood_is_cut() -> None:
    text = str(InvalidInput.all_of("x.csv", [f"'{i}.png' is gone" for i in range(1, 31)]))
    assert text.startswith("x.csv: 30 mistakes\n  '1.png' is gone\n")
    assert text.endswith("'20.png' is gone\n  … and 10 more")
    assert str(InvalidInput.all_of("x.csv", ["line 1"])) == "x.csv: line 1"


def test_mistakes_of_one_kind_on_many_lines_are_one_with_a_count() -> None:
    alike = [f"line {i}: '{i}' is no number" for i in range(1, 9)]
    assert str(InvalidInput.all_of("x.csv", [*alike, "line 9: empty"])) == (
        "x.csv: 9 mistakes\n  line 1: '1' is no number (7 more like it, on lines 2, 3, 4, 5, 6 …)\n  line 9: empty"
    )
    assert str(InvalidInput.all_of("x.csv", alike[:3])).count("is no number") == 3


def test_a_count_that_is_a_cap_says_so() -> None:
    text = str(InvalidInput.all_of("x.csv", [f"line {i}: empty" for i in range(1, MOST_MISTAKES + 2)]))
    assert text.startswith("x.csv: more than 1,000 mistakes\n  line 1: empty (at least 1,000 more like it")


def test_an_unknown_name_gets_the_nearest_one_only_if_there_is_one_near() -> None:
    assert "did you mean 'phenotypes'?" in str(UnknownName.among("collection", "fenotypes", ["icd10cm", "phenotypes"]))
    far = str(UnknownName.among("collection", "zzz", ["icd10cm"], "Write a path."))
    assert "did you mean" not in far
    assert far.startswith("unknown collection 'zzz'. Known")
    assert far.endswith("Known: icd10cm. Write a path.")


def test_a_missing_extra_gives_the_line_to_type_and_the_cpu_line_for_torch() -> None:
    assert "pip install 'pyarrow>=15'" in str(MissingExtra.named("parquet", "reading x.parquet", "pyarrow"))
    assert TORCH_CPU_LINE in str(MissingExtra.named("encoders", "encoding", "torch"))
    assert "download.pytorch.org/whl/cpu" in TORCH_CPU_LINE


def _calls(name: str) -> list[tuple[Path, ast.Call]]:
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name):
                found.append((path, node))
    return found


def test_every_extra_that_a_message_names_is_declared() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {
        (call.args[0].value, path.name)
        for path, call in _calls("MissingExtra.named")
        if isinstance(call.args[0], ast.Constant)
    }
    assert named
    assert not {(extra, where) for extra, where in named if extra not in declared}


def test_nothing_is_raised_for_the_user_that_is_not_of_the_family() -> None:
    allowed = {
        "AssertionError",  # of `Result.assert_gate`, which stands in tests
        "NotAnswered",  # inside `fetching`, which makes a Reply of it
        "RefusedContent",  # inside `fetching/servers`, which halves the batch, or names the text
        "OtherForm",  # inside `sources`, which make an Answer of it
        "AttributeError",
        "NotImplementedError",
        "SystemExit",
        "KeyboardInterrupt",
        "StopIteration",
        "TypeError",
        "IndexError",
    }
    family = {cls.__name__ for cls in LEAVES}
    strangers = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside_try = {
            id(r)
            for t in ast.walk(tree)
            if isinstance(t, ast.Try)
            for s in t.body
            for r in ast.walk(s)
            if isinstance(r, ast.Raise)
        } | {  # how a pydantic model says what is wrong: `boundary.documents` makes an InvalidInput of it
            id(r)
            for f in ast.walk(tree)
            if isinstance(f, ast.FunctionDef) and any("_validator" in ast.unparse(d) for d in f.decorator_list)
            for r in ast.walk(f)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and id(node) not in inside_try:
                name = ast.unparse(node.exc.func).split(".")[0]
                if name[:1].isupper() and name not in family | allowed and not name.startswith("_"):
                    strangers.append(f"{path.name}:{node.lineno} {ast.unparse(node.exc.func)}")
    assert not [s for s in strangers if "click." not in s], strangers
