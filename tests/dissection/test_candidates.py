"""Candidates on a planted collection: the relevant document first, nothing of one fold in another, hard negatives by rank."""

import numpy as np
import pytest

from evidense.dissection.candidates import Candidates, Draw, candidates
from evidense.errors import InvalidInput
from evidense.values import Collection, Item, RankedLists

N, N_DOCUMENTS, N_FOLDS = 60, 300, 5
MADE = Collection(
    "planted",
    [Item(f"q{i}", f"query {i}") for i in range(N)],
    [Item(f"d{i}", f"document {i}") for i in range(N_DOCUMENTS)],
    {f"q{i}": {f"d{i}": 1, f"d{i // 2 * 2 + 100}": 1} for i in range(N)},
)
"""Queries 0 and 1 share a relevant document, 2 and 3 another, and so on."""
SHUFFLED = np.random.default_rng(0).permuted(np.tile(np.arange(N_DOCUMENTS), (N, 1)), axis=1)
RANKED = RankedLists(
    MADE.query_ids, MADE.doc_ids, SHUFFLED.astype(np.int32), np.tile(np.arange(N_DOCUMENTS, 0, -1, dtype=np.float32), (N, 1))
)  # fmt: skip
"""Every document, in an order that knows nothing of folds."""


@pytest.fixture(params=["random", "ranked"])
def drawn(request: pytest.FixtureRequest) -> Candidates:
    draw = Draw(n_candidates=6, n_folds=N_FOLDS, negatives=request.param)
    return candidates(MADE, draw, RANKED if request.param == "ranked" else None)


def relevant_of(query: int) -> set[int]:
    return {int(doc_id[1:]) for doc_id in MADE.qrels[f"q{query}"]}


def test_only_the_first_candidate_is_relevant_and_candidates_are_distinct(drawn: Candidates) -> None:
    for query, documents in zip(drawn.queries, drawn.documents, strict=True):
        assert documents[0] in relevant_of(query)
        assert not relevant_of(query) & set(documents[1:])
        assert len(set(documents)) == 6


def test_folds_share_no_query_cluster_and_no_document(drawn: Candidates) -> None:
    fold_of_pair = [set(drawn.folds[drawn.queries // 2 == pair]) for pair in range(N // 2)]
    assert all(len(folds) == 1 for folds in fold_of_pair)
    fold_of_document: dict[int, set[int]] = {}
    for fold, documents in zip(drawn.folds, drawn.documents, strict=True):
        for document in documents:
            fold_of_document.setdefault(int(document), set()).add(int(fold))
    assert all(len(folds) == 1 for folds in fold_of_document.values())


def test_folds_are_even_and_clusters_join_queries_with_shared_documents(drawn: Candidates) -> None:
    assert np.bincount(drawn.folds).tolist() == [12] * N_FOLDS
    assert len(set(drawn.clusters)) == N // 2
    assert (drawn.clusters[::2] == drawn.clusters[1::2]).all()


def test_hard_negatives_are_the_top_documents_of_the_fold_in_rank_order() -> None:
    drawn = candidates(MADE, Draw(n_candidates=6, n_folds=N_FOLDS, negatives="ranked"), RANKED)
    assert drawn.n_filled == 0
    seen = {int(d): int(fold) for fold, documents in zip(drawn.folds, drawn.documents, strict=True) for d in documents}
    for query, fold, documents in zip(drawn.queries, drawn.folds, drawn.documents, strict=True):
        places = [int(np.flatnonzero(SHUFFLED[query] == d)[0]) for d in documents[1:]]
        assert places == sorted(places)
        passed_over = {int(d) for d in SHUFFLED[query, : places[-1]]} - set(documents.tolist()) - relevant_of(query)
        assert all(seen.get(d) != fold for d in passed_over)


def test_missing_hard_negatives_are_drawn_at_random_and_counted() -> None:
    shallow = RankedLists(MADE.query_ids, MADE.doc_ids, RANKED.documents[:, :5], RANKED.scores[:, :5])
    drawn = candidates(MADE, Draw(n_candidates=6, n_folds=N_FOLDS, negatives="ranked"), shallow)
    assert drawn.documents.shape == (N, 6)
    assert 0 < drawn.n_filled < N * 5


def test_the_seed_determines_the_candidates() -> None:
    first, again, other = (candidates(MADE, Draw(n_candidates=6, seed=seed)) for seed in (0, 0, 1))
    assert np.array_equal(first.documents, again.documents)
    assert not np.array_equal(first.documents, other.documents)


def test_a_single_candidate_is_refused() -> None:
    with pytest.raises(InvalidInput, match="n_candidates is 1"):
        candidates(MADE, Draw(n_candidates=1))
