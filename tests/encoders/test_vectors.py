"""Embeddings that somebody already has: every mistake at once, then exactly what was given."""

import json
import time
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


def test_vectors_of_a_folder_are_looked_up_by_id(folder: Path) -> None:
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
        (np.ones((1, 1 << 21), np.float16), "at most 1,048,576 dimensions"),
    ],
)
def test_invalid_arrays_are_refused(folder: Path, array: np.ndarray, said: str) -> None:
    np.save(folder / "queries.npy", array, allow_pickle=True)
    with pytest.raises(InvalidInput) as caught:
        open_encoder(str(folder))
    assert said in str(caught.value)


def test_an_array_without_ids_is_refused(folder: Path) -> None:
    (folder / "queries.ids.txt").unlink()
    with pytest.raises(InvalidInput, match=r"queries\.ids\.txt"):
        open_encoder(str(folder))


def test_another_array_is_another_system(folder: Path) -> None:
    before = open_encoder(str(folder)).tower("query").fingerprint
    np.save(folder / "queries.npy", QUERIES * 2)
    assert open_encoder(str(folder)).tower("query").fingerprint != before


def _with_shape(shape: str, dtype: str = "<f4") -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header = header.ljust(-(10 + len(header) + 1) % 64 + len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        _with_shape(f"({10**30}, 4)"),
        _with_shape(f"({2**62}, 4)"),
        _with_shape("(1000000, 400)"),
        _with_shape("(-1, 4)"),
        _with_shape("(2, 4)", "|O"),
        _with_shape("(2, 4)", "nonsense"),
        _with_shape("('a', 4)"),
        _with_shape("(" * 3000),
        b"PK\x03\x04" + bytes(100),
    ],
    ids=[
        "empty",
        "no header",
        "1e30 rows",
        "2**62 rows",
        "truncated",
        "negative",
        "objects",
        "no type",
        "text",
        "deep",
        "no zip",
    ],
)
def test_a_header_that_promises_too_much_is_refused(folder: Path, data: bytes) -> None:
    (folder / "queries.npy").write_bytes(data)
    with pytest.raises(InvalidInput, match=r"queries\.npy"):
        open_encoder(str(folder))


@pytest.mark.parametrize(
    "ids",
    ["[" * 5000 + "]" * 5000, '["\\ud800", "a", "b"]', "5", '{"a": 1}', "[true, 1]", "[[1], 2]", "[1,", ""],
    ids=["deep", "surrogate", "number", "object", "true", "list", "cut", "empty"],
)
def test_ids_of_another_type_are_refused(folder: Path, ids: str) -> None:
    (folder / "queries.ids.txt").unlink()
    (folder / "queries.ids.json").write_text(ids)
    with pytest.raises(InvalidInput, match=r"queries\.ids\.json"):
        open_encoder(str(folder))


def test_repeated_ids_are_counted_in_linear_time(folder: Path) -> None:
    n = 200_000
    np.save(folder / "queries.npy", np.ones((n, 4), np.float32))
    (folder / "queries.ids.txt").write_text("".join(f"{i % (n - 1)}\n" for i in range(n)))
    started = time.monotonic()
    with pytest.raises(InvalidInput, match="1 ids are repeated"):
        open_encoder(str(folder))
    assert time.monotonic() - started < 10


def test_ids_keep_characters_that_are_not_line_ends(folder: Path) -> None:
    (folder / "queries.ids.txt").write_bytes("\ufeffq\u20281\r\nq2\r\n".encode())
    assert [*open_encoder(str(folder)).tower("query").numbers] == ["q\u20281", "q2"]
