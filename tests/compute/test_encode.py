"""encode: equal items once, equal work never again, every plan the same vectors, and what cannot be encoded named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.opening import open_encoder
from encoders.text_models import TEXTS, save
from evidense.compute.progress import estimate
from evidense.compute.search import encode as module
from evidense.compute.search.encode import encode, is_cached
from evidense.compute.search.row_hashes import row_hashes
from evidense.encoders.python import from_function
from evidense.errors import InvalidInput
from evidense.store import Store
from evidense.values import Item, Picture
from evidense.values.contents import Known, contents_of

ITEMS = [Item(f"i{n}", TEXTS[n % 7] + (f" w{n % 13}" if n >= 14 else "")) for n in range(60)]


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("model")
    save(folder, "BertModel", "bert")
    return open_encoder(f"{folder}@pooling=mean").tower("query")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "vectors")


def counted(calls: list[str]) -> Any:
    """Return a tower that notes every text that it is asked for."""

    def embed(texts: list[str]) -> np.ndarray:
        calls.extend(texts)
        return np.array([[len(text), 1.0] for text in texts])

    encoder = from_function(embed, "counted").tower("query")
    calls.clear()
    return encoder


def test_each_item_has_the_vector_of_its_text(tower: Any, store: Store) -> None:
    encoded = encode(tower, ITEMS, store)
    alone = np.concatenate([tower.vectors(tower.prepare([item])) for item in ITEMS])
    np.testing.assert_allclose(encoded.all(), alone, atol=2e-6)
    assert isinstance(encoded.vectors, np.memmap)
    assert not encoded.vectors.flags.writeable
    assert encoded.vectors.dtype == np.float32


def test_equal_texts_are_encoded_once(store: Store) -> None:
    calls: list[str] = []
    encoded = encode(
        counted(calls), [Item(str(n), text) for n, text in enumerate(["a", "bb", "a", "a", "bb", "ccc"])], store
    )
    assert sorted(calls) == ["a", "bb", "ccc"]
    assert encoded.rows.tolist() == [0, 1, 0, 0, 1, 2]
    np.testing.assert_array_equal(encoded.all()[:, 0], [1, 2, 1, 1, 2, 3])


def test_finished_encoding_is_reused(store: Store) -> None:
    calls: list[str] = []
    tower = counted(calls)
    assert not is_cached(tower, ITEMS, store)
    first = encode(tower, ITEMS, store)
    n_calls = len(calls)
    renamed = [Item(f"other {item.id}", item.text) for item in ITEMS]  # contents count, not ids
    again = encode(tower, renamed, store)
    assert again.was_cached
    assert (again.blob, len(calls)) == (first.blob, n_calls)
    assert is_cached(tower, ITEMS, store)


def test_vectors_are_encoded_again_when_their_blob_was_removed(tower: Any, store: Store) -> None:
    first = encode(tower, ITEMS, store)
    (path,) = store.root.glob(f"blobs/*/{first.blob}")
    path.unlink()
    assert encode(tower, ITEMS, Store(store.root)).blob == first.blob


def test_another_order_of_items_is_another_cache_entry(tower: Any, store: Store) -> None:
    forth, back = encode(tower, ITEMS, store), encode(tower, ITEMS[::-1], store)
    assert forth.blob != back.blob
    np.testing.assert_allclose(forth.all(), back.all()[::-1], atol=1e-6)


@pytest.mark.parametrize(("chunk", "budget"), [(5, 1024), (4096, 40), (7, 1)])
def test_vectors_do_not_depend_on_the_batch_plan(
    tower: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, budget: int
) -> None:
    expected = encode(tower, ITEMS, Store(tmp_path / "a")).all()
    monkeypatch.setattr(module, "_CHUNK", chunk)
    object.__setattr__(tower, "token_budget", budget)
    try:
        np.testing.assert_allclose(encode(tower, ITEMS, Store(tmp_path / "b")).all(), expected, atol=2e-6)
    finally:
        object.__setattr__(tower, "token_budget", 1024)


def test_thread_count_changes_vectors_by_rounding_only(tower: Any, tmp_path: Path) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = encode(tower, ITEMS, Store(tmp_path / "1")).all()
        torch.set_num_threads(2)
        np.testing.assert_allclose(encode(tower, ITEMS, Store(tmp_path / "2")).all(), one, atol=1e-6)
    finally:
        torch.set_num_threads(before)


def test_layers_equal_the_hidden_states_of_transformers(tower: Any, store: Store) -> None:
    import torch

    encoded = encode(tower, ITEMS, store, layers=True)
    assert encoded.vectors.shape == (4, len({i.text for i in ITEMS}), 32)
    for place in (0, 3, 40):
        ids, _ = tower.prepare([ITEMS[place]]).padded(0)
        with torch.no_grad():
            hidden = tower.backbone.inner(ids, output_hidden_states=True).hidden_states
        np.testing.assert_allclose(
            encoded.vectors[:, encoded.rows[place]], torch.stack(hidden).mean(2)[:, 0].numpy(), atol=2e-6
        )
    np.testing.assert_allclose(encoded.all()[-1], encode(tower, ITEMS, store).all(), atol=1e-6)


@pytest.mark.parametrize(
    ("class_name", "kind", "pooling"),
    [("LlamaModel", "llama", "lasttoken"), ("DistilBertModel", "distilbert", "cls"), ("T5EncoderModel", "t5", "mean")],
)
def test_layers_of_other_families(tmp_path: Path, class_name: str, kind: str, pooling: str) -> None:
    import torch

    save(tmp_path, class_name, kind)
    tower = open_encoder(f"{tmp_path}@pooling={pooling}").tower("query")
    ids, _ = tower.prepare([Item("a", TEXTS[0])]).padded(0)
    with torch.no_grad():
        hidden = torch.stack(tower.backbone.inner(ids, output_hidden_states=True).hidden_states)[:, 0]
    expected = {"lasttoken": hidden[:, -1], "cls": hidden[:, 0], "mean": hidden.mean(1)}[pooling]
    batch = tower.prepare([Item("a", TEXTS[0]), Item("b", TEXTS[2])])
    np.testing.assert_allclose(tower.layers(batch)[:, 0], expected.numpy(), rtol=1e-4, atol=1e-5)


def test_an_item_with_a_non_finite_vector_is_named_and_nothing_is_stored(store: Store) -> None:
    tower = from_function(lambda texts: [[float("nan") if "bad" in t else 1.0] for t in texts], "holed").tower("query")
    items = [Item("fine", "good"), Item("wrong one", "bad text"), Item("wrong too", "another bad")]
    with pytest.raises(InvalidInput) as caught:
        encode(tower, items, store)
    assert "'wrong one'" in str(caught.value)
    assert "'wrong too'" in str(caught.value)
    assert "'fine'" not in str(caught.value)
    assert not list(store.root.rglob("*.npy"))
    assert not list(store.root.glob("blobs/*/*"))


def test_a_text_encoder_refuses_pictures(tower: Any, store: Store) -> None:
    with pytest.raises(InvalidInput, match="'p'"):
        encode(tower, [Item("p", "text", Picture(b"x"))], store)


def test_progress_begins_before_the_first_batch_and_ends_at_zero(tower: Any, store: Store) -> None:
    reports: list[tuple[int, int, float]] = []
    encode(tower, ITEMS, store, progress=lambda *now: reports.append(now))
    n = len({item.text for item in ITEMS})
    assert reports[0][:2] == (0, n)
    assert reports[0][2] > 0
    assert reports[-1] == (n, n, 0.0)
    assert [done for done, *_ in reports] == sorted(done for done, *_ in reports)


def test_the_estimate_counts_time_and_disk(tower: Any) -> None:
    guess = estimate(tower, ITEMS)
    assert guess.size_bytes == 60 * 32 * 4
    assert 0 < guess.seconds < 60
    assert estimate(tower, []).seconds == 0


def test_encoding_no_items_gives_an_empty_array(tower: Any, store: Store) -> None:
    assert encode(tower, [], store).all().shape == (0, 32)


class Lazy(Sequence[Item]):
    """Makes items on demand, and counts them."""

    n_made = 0

    def __len__(self) -> int:
        return 5000

    def __getitem__(self, place: Any) -> Any:
        if place >= 5000:
            raise IndexError(place)
        self.n_made += 1
        return Item(str(place), f"w{place} w{place % 7}")


def test_a_lazy_corpus_is_tokenised_in_chunks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    tower = open_encoder("wordllama").tower("query")

    class Watched:
        """A tower that notes how many items it is asked to prepare at once."""

        def __getattr__(self, name: str) -> Any:
            return getattr(tower, name)

        def prepare(self, items: Sequence[Item]) -> Any:
            sizes.append(len(items))
            return tower.prepare(items)

    monkeypatch.setattr(module, "_CHUNK", 1000)
    corpus = Lazy()
    contents_of(corpus)
    assert corpus.n_made == 5000
    encoded = encode(Watched(), Known(corpus, contents_of(corpus)), store)  # type: ignore[arg-type]
    assert encoded.vectors.shape == (5000, 256)
    assert sizes == [1000] * 5
    assert corpus.n_made == 3 * 5000, "two passes for the contents above, and one to encode"


@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 5), st.data())
def test_the_hash_of_rows_depends_on_every_word_and_not_on_batches(
    n_layers: int, n_rows: int, n_dims: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(n_layers + 7 * n_rows + 49 * n_dims)
    vectors, rows = rng.standard_normal((n_layers, n_rows, n_dims)).astype(np.float32), rng.permutation(9)[:n_rows]
    whole = row_hashes(vectors, rows)
    assert whole % 2**64 == sum(row_hashes(vectors[:, [i]], rows[[i]]) for i in range(n_rows)) % 2**64
    damaged = vectors.copy()
    damaged.view(np.uint32)[tuple(data.draw(st.integers(0, n - 1)) for n in vectors.shape)] ^= 1 << data.draw(st.integers(0, 31))  # fmt: skip
    assert row_hashes(damaged, rows) != whole
    assert row_hashes(np.zeros_like(vectors), rows) != whole
    if n_rows > 1:
        assert row_hashes(vectors, rows[::-1]) != whole
