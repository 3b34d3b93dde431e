"""The list of faults keeps up with the code: each old text stands once in its file, and the new one is Python."""

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

import evidense

SOURCE = Path(evidense.__file__).parent
TESTS = Path(__file__).resolve().parents[1]
LEAST = 60


def _faults() -> ModuleType:
    path = TESTS / "mutants" / "faults.py"
    spec = importlib.util.spec_from_file_location("mutants_faults", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FAULTS = _faults().FAULTS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.file}: {fault.old.splitlines()[0]}")
def test_a_fault_can_be_planted_in_the_code_as_it_is(fault: object) -> None:
    text = (SOURCE / fault.file).read_text(encoding="utf-8")
    assert text.count(fault.old) == 1, "change the fault in tests/mutants/faults.py with the code"
    mutated = text.replace(fault.old, fault.new)
    assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(text)), "the fault changes nothing"
    assert fault.tests
    assert all((TESTS / test).exists() for test in fault.tests)


def test_no_fault_stands_twice_and_there_are_enough() -> None:
    assert len({(fault.file, fault.old, fault.new) for fault in FAULTS}) == len(FAULTS) >= LEAST
