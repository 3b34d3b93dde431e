"""The public names are what they are said to be, and come only when they are asked for."""

import subprocess
import sys

import pytest

import evidense
from evidense import api


@pytest.mark.parametrize("name", api.__all__)
def test_every_public_name_is_reached_from_the_package(name: str) -> None:
    assert getattr(evidense, name) is getattr(api, name)
    assert getattr(api, name).__doc__


def test_no_public_name_hides_a_room() -> None:
    from importlib.util import find_spec

    assert not [name for name in api.__all__ if find_spec(f"evidense.{name}")]


def test_the_list_of_public_names_is_in_order_and_has_each_once() -> None:
    assert sorted(set(api.__all__)) == sorted(api.__all__)


def test_a_name_that_there_is_not_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError):
        evidense.no_such_name  # noqa: B018


def test_importing_the_package_imports_nothing_of_it_yet() -> None:
    code = "import sys, evidense; print(sorted(m for m in sys.modules if m.startswith('evidense.')))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_a_notebook_can_complete_the_public_names() -> None:
    assert set(api.__all__) <= set(dir(evidense))
