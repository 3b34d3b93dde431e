"""Notes on ranked lists: one sentence for each reason why their scores may mislead."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evidense import measures
from evidense.compute.search.scoring import align, judgements, per_query
from evidense.values import Collection, RankedLists

JUDGED_DEPTH = 10
"""Documents of each list whose judgements are counted, as in Judged@10."""
FAR_BELOW = 0.1
"""A note is due if the top ten hold less than this share of the judged documents that could be there."""


def list_notes(
    lists: RankedLists, collection: Collection, measure_names: Sequence[str], depth: int | None = None
) -> tuple[str, ...]:
    """Return a sentence each for queries without results, queries that find themselves, hardly any judged document, and short lists.

    `measure_names` are the measures of the study; `depth` is the requested number of documents per query.
    """
    aligned = align(lists, collection.query_ids)
    return (
        *_unanswered(aligned),
        *_own_on_top(aligned, collection),
        *_hardly_judged(aligned, collection),
        *_short(aligned, collection, measure_names, depth),
    )


def _unanswered(lists: RankedLists) -> list[str]:
    n = int((lists.documents < 0).all(axis=1).sum())
    return [f"{n:,} of {len(lists.query_ids):,} queries without results, counted as 0"] if n else []


def _own_on_top(lists: RankedLists, collection: Collection) -> list[str]:
    """Count the queries whose first document has the id of the query and is not judged relevant."""
    tops = lists.documents[:, 0].tolist() if lists.depth else [-1] * len(lists.query_ids)
    first = [lists.doc_ids[top] if top >= 0 else None for top in tops]
    n = sum(d == q and collection.qrels.get(q, {}).get(d, 0) <= 0 for q, d in zip(lists.query_ids, first, strict=True))
    where = f"{n:,} of {len(lists.query_ids):,} queries have a document with their own id on top, which is not judged relevant"
    return [f"{where}: a query that finds itself pushes the others down"] if n else []


def _hardly_judged(lists: RankedLists, collection: Collection) -> list[str]:
    """Compare the number of judged documents in the top ten with the greatest number possible."""
    qrels, name = judgements(collection), f"Judged@{JUDGED_DEPTH}"
    tops = replace(lists, documents=lists.documents[:, :JUDGED_DEPTH], scores=lists.scores[:, :JUDGED_DEPTH])
    lengths = (tops.documents >= 0).sum(axis=1)
    n_judged = float((per_query(tops, qrels, [name])[name] * lengths).sum())
    n_possible = int(np.minimum(lengths, [len(qrels.get(q, {})) for q in lists.query_ids]).sum())
    if not n_possible or n_judged >= FAR_BELOW * n_possible:
        return []
    count = f"{round(n_judged):,} of the {n_possible:,} that could be there"
    return [f"almost no judged document is in the top {JUDGED_DEPTH} ({count}): do the columns or ids match?"]


def _short(lists: RankedLists, collection: Collection, measure_names: Sequence[str], depth: int | None) -> list[str]:
    """Compare the longest list with the cut-offs of the measures and with the requested depth.

    Where texts are searched here, lists of many lengths were not cut: BM25 lists only documents that share a word.
    """
    lengths = (lists.documents >= 0).sum(axis=1)
    longest, is_searched = int(lengths.max(initial=0)), collection.modalities[1] != "ids"
    is_uncut = is_searched and (longest >= len(collection.corpus) or 2 * int((lengths == longest).sum()) < len(lengths))
    if not longest or is_uncut:
        return []
    sentence = f"no list holds more than {longest:,} document{'' if longest == 1 else 's'}"
    deep = [measures.canonical(name) for name in measure_names if (measures.cutoff(name) or 0) > longest]
    if deep:
        return [f"{sentence}, and {', '.join(deep)} look{'s' if len(deep) == 1 else ''} deeper"]
    return [f"{sentence}, and {depth:,} were asked for (depth)"] if depth is not None and longest < depth else []
