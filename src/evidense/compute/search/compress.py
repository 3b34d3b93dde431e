"""Compression: shorter or coarser vectors, scored as a search engine would score them, with their size."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from jaxtyping import Bool, Float32, Int

from evidense.compute.batches import chunks
from evidense.compute.mapped import MappedRows, scratch
from evidense.compute.similarity import as_scored
from evidense.errors import InvalidInput

Bits = Literal["int8", "binary"]
Change = Callable[[Float32[np.ndarray, "b e"]], Float32[np.ndarray, "b k"]]
"""Changes each row, whatever the others are."""
AT_ONCE = 8192
"""Vectors that are compressed at a time."""


@dataclass(frozen=True)
class Compressed:
    """Vectors of both sides as the compressed index scores them."""

    queries: Float32[np.ndarray, "q e"]
    documents: Float32[np.ndarray, "d e"]
    bytes_per_vector: float
    """Bytes of one stored document vector."""
    similarity: str
    """Name of the similarity (`compute.similarity`) that ranks these vectors."""
    shown: str
    """Words for the similarity; they replace `Setup.similarity` on the page."""
    keeps_length: bool
    """Whether the document vectors still have their original length."""


@dataclass(frozen=True)
class Compression:
    """The compression that `@dim=N`, `@int8` and `@binary` name. Truncation comes before quantisation.

    >>> Compression.of({"dim": "256", "bits": "int8"})
    Compression(n_dims=256, bits='int8')
    """

    n_dims: int | None = None
    bits: Bits | None = None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> "Compression | None":
        """Read the options of a spelling; None if they name no compression.

        Raises:
            InvalidInput: the number of dimensions is not a positive integer.
        """
        dims, bits = options.get("dim"), options.get("bits")
        if dims is None and bits is None:
            return None
        if dims is not None and not (dims.isascii() and dims.isdigit() and int(dims) > 0):
            raise InvalidInput(f"'@dim={dims}' asks for {dims} dimensions; expected a positive integer, as @dim=256")
        return cls(int(dims) if dims else None, cast("Bits | None", bits))

    def apply(
        self,
        queries: Float32[np.ndarray, "q e"],
        documents: Float32[np.ndarray, "d e"],
        similarity: str,
        rows: Int[np.ndarray, " n"] | None = None,
    ) -> Compressed:
        """Compress both sides of an encoder that is scored by `similarity`; of the documents, only `rows` are ranked (None: all).

        Documents are read and compressed in blocks; many of them go to an unnamed file.

        dim keeps the first dimensions and scores them by the same similarity. int8 stores one byte per dimension; the score is the
        similarity of the float query with the dequantised document. Under cosine, documents are brought to unit length first, so that
        their length does not widen the ranges. binary stores signs; the score is dimensions − 2 · Hamming distance, whatever the
        similarity, because all four similarities order vectors of signs by this distance.

        Raises:
            InvalidInput: the vectors have fewer dimensions.
            StoreError: the disk is full.
        """
        n_given = documents.shape[1]
        n_dims = n_given if self.n_dims is None else self.n_dims
        queries = truncate(queries, n_dims) if self.n_dims is not None else queries
        if self.bits == "int8":
            is_ranked = None if rows is None else np.bincount(rows, minlength=len(documents)) > 0
            scored = _ChangedBlocks(documents, lambda block: as_scored(truncate(block, n_dims), similarity))
            stored, shown = (
                scored.mapped(Int8Steps.of(scored, is_ranked).applied),
                f"{similarity} of float queries and int8 documents",
            )
            return Compressed(queries, stored, float(n_dims), similarity, shown, False)
        if self.bits == "binary":
            size, shown = float(np.ceil(n_dims / 8)), "Hamming, as dimensions − 2 · distance"
            stored = _ChangedBlocks(documents, lambda block: truncate(block, n_dims)).mapped(signs)
            return Compressed(signs(queries), stored, size, "dot", shown, False)
        stored = (
            documents
            if self.n_dims is None
            else _ChangedBlocks(documents, lambda block: truncate(block, n_dims)).mapped()
        )
        return Compressed(queries, stored, 4.0 * n_dims, similarity, similarity, n_dims == n_given)


class _ChangedBlocks:
    """Vectors, block by block, each changed by a function of its rows."""

    def __init__(self, vectors: Float32[np.ndarray, "d e"], change: Change) -> None:
        self.vectors, self.change = MappedRows(vectors), change

    def __iter__(self) -> Iterator[tuple[slice, Float32[np.ndarray, "b k"]]]:
        """Yield where a block stands, and its vectors."""
        for start, stop in chunks(len(self.vectors.array), AT_ONCE):
            yield slice(start, stop), self.change(self.vectors.slice(start, stop))

    def mapped(self, last: Change = np.asarray) -> Float32[np.ndarray, "d k"]:
        """Return all of them, changed once more."""
        n_dims = self.change(self.vectors.array[:0]).shape[1]
        out = scratch(len(self.vectors.array), n_dims)
        written = MappedRows(out)
        for rows, block in self:
            written.slice(rows.start, rows.stop)[...] = last(block)
        return out


@dataclass(frozen=True)
class Int8Steps:
    """256 equal steps for each dimension, between its least and greatest value."""

    low: Float32[np.ndarray, " e"]
    step: Float32[np.ndarray, " e"]

    @classmethod
    def of(
        cls,
        blocks: Iterable[tuple[slice, Float32[np.ndarray, "b e"]]],
        is_measured: Bool[np.ndarray, " d"] | None = None,
    ) -> "Int8Steps":
        """Measure the ranges over some of the documents."""
        low, high = np.float32(np.inf), np.float32(-np.inf)
        for place, block in blocks:
            measured = block if is_measured is None else block[is_measured[place]]
            low = np.minimum(low, measured.min(axis=0, initial=np.inf))
            high = np.maximum(high, measured.max(axis=0, initial=-np.inf))
        step = np.where(high > low, (high - low) / np.float32(255), np.float32(1)).astype(np.float32)
        return cls(np.asarray(low, np.float32), step)

    def applied(self, documents: Float32[np.ndarray, "d e"]) -> Float32[np.ndarray, "d e"]:
        """Quantise and dequantise."""
        codes = np.rint((documents - self.low) / self.step).clip(0, 255)
        return cast(np.ndarray, (self.low + codes * self.step).astype(np.float32))


def truncate(vectors: Float32[np.ndarray, "n e"], n_dims: int) -> Float32[np.ndarray, "n k"]:
    """Keep the first dimensions (Matryoshka) without normalising again, as `truncate_dim` of sentence-transformers does.

    Raises:
        InvalidInput: the vectors have fewer dimensions.

    Source: Kusupati et al. 2022, Matryoshka Representation Learning, §3.

    >>> truncate(np.array([[3, 4, 5]], dtype=np.float32), 2).tolist()
    [[3.0, 4.0]]
    """
    if n_dims > vectors.shape[1]:
        raise InvalidInput(
            f"'@dim={n_dims}' of vectors with {vectors.shape[1]} dimensions; expected at most {vectors.shape[1]}; leave it out"
        )
    return np.ascontiguousarray(vectors[:, :n_dims], dtype=np.float32)


def int8(documents: Float32[np.ndarray, "d e"]) -> Float32[np.ndarray, "d e"]:
    """Quantise each dimension to 256 equal steps between its least and greatest value over the documents, and dequantise it.

    The index holds one byte per dimension, and the ranges. Queries stay floats (asymmetric scoring), so they lose nothing.
    `quantize_embeddings(precision="int8")` of sentence-transformers uses the same ranges (or those of a calibration set) and steps,
    but it rounds down (its error is up to one step, ours half a step), quantises queries too, and searches by inner products of the
    codes, which ignores that ranges differ between dimensions.

    >>> int8(np.array([[0, -1], [2.55, 1], [1.274, 0]], dtype=np.float32))[2, 0].round(3)   # 127.4 steps of .01 → 127
    np.float32(1.27)
    """
    return Int8Steps.of([(slice(0, len(documents)), documents)]).applied(documents)


def signs(vectors: Float32[np.ndarray, "n e"]) -> Float32[np.ndarray, "n e"]:
    """Return +1 for numbers above zero, else −1. Inner products are then exactly dimensions − 2 · Hamming distance.

    "binary" and "ubinary" of sentence-transformers take the same bits, packed eight to a byte, and `semantic_search_faiss` ranks by
    the same distance. It can rescore the first hits with float queries; we do not.

    >>> signs(np.array([[0.2, 0.0, -3]], dtype=np.float32)).tolist()
    [[1.0, -1.0, -1.0]]
    """
    return np.where(vectors > 0, np.float32(1), np.float32(-1))
