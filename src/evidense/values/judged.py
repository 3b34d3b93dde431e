"""Judged: compares the ids in the judgements with those of queries and corpus."""

from collections.abc import Callable, Iterable, Sequence

from evidense.values.collection import Qrels

LEAST_SHARE = 0.1
"""Smallest share of the relevant documents that the corpus must hold; less means that the ids do not match."""


class Judged:
    """The ids that judgements name and queries or corpus lack."""

    def __init__(
        self, qrels: Qrels, query_ids: Sequence[str], doc_ids: Sequence[str], place: Callable[[str, str], str] | None
    ) -> None:
        """Compare both sides once; `place` returns where a judgement stands in the input."""
        self.place = place or (lambda query_id, doc_id: f"qrels of query '{query_id}'")
        self.query_ids, self.doc_ids, self.qrels = query_ids, doc_ids, qrels
        queries, documents = set(query_ids), set(doc_ids)
        self.lost_queries = [query_id for query_id in qrels if query_id not in queries]
        there = [(query_id, gains) for query_id, gains in qrels.items() if query_id in queries]
        self.lost = [(query_id, doc_id) for query_id, gains in there for doc_id in gains if doc_id not in documents]
        self.relevant = {doc_id for _, gains in there for doc_id, gain in gains.items() if gain > 0}
        self.lost_relevant = self.relevant - documents

    def mistakes(self) -> Iterable[str]:
        """Yield a mistake for each side whose ids do not match those of the judgements."""
        if not self.query_ids or not self.doc_ids:
            return
        if len(self.lost_queries) == len(self.qrels) > 0:
            yield (
                f"none of the {len(self.qrels):,} judged queries is among the {len(self.query_ids):,} queries: the judgements name "
                f"{_two(self.lost_queries)}, the queries are {_two(self.query_ids)}; expected the same ids; correct one of the two"
            )
        n_there = len(self.relevant) - len(self.lost_relevant)
        if self.relevant and n_there < LEAST_SHARE * len(self.relevant):
            lost = [(q, d) for q, d in self.lost if d in self.lost_relevant]
            yield (
                f"{self.place(*lost[0])}: {n_there:,} of {len(self.relevant):,} relevant documents are in the corpus: the judgements "
                f"name {_two([d for _, d in lost])}, the corpus has {_two(self.doc_ids)}; expected the same ids; correct one of the two"
            )

    def notes(self) -> Iterable[str]:
        """Yield notes on judgements of unknown queries and documents."""
        if self.lost_queries:
            yield (
                f"{len(self.lost_queries):,} of {len(self.qrels):,} judged queries are not among the queries; their judgements "
                f"were left out ({_two(self.lost_queries)})"
            )
        if self.lost:
            names = list(dict.fromkeys(doc_id for _, doc_id in self.lost))
            yield (
                f"{len(self.lost):,} judgements name documents that the corpus lacks ({len(self.lost_relevant):,} of "
                f"{len(self.relevant):,} relevant documents; {_two(names)}); they count as never found, as in trec_eval, BEIR and mteb"
            )


def _two(ids: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in list(dict.fromkeys(ids[:20]))[:2])
