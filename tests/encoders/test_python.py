"""A function as an encoder, through the command line's spelling and through the API."""

from pathlib import Path

import numpy as np
import pytest

from encoders.opening import open_encoder, vectors
from evidense.encoders.python import from_function
from evidense.errors import InvalidInput

MODULE = '''
"""Counts letters."""
import numpy as np
def count(texts):
    return np.array([[text.count(c) for c in "abc"] for text in texts], float)
def sided(texts, side):
    return [[len(text), 1.0 if side == "query" else 2.0] for text in texts]
def short(texts):
    return np.ones((1, 3))
def flat(texts):
    return np.ones(len(texts))
NUMBER = 3
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "letters_of_mine.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "python:letters_of_mine"


def test_a_function_named_on_the_command_line(module: str) -> None:
    encoder = open_encoder(f"{module}:count")
    np.testing.assert_array_equal(vectors(encoder, ["abca", "c"]), [[2, 1, 1], [0, 0, 1]])
    assert encoder.tower("query") is encoder.tower("document")


def test_a_function_may_take_the_side(module: str) -> None:
    encoder = open_encoder(f"{module}:sided")
    np.testing.assert_array_equal(vectors(encoder, ["ab"], "query"), [[2, 1]])
    np.testing.assert_array_equal(vectors(encoder, ["ab"], "document"), [[2, 2]])


def test_prompts_and_unit_length(module: str) -> None:
    found = vectors(open_encoder(f"{module}:count@query_prompt=aa@normalize"), ["b"])
    np.testing.assert_allclose(found, np.array([[2, 1, 0]]) / 5**0.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "said"),
    [("short", r"\(1, 3\) for 3 texts"), ("flat", r"\(3,\)"), ("NUMBER", "is a int"), ("absent", "cannot be imported")],
)
def test_functions_that_are_no_encoders_are_refused(module: str, name: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        open_encoder(f"{module}:{name}")


def test_a_callable_through_the_api() -> None:
    encoder = from_function(lambda texts: [[len(t), 1.0] for t in texts], "mine")
    np.testing.assert_array_equal(vectors(encoder, ["abc"]), [[3, 1]])


def test_another_model_behind_the_same_function_is_another_system() -> None:
    state = {"scale": 1.0}

    def embed(texts: list[str]) -> np.ndarray:
        return np.array([[len(t) * state["scale"], 1.0] for t in texts])

    before = from_function(embed, "mine").tower("query").fingerprint
    assert from_function(embed, "mine").tower("query").fingerprint == before
    state["scale"] = 2.0
    assert from_function(embed, "mine").tower("query").fingerprint != before
