"""Embeddings that somebody already has: every mistake at once, then exactly what was given."""

import json
from pathlib import Path

import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.errors import InvalidInput
from evidense.values import Item

QUERIES, DOCUMENTS = np.eye(2, 4, dtype=np.float32), np.arange(12, dtype=np.float64).reshape(3, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "queries.npy", QUERIES)
    np.save(tmp_path / "documents.npy", DOCUMENTS)
    (tmp_path / "queries.ids.txt").write_text("q1\nq2\n")
    (tmp_path / "documents.ids.json").write_text(json.dumps(["a", "b", "c/../<b>"]))
    return tmp_path


def looked_up(encoder: object, side: str, *ids: str) -> np.ndarray:
    tower = encoder.tower(side)  # type: ignore[attr-defined]
    return np.asarray(tower.vectors(tower.prepare([Item(name, "whatever") for name in ids])))


def test_a_folder_gives_what_it_holds(folder: Path) -> None:
    encoder = open_encoder(str(folder))
    np.testing.assert_array_equal(looked_up(encoder, "query", "q2", "q1"), QUERIES[[1, 0]])
    np.testing.assert_array_equal(looked_up(encoder, "document", "c/../<b>"), DOCUMENTS[[2]].astype(np.float32))
    assert encoder.setup.similarity == "dot"
    assert any("similarity" in sentence for sentence in encoder.setup.warnings)
    assert not open_encoder(f"{folder}@similarity=cosine").setup.warnings


def test_one_array_may_serve_both_sides_and_two_arrays_may_lie_anywhere(folder: Path) -> None:
    both = open_encoder(str(folder / "documents.npy"))
    assert both.tower("query").fingerprint == both.tower("document").fingerprint
    pair = open_encoder(f"{folder / 'queries.npy'}@document_tower={folder / 'documents.npy'}")
    np.testing.assert_array_equal(
        looked_up(pair, "document", "a"), looked_up(open_encoder(str(folder)), "document", "a")
    )


def test_ids_without_a_vector_are_all_named(folder: Path) -> None:
    tower = open_encoder(str(folder)).tower("query")
    with pytest.raises(InvalidInput, match=r"2 of 3 ids(.|\n)*'x'\n  'y'"):
        tower.prepare([Item("x", "t"), Item("q1", "t"), Item("y", "t")])


def test_every_mistake_is_named_at_once(folder: Path) -> None:
    broken = QUERIES.copy()
    broken[1, 2] = np.nan
    np.save(folder / "queries.npy", broken)
    np.save(folder / "documents.npy", np.ones((3, 5)))
    (folder / "documents.ids.json").write_text('["a", "a"]')
    with pytest.raises(InvalidInput) as caught:
        open_encoder(str(folder))
    for said in ("row 1 (id 'q2')", "3 rows and 2 ids", "'a'", "4 dimensions", "5 dimensions"):
        assert said in str(caught.value)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.ones(3), "shape (3,)"),
        (np.ones((2, 2), int), "int64"),
        (np.array([{}, {}], object), "cannot be read"),
        (np.ones((0, 4)), "shape (0, 4)"),
    ],
)
def test_arrays_that_are_none(folder: Path, array: np.ndarray, said: str) -> None:
    np.save(folder / "queries.npy", array, allow_pickle=True)
    with pytest.raises(InvalidInput) as caught:
        open_encoder(str(folder))
    assert said in str(caught.value)


def test_a_missing_ids_file(folder: Path) -> None:
    (folder / "queries.ids.txt").unlink()
    with pytest.raises(InvalidInput, match=r"queries\.ids\.txt"):
        open_encoder(str(folder))


def test_another_array_is_another_system(folder: Path) -> None:
    before = open_encoder(str(folder)).tower("query").fingerprint
    np.save(folder / "queries.npy", QUERIES * 2)
    assert open_encoder(str(folder)).tower("query").fingerprint != before
