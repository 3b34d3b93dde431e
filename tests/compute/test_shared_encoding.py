"""An encoding that several processes share is the same bytes as one that a single process makes, whoever makes which part."""

from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from evidense.boundary.disk import locked
from evidense.compute.search import encode as encode_module
from evidense.compute.search.encode import encode
from evidense.compute.search.parts import N_PARTS
from evidense.compute.search.shared_encoding import SharedEncoding
from evidense.encoders.python import from_function
from evidense.errors import InvalidInput
from evidense.store import Store
from evidense.values import Item

ITEMS = [Item(str(n), "word " * (n % 40 % 13 + 1) + str(n % 40)) for n in range(50)]


@pytest.fixture
def seen() -> list[str]:
    """The texts that were encoded."""
    return []


@pytest.fixture
def tower(monkeypatch: pytest.MonkeyPatch, seen: list[str]) -> Any:
    """A function over texts that says what it encodes."""
    monkeypatch.setattr(encode_module, "_CHUNK", 16)  # 40 distinct texts are three chunks

    def letters(texts):
        seen.extend(texts)
        return [[len(text), sum(map(ord, text)) % 97, 1.0] for text in texts]

    made = from_function(letters, "letters").tower("document")
    seen.clear()
    return made


def whole(tower: Any, store: Store) -> np.ndarray:
    return np.array(encode(tower, ITEMS, store).all())


def shared(tower: Any, store: Store) -> SharedEncoding:
    encoding = SharedEncoding.of(tower, ITEMS, store)
    assert encoding is not None
    return encoding


@pytest.mark.parametrize("made", [range(12), [11, 0, 5, 1, 2, 3], [4, 5, 6, 7], []])
def test_vectors_put_together_equal_those_of_one_process(tower: Any, tmp_path: Path, made: list[int]) -> None:
    expected = encode(tower, ITEMS, Store(tmp_path / "alone"))
    store = Store(tmp_path / "shared")
    assert shared(tower, store).missing == list(range(3 * N_PARTS))
    shared(tower, store).make(made)
    assert shared(tower, store).missing == sorted(set(range(12)) - set(made))
    together = encode(tower, ITEMS, store)
    assert together.blob == expected.blob
    assert SharedEncoding.of(tower, ITEMS, store) is None
    assert not list((tmp_path / "shared" / "partial").iterdir())


def test_a_part_that_is_there_is_not_encoded_again(tower: Any, seen: list[str], tmp_path: Path) -> None:
    store = Store(tmp_path)
    shared(tower, store).make(range(12))
    seen.clear()
    shared(tower, store).make(range(12))
    whole(tower, store)
    assert seen == []


def test_a_damaged_part_is_encoded_again(tower: Any, tmp_path: Path) -> None:
    expected, store = whole(tower, Store(tmp_path / "alone")), Store(tmp_path / "shared")
    encoding = shared(tower, store)
    encoding.make(range(12))
    path = encoding.run.parts(encoding.run.fresh_settings).path(2)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert (whole(tower, store) == expected).all()


def test_parts_of_another_batch_plan_are_not_used(
    tower: Any, seen: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    shared(tower, store).make(range(12))
    monkeypatch.setattr(encode_module, "_CHUNK", 20)
    seen.clear()
    whole(tower, store)
    assert len(seen) == len({item.text for item in ITEMS})


def test_a_vector_that_is_not_finite_names_its_item_and_leaves_nothing(tmp_path: Path) -> None:
    tower, store = (
        from_function(lambda texts: [[float("nan")] for _ in texts], "nan").tower("document"),
        Store(tmp_path),
    )
    with pytest.raises(InvalidInput, match="not finite"):
        shared(tower, store).make([0, 1, 2, 3])
    assert not list((tmp_path / "partial").iterdir())


def test_a_part_that_another_process_is_making_is_waited_for_and_not_made_again(
    tower: Any, tmp_path: Path, seen: list[str]
) -> None:
    store = Store(tmp_path)
    other, ours = shared(tower, store), shared(tower, store)
    parts = ours.run.parts(ours.run.fresh_settings)
    waiter = Thread(target=ours.make, args=([0],))
    with locked(parts.lock(0)):
        waiter.start()
        waiter.join(0.2)
        assert waiter.is_alive(), "the part is being made"
        rows, vectors = np.arange(2), np.zeros((2, 3), np.float32)
        other.run.parts(other.run.fresh_settings).write(0, rows, vectors)
    waiter.join(30)
    assert seen == []
    read = parts.read(0)
    assert read is not None
    assert read[1].tolist() == vectors.tolist()
