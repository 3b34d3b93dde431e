"""Score: a Ranking against the judgements of its collection → one Score per measure, with per-query values."""

from collections.abc import Sequence

import numpy as np

from evidense import measures
from evidense.compute.search import scoring
from evidense.compute.search.rankings import load_lists
from evidense.records import Json, Ranking, Score, sha256_of
from evidense.store import Store
from evidense.values import Collection

ALGORITHM = 1
"""Version of the algorithm. It is raised if a change gives other values for the same inputs."""


def with_judged(measure_names: Sequence[str], collection: Collection) -> list[str]:
    """Return the measures to compute. If negatives are judged, add Judged@10 and the primary measure over judged documents only.

    >>> from evidense.values import Item
    >>> texts = [Item("a", "one"), Item("b", "two")]
    >>> with_judged(["nDCG@10"], Collection("x", texts, texts, {"a": {"a": 1, "b": 0}}))
    ['nDCG@10', 'Judged@10', 'nDCG(judged_only=True)@10']
    """
    names = [measures.canonical(m) for m in measure_names]
    if not scoring.judges_negatives(collection):
        return list(dict.fromkeys(names))
    return list(dict.fromkeys([*names, "Judged@10", measures.condensed(names[0])]))


def step_key(ranking: Ranking, collection: Collection, measure_names: Sequence[str]) -> str:
    """Return the step key of the Scores of a Ranking.

    Raises:
        UnknownName: a measure is unknown.
    """
    names: list[Json] = [measures.canonical(m) for m in measure_names]
    return sha256_of(["score", ALGORITHM, ranking.id, collection.checksum, names])


def score(ranking: Ranking, collection: Collection, measure_names: Sequence[str], store: Store) -> list[Score]:
    """Return the Scores of one Ranking, one per measure, in the order of `measure_names`.

    Raises:
        UnknownName: a measure is unknown.
    """
    names = [measures.canonical(m) for m in measure_names]
    key = step_key(ranking, collection, names)
    if done := store.recall(key):
        return [record for i in done if isinstance(record := store.get(i), Score)]
    lists = load_lists(ranking, store)
    per_query = scoring.score(lists, collection, names).values
    query_ids = store.put_json(list(collection.query_ids))
    scores = [
        Score(system=ranking.system, collection=collection.name, measure=name, query_ids=query_ids,
              values=store.put_array(per_query[name]), mean=float(np.mean(per_query[name])), parents=(ranking.id,))
        for name in names
    ]  # fmt: skip
    store.remember(key, [store.put(s) for s in scores])
    return scores
