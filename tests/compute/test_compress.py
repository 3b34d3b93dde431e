"""Compressed vectors: what is kept, what it weighs, and how it compares with sentence-transformers' quantisation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.compute import mapped
from evidense.compute.search import compress as module
from evidense.compute.search.compress import Compression, int8, signs, truncate
from evidense.compute.search.topk import Search, top_k
from evidense.compute.similarity import as_scored
from evidense.errors import InvalidInput, StoreError


def vectors(n: int, e: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, e)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(("options", "size"), [
    ({"dim": "16"}, 64), ({"bits": "int8"}, 48), ({"bits": "binary"}, 6), ({"dim": "16", "bits": "int8"}, 16), ({"dim": "12", "bits": "binary"}, 2),
])  # fmt: skip
def test_bytes_per_vector(options: dict[str, str], size: float) -> None:
    compression = Compression.of(options)
    assert compression is not None
    assert compression.apply(vectors(3, 48, 0), vectors(9, 48, 1), "cosine").bytes_per_vector == size


def test_without_options_nothing_is_compressed() -> None:
    assert Compression.of({"pooling": "mean"}) is None


def test_truncation_keeps_the_first_dimensions_and_does_not_normalise() -> None:
    np.testing.assert_array_equal(truncate(vectors(20, 32, 2), 8), vectors(20, 32, 2)[:, :8])
    small = Compression(n_dims=8).apply(vectors(3, 32, 0), vectors(9, 32, 1), "cosine")
    assert (small.similarity, small.shown, small.keeps_length) == ("cosine", "cosine", False)
    assert Compression(n_dims=32).apply(vectors(3, 32, 0), vectors(9, 32, 1), "cosine").keeps_length


@pytest.mark.parametrize("bits", ["int8", "binary"])
def test_vector_length_does_not_change_a_compressed_cosine(bits: str) -> None:
    queries, documents = vectors(4, 32, 6), vectors(60, 32, 7)
    longer = documents * np.random.default_rng(8).uniform(0.1, 9, (60, 1)).astype(np.float32)
    some, others = (Compression.of({"bits": bits}).apply(queries, d, "cosine") for d in (documents, longer))  # type: ignore[union-attr]
    ranked = [
        top_k(c.queries, c.documents, 20, doc_order=np.arange(60), search=Search(c.similarity)) for c in (some, others)
    ]
    np.testing.assert_array_equal(ranked[0][0], ranked[1][0])
    np.testing.assert_allclose(ranked[0][1], ranked[1][1], atol=2e-6)


def slow_documents(compression: Compression, documents: np.ndarray, similarity: str) -> np.ndarray:
    """Compress a whole matrix at once, in memory."""
    documents = documents[:, : compression.n_dims]
    if compression.bits == "binary":
        return np.where(documents > 0, np.float32(1), np.float32(-1))
    if compression.bits is None:
        return documents
    documents = as_scored(documents, similarity)
    low, high = documents.min(axis=0), documents.max(axis=0)
    step = (high - low) / np.float32(255)
    return low + np.rint((documents - low) / step).clip(0, 255) * step


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
@pytest.mark.parametrize("bits", ["int8", "binary", None])
@pytest.mark.parametrize("n_dims", [None, 5])
def test_documents_compressed_in_blocks_into_a_file_have_the_bytes_of_a_whole_matrix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, similarity: str, bits: Any, n_dims: int | None
) -> None:
    documents = np.random.default_rng(9).standard_normal((100, 12)).astype(np.float32)
    np.save(tmp_path / "vectors.npy", documents)
    mapped_file = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    monkeypatch.setattr(module, "AT_ONCE", 7)
    monkeypatch.setattr(mapped, "RELEASE_EVERY", 64)
    compression = Compression(n_dims, bits)
    small = compression.apply(vectors(2, 12, 0), mapped_file, similarity)
    assert isinstance(small.documents, np.memmap)
    np.testing.assert_array_equal(small.documents, slow_documents(compression, documents, similarity))


def test_ranges_are_those_of_the_documents_that_are_ranked() -> None:
    documents = vectors(40, 6, 1)
    documents[::3] *= 100
    rows = np.flatnonzero(np.arange(40) % 3)[::-1]
    small = Compression(None, "int8").apply(vectors(2, 6, 0), documents, "dot", rows)
    np.testing.assert_array_equal(small.documents[rows], int8(documents[rows]))


def test_a_disk_without_room_for_compressed_vectors_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="do not fit into .* set TMPDIR to a folder on another disk"):
        mapped.scratch(1 << 40, 1 << 12)


@pytest.mark.parametrize("dims", ["0", "-4", "2.5", "x", "64"])
def test_a_wrong_number_of_dimensions_is_refused(dims: str) -> None:
    with pytest.raises(InvalidInput, match=f"@dim={dims}"):
        Compression.of({"dim": dims}).apply(vectors(1, 48, 0), vectors(2, 48, 0), "dot")  # type: ignore[union-attr]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 50), e=st.integers(1, 20))
def test_int8_error_is_at_most_half_a_step(seed: int, n: int, e: int) -> None:
    documents = np.random.default_rng(seed).standard_normal((n, e)).astype(np.float32)
    steps = (documents.max(axis=0) - documents.min(axis=0)) / 255
    assert (np.abs(int8(documents) - documents) <= steps * 0.5001 + 1e-6).all()
    assert all(len(np.unique(column)) <= 256 for column in int8(documents).T)


def test_int8_against_sentence_transformers() -> None:
    """Their codes, read back with their own ranges, are off by up to a step; ours by half of it."""
    quantization = pytest.importorskip("sentence_transformers.util.quantization", reason="the oracle of this test")
    documents = vectors(500, 24, 3)
    codes = quantization.quantize_embeddings(documents, precision="int8").astype(np.float32) + 128
    low, step = documents.min(axis=0), (documents.max(axis=0) - documents.min(axis=0)) / 255
    theirs = np.abs(low + codes * step - documents).max()
    assert np.abs(int8(documents) - documents).max() < 0.6 * theirs
    ours = np.rint((int8(documents) - low) / step)
    assert set(np.unique(ours - codes)) <= {0.0, 1.0}


def test_binary_uses_the_bits_of_sentence_transformers_and_ranks_by_hamming_distance() -> None:
    quantization = pytest.importorskip("sentence_transformers.util.quantization", reason="the oracle of this test")
    queries, documents = vectors(20, 40, 4), vectors(300, 40, 5)
    packed = [quantization.quantize_embeddings(side, precision="ubinary") for side in (queries, documents)]
    distance = np.unpackbits(packed[0][:, None] ^ packed[1][None], axis=-1).sum(axis=-1)
    np.testing.assert_array_equal(signs(queries) @ signs(documents).T, 40 - 2 * distance.astype(np.float32))
    found, _ = top_k(signs(queries), signs(documents), 10, doc_order=np.arange(300))
    expected = [sorted(range(300), key=lambda d, q=q: (distance[q, d], d))[:10] for q in range(20)]
    np.testing.assert_array_equal(found, expected)
