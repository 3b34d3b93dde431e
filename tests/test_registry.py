"""Registry: part by name, by spelling, or a refusal that says what would be clear."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from evidense import registry
from evidense.errors import UnknownName
from evidense.parts import SHELVES, Claim, Dataset, EncoderPart, RankerPart
from evidense.values import Spelling
from overlay import Overlay

LIST_AND_SAY = """
import sys
from evidense import registry
for shelf in sys.argv[1:]:
    registry.summaries(shelf)
print([m for m in sys.modules if m.startswith(tuple(f"evidense.{shelf}." for shelf in sys.argv[1:]))])
"""


def test_every_shelf_lists_its_files_with_their_first_lines_without_importing_them() -> None:
    for shelf in SHELVES:
        found = registry.summaries(shelf)
        folder = Path(registry.__file__).parent / shelf
        assert set(found) == {p.stem for p in folder.rglob("*.py") if not p.name.startswith("_")}
        assert all(found.values()), f"a part of {shelf} has no first line"
    done = subprocess.run([sys.executable, "-c", LIST_AND_SAY, *SHELVES], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", "listing imported parts"


@pytest.mark.parametrize(
    ("shelf", "contract"),
    [("datasets", Dataset), ("encoders", EncoderPart), ("rankers", RankerPart), ("claims", Claim)],
)
def test_every_part_keeps_the_contract_of_its_shelf(shelf: str, contract: type) -> None:
    parts = registry.parts(shelf)
    assert [p.name for p in parts] == list(registry.summaries(shelf))
    assert all(isinstance(p, contract) for p in parts)


def test_an_encoder_and_a_ranker_never_share_a_name() -> None:
    assert not set(registry.summaries("encoders")) & set(registry.summaries("rankers"))


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown shelf 'dataset': did you mean 'datasets'"):
        registry.summaries("dataset")
    with pytest.raises(UnknownName, match="unknown claim 'help': did you mean 'helps'"):
        registry.part("claims", "help")
    with pytest.raises(UnknownName, match="unknown collection 'phenotype': did you mean 'phenotypes'"):
        registry.dataset("phenotype")
    with pytest.raises(UnknownName, match="unknown system 'bm52': did you mean 'bm25'"):
        registry.system(Spelling.parse("bm52"))


DATASET = '''"""{first}."""

from pathlib import Path

from evidense.values import Collection, Draft, Item, build


class Two:
    name = "{name}"
    spellings = ("two-things.zzz",)

    def recognises(self, spelling: str) -> bool:
        return {rule}

    def open(self, spelling: str) -> tuple[Collection, ...]:
        items = [Item("a", "one"), Item("b", "other")]
        return (build(Draft(spelling, items, items, {{"a": {{"a": 1}}}})),)


PART = Two()
'''


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    made = Overlay(tmp_path_factory.mktemp("overlay"))
    made.add(
        "datasets/zzz_one.py", DATASET.format(first="One reading", name="zzz_one", rule='spelling.endswith(".zzz")')
    )
    made.add(
        "datasets/zzz_two.py", DATASET.format(first="Other reading", name="zzz_two", rule='spelling.endswith(".zzz")')
    )
    made.add(
        "datasets/zzz_way.py",
        DATASET.format(first="With a direction", name="zzz_way", rule='spelling.startswith("zzz_way")'),
    )
    return made


SAY = """
import sys
from evidense import registry
from evidense.errors import EvidenseError
for spelling in sys.argv[1:]:
    try:
        part, rest = registry.dataset(spelling)
        print(part.name, rest)
    except EvidenseError as error:
        print(type(error).__name__, error)
"""


def test_a_name_that_could_mean_several_things_is_refused_with_the_spellings_that_would_be_clear(
    overlay: Overlay,
) -> None:
    done = overlay.run(
        "-c", SAY, "x.zzz", "zzz_two:x.zzz", "zzz_one:x.data", "zzz_way:t2i", "zzz_way", "zzz_way/a:t2i@test"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "AmbiguousName collection 'x.zzz' could mean 2 things; expected a clear name; write 'zzz_one:x.zzz'  or  'zzz_two:x.zzz'",
        "zzz_two x.zzz",
        "zzz_one x.data",
        "zzz_way zzz_way:t2i",
        "zzz_way zzz_way",
        "zzz_way zzz_way/a:t2i@test",
    ]


def test_one_file_is_all_it_takes_to_be_found(overlay: Overlay) -> None:
    done = overlay.run("-c", "from evidense import registry; print(registry.summaries('datasets')['zzz_one'])")
    assert done.stdout.strip() == "One reading."


def test_no_list_of_parts_is_kept_anywhere() -> None:
    source = Path(registry.__file__).read_text(encoding="utf-8")
    texts = {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    named = {name for shelf in SHELVES for name in registry.summaries(shelf)} & texts
    assert not named, f"the registry names parts: {named}"
