"""Per-query values of 2,000 queries at depth 1,000, against pytrec_eval through ir-measures."""

import ir_measures
import numpy as np

from bench.lines import N_RUNS, Line, alternate
from evidense import measures
from evidense.compute.search.scoring import per_query
from evidense.values import Qrels, RankedLists

MEASURES = ["nDCG@10", "AP", "R@100"]
"""All three are pytrec_eval's own (RR@10 would go through a slower provider)."""


def measure() -> list[Line]:
    """Time both from what each takes in: a dictionary run, and RankedLists."""
    lists, qrels = world(2_000, 50_000, 1_000)
    run = {query_id: dict(found) for query_id, found in lists.items()}
    wanted = [measures.parse(m) for m in MEASURES]
    peer_s, ours_s = alternate(
        lambda: list(ir_measures.iter_calc(wanted, qrels, run)), lambda: per_query(lists, qrels, MEASURES)
    )
    row = {query_id: number for number, query_id in enumerate(lists.query_ids)}
    ours = per_query(lists, qrels, MEASURES)
    largest = max(
        abs(ours[str(m.measure)][row[m.query_id]] - m.value) for m in ir_measures.iter_calc(wanted, qrels, run)
    )
    return [Line(
        job="score 2,000 queries × depth 1,000", peer="pytrec_eval through ir-measures", target="≤ 1.1 × its time", bound=1.1, sense="ours/peer ≤",
        peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=(f"{', '.join(MEASURES)}, per query, graded; greatest difference {largest:.1g}",),
    )]  # fmt: skip


def world(n_queries: int, n_documents: int, depth: int) -> tuple[RankedLists, Qrels]:
    """Return rankings with distinct scores and 20 graded judgements a query, half of them ranked."""
    rng = np.random.default_rng(0)
    documents = np.stack([rng.choice(n_documents, depth, replace=False) for _ in range(n_queries)]).astype(np.int32)
    scores = np.tile(np.arange(depth, 0, -1, dtype=np.float32), (n_queries, 1))
    query_ids, doc_ids = tuple(f"q{i}" for i in range(n_queries)), tuple(f"d{i}" for i in range(n_documents))
    judged = np.hstack(
        [documents[:, rng.choice(depth, 10, replace=False)], rng.integers(0, n_documents, (n_queries, 10))]
    )
    return RankedLists(query_ids, doc_ids, documents, scores), {
        q: {doc_ids[d]: int(rng.integers(0, 4)) for d in row} for q, row in zip(query_ids, judged, strict=True)
    }
