"""A shortlist of bfloat16 products changes no bit of a search, whatever the vectors."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense.compute.search import topk
from evidense.compute.search.narrow import LEAST_DOCUMENTS, NarrowInner, multiplies, shortlisting
from evidense.compute.search.topk import Search, top_k
from evidense.compute.similarity import KERNELS, lengths

torch = pytest.importorskip("torch")


def drawn(seed: int, n: int, offset: float = 0.0, spread: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, 48)) + offset
    return (rows * 10.0 ** rng.uniform(-spread, spread, (n, 1))).astype(np.float32)


def both_ways(
    monkeypatch: pytest.MonkeyPatch, queries: np.ndarray, documents: np.ndarray, search: Search
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Search with the usual shortlist, then with the narrow one, which must have been used."""
    order = np.random.default_rng(5).permutation(len(documents)).astype(np.int32)
    results, kernels = [], []

    def remembered() -> NarrowInner:
        kernels.append(NarrowInner())
        return kernels[-1]

    for make in (lambda: KERNELS[search.similarity], remembered):
        monkeypatch.setattr(topk, "shortlisting", lambda similarity, n, make=make: make())
        results.append(top_k(queries, documents, 10, doc_order=order, search=search))
    assert kernels
    assert all(kernel.off_documents > 0 for kernel in kernels)
    return results


@pytest.mark.parametrize("similarity", ["dot", "cosine"])
@pytest.mark.parametrize(("offset", "spread"), [(0, 0), (0, 3), (0.5, 0.3), (1000, 0)], ids=str)
def test_the_result_is_that_of_the_usual_shortlist_to_the_last_bit(
    monkeypatch: pytest.MonkeyPatch, similarity: str, offset: float, spread: float
) -> None:
    queries, documents = drawn(1, 60, offset, spread), drawn(2, 12_000, offset, spread)
    documents[6_000:6_100] = documents[:100]  # equal documents tie exactly
    usual, narrowed = both_ways(monkeypatch, queries, documents, Search(similarity))
    np.testing.assert_array_equal(narrowed[0], usual[0])
    np.testing.assert_array_equal(narrowed[1], usual[1])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 40), scale=st.sampled_from([1e-30, 1e-3, 1.0, 1e15]))
def test_a_product_lies_within_half_its_margin_of_the_score(seed: int, width: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    queries = (rng.standard_normal((5, width)) * scale).astype(np.float32)
    documents = (rng.standard_normal((30, width)) * 10.0 ** rng.uniform(-4, 2, (30, 1))).astype(np.float32)
    kernel, products = NarrowInner(), np.empty((30, 5), np.float32)
    kernel.products(documents, np.ascontiguousarray(queries.T), products)
    largest = float(np.linalg.norm(documents, axis=1).max())
    norms = lengths(queries)
    exact = documents.astype(float) @ queries.T.astype(float)
    for document in range(30):  # as if this document were the k-th best
        margins = kernel.margins(width, norms, largest, np.abs(products[document]))
        assert (np.abs(products[document] - exact[document]) <= margins / 2).all()


def test_a_longer_document_of_a_later_block_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rounded query has a product of 0 with it, the query one of 8; the others are short and have products up to 1."""
    documents = np.zeros((topk.FIRST + 100, 2), np.float32)
    documents[:, 0] = 1 / np.arange(1, len(documents) + 1)
    documents[-1] = (4096, -4096)
    queries = np.array([[1 + 2.0**-9, 1]], np.float32)
    usual, narrowed = both_ways(monkeypatch, queries, documents, Search("dot"))
    assert usual[0][0, 0] == len(documents) - 1
    np.testing.assert_array_equal(narrowed[0], usual[0])


def test_scores_that_lie_close_together_are_multiplied_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, documents = drawn(1, 20, 1000.0), drawn(2, 9_000, 1000.0)
    usual: list[int] = []
    products = type(KERNELS["dot"]).products
    monkeypatch.setattr(
        type(KERNELS["dot"]), "products", lambda *args: (usual.append(len(args[1])), products(*args))[1]
    )
    both_ways(monkeypatch, queries, documents, Search("cosine"))
    assert sum(usual) == 2 * len(documents), "once by the usual kernel, once instead of the narrow one"


def test_narrow_products_are_used_where_torch_is_in_use_and_the_processor_has_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True, raising=False)
    assert multiplies()
    assert isinstance(shortlisting("cosine", LEAST_DOCUMENTS), NarrowInner)
    assert shortlisting("cosine", LEAST_DOCUMENTS - 1) is KERNELS["cosine"]
    assert shortlisting("euclidean", LEAST_DOCUMENTS) is KERNELS["euclidean"]
    monkeypatch.delitem(sys.modules, "torch")
    assert not multiplies()
