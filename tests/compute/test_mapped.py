"""Search over memory-mapped vectors, through a table of rows, equals search over their copy in memory."""

from pathlib import Path

import numpy as np
import pytest

from evidense import registry
from evidense.compute.mapped import SCATTERED, MappedRows
from evidense.compute.search import topk
from evidense.compute.search.encode import encode
from evidense.compute.search.rankings import load_lists
from evidense.compute.search.topk import Search, top_k
from evidense.compute.similarity import KERNELS
from evidense.errors import InvalidInput
from evidense.store import Store
from evidense.values import Collection, Draft, Item, Spelling, build
from evidense.verbs.retrieve import open_system, retrieve

N, N_DIMS = 10_000, 8
rng = np.random.default_rng(0)
VECTORS = np.round(rng.standard_normal((N, N_DIMS)), 1).astype(np.float32)  # rounded, so that there are ties
QUERIES = np.round(rng.standard_normal((5, N_DIMS)), 1).astype(np.float32)
ROWS = {
    "all in order": np.arange(N),
    "some in order": np.flatnonzero(rng.random(N) < 0.9),
    "few in order": np.flatnonzero(rng.random(N) < 0.1),
    "shuffled": rng.permutation(N),
    "repeated": rng.integers(0, N, N + 50),
}


@pytest.mark.parametrize("similarity", ["dot", "cosine", "euclidean"])
@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_rows_of_a_mapped_file_are_searched_like_their_copy(tmp_path: Path, similarity: str, rows: np.ndarray) -> None:
    np.save(tmp_path / "vectors.npy", VECTORS)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    order = rng.permutation(len(rows)).astype(np.int32)
    copied = top_k(QUERIES, VECTORS[rows], 20, doc_order=order, search=Search(similarity))
    through_rows = top_k(QUERIES, mapped, 20, doc_order=order, search=Search(similarity, rows=rows))
    for expected, actual in zip(copied, through_rows, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_rows_and_ids_must_be_as_many() -> None:
    with pytest.raises(InvalidInput, match="there are 10000 document ids and 3 document vectors"):
        top_k(QUERIES, VECTORS, 5, doc_order=np.arange(N), search=Search(rows=np.arange(3)))


@pytest.mark.parametrize("n", [0, 1, SCATTERED, SCATTERED + 1, 1000])
def test_rows_are_copied_from_anywhere(tmp_path: Path, n: int) -> None:
    np.save(tmp_path / "vectors.npy", VECTORS)
    mapped = MappedRows(np.load(tmp_path / "vectors.npy", mmap_mode="r"))
    places = rng.integers(0, N, n)
    np.testing.assert_array_equal(mapped.gather(places), VECTORS[places])
    np.testing.assert_array_equal(mapped.take(places, np.empty((n, N_DIMS), np.float32)), VECTORS[places])


def test_candidates_are_scored_again_in_the_order_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "vectors.npy", VECTORS)
    mapped, rows, read = np.load(tmp_path / "vectors.npy", mmap_mode="r"), rng.permutation(N), list[int]()
    take = MappedRows.take

    def noted(self: MappedRows, places: np.ndarray, out: np.ndarray) -> np.ndarray:
        read.extend(places.tolist())
        return take(self, places, out)

    expected = top_k(QUERIES, VECTORS[rows], 20, doc_order=np.arange(N))
    monkeypatch.setattr(topk, "RESCORED", 7 * N_DIMS)
    monkeypatch.setattr(MappedRows, "take", noted)
    actual = top_k(QUERIES, mapped, 20, doc_order=np.arange(N), search=Search(rows=rows))
    np.testing.assert_array_equal(actual, expected)
    begin = max(place for place in range(1, len(read)) if read[place] < read[place - 1])
    assert len(read) - begin >= 20 * len(QUERIES), "all candidates of all queries, in one go"


@pytest.mark.parametrize("similarity", KERNELS)
@pytest.mark.parametrize("n_dims", [1, 7, 8, 33, 384])
def test_a_pair_has_the_same_score_beside_other_candidates(similarity: str, n_dims: int) -> None:
    queries, documents = (rng.standard_normal((n, n_dims)).astype(np.float32) for n in (6, 40))
    candidates = rng.integers(0, 40, (6, 17))
    together = KERNELS[similarity].scores(queries, documents[candidates])
    pairs = KERNELS[similarity].scores(np.repeat(queries, 17, axis=0), documents[candidates.reshape(-1)][:, None])
    np.testing.assert_array_equal(pairs.reshape(6, 17), together)


def given(folder: Path, dtype: type) -> Path:
    folder.mkdir()
    for side, letter, vectors in (("documents", "d", VECTORS[:50]), ("queries", "q", QUERIES)):
        np.save(folder / f"{side}.npy", vectors.astype(dtype))
        (folder / f"{side}.ids.txt").write_text("".join(f"{letter}{n}\n" for n in range(len(vectors))))
    return folder


def collection() -> Collection:
    documents = [Item(f"d{n}", f"text {n % 40}") for n in reversed(range(50))]  # ten of them are merged
    return build(
        Draft("c", [Item(f"q{n}", "x") for n in range(5)], documents, {f"q{n}": {f"d{n}": 1} for n in range(5)})
    )


def test_given_vectors_are_searched_where_they_are_and_like_their_copy(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    mapped, copied = (
        retrieve(open_system(str(given(tmp_path / name, dtype))), collection(), 10, store)
        for name, dtype in (("single", np.float32), ("double", np.float64))
    )
    assert list(load_lists(mapped, store).items()) == list(load_lists(copied, store).items())
    tower = registry.open_system(Spelling(str(tmp_path / "single"))).tower("document")
    encoded = encode(tower, collection().corpus, Store(tmp_path / "empty"))
    np.testing.assert_array_equal(encoded.all(), VECTORS[[int(name[1:]) for name in collection().doc_ids]])
    assert not (tmp_path / "empty").exists()
    with pytest.raises(InvalidInput, match="no vector for 1 of 2 ids"):
        encode(tower, [Item("d1"), Item("lost")], store)
