"""Sample rows of one side, without equal rows, dealt to jackknife groups, with every subject's states of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from evidense.dissection.geometry.cka import check_layers
from evidense.errors import InvalidInput
from evidense.parts import Bench, Case, Side, Subject
from evidense.stats import cluster_queries
from evidense.stats.jackknife import deal
from evidense.values import Item

WHOLE = 10_000
"""A side of at most this many items is encoded as a whole, so that all analyses share one pass."""
VECTORS = "vectors"
"""Used in place of a pooling: the final vectors as a single layer. Encoders without layers have them too."""
_EQUAL = 1e-5
"""Rows that differ by less than this share of their length count as equal; padding alone changes a row that much."""


@dataclass(frozen=True)
class SampleRequest:
    """What to read: which side, which poolings, at most how many rows."""

    side: Side
    poolings: tuple[str, ...] = ("own",)
    n_rows: int = 2_000
    keep_equal: bool = False
    """Keep equal rows, as in retrieval, where they are answers to be found; a similarity of spaces must drop them."""
    besides: tuple[int, ...] = ()
    """Rows that are read in any case."""


@dataclass(frozen=True)
class RowSample:
    """Rows of one side, the same items for every subject."""

    side: Side
    rows: Int64[np.ndarray, " n"]
    """Row numbers within the side."""
    clusters: Int64[np.ndarray, " n"]
    groups: Int64[np.ndarray, " n"]
    """Jackknife groups; each holds whole clusters."""
    states: Mapping[tuple[str, str], Float32[np.ndarray, "l n e"]]
    """(label, pooling) → layers."""
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(label, pooling) → the reason why there are no states."""
    n_equal: int = 0
    """How many rows were dropped because another row is equal in every subject."""

    @property
    def n_clusters(self) -> int:
        """Return the number of independent clusters."""
        return len(np.unique(self.clusters))

    @property
    def sizes(self) -> Int64[np.ndarray, " g"]:
        """Return the number of rows of each group."""
        return np.bincount(self.groups)


def sample(case: Case, bench: Bench, request: SampleRequest) -> RowSample:
    """Read the states of sampled rows of one side, for every subject that provides them.

    Raises:
        InvalidInput: the base has no states, or too few clusters are left for a jackknife.
    """
    items = case.collection.queries if request.side == "query" else case.collection.corpus
    rows = np.union1d(some_rows(len(items), request.n_rows, case.seed), np.array(request.besides, np.int64))
    read_items = items if len(items) <= WHOLE else [items[int(row)] for row in rows]
    places = rows if read_items is items else np.arange(len(rows))
    states: dict[tuple[str, str], Float32[np.ndarray, "l n e"]] = {}
    refused: dict[tuple[str, str], str] = {}
    for subject in case.subjects:
        for pooling in request.poolings:
            try:
                layers = _states(bench, subject, request.side, read_items, pooling)[:, places]
                check_layers(layers)
                states[subject.label, pooling] = layers
            except InvalidInput as error:
                refused[subject.label, pooling] = f"{subject.label}: {error}"
    readable = [p for p in request.poolings if (case.base.label, p) in states]
    if not readable:
        raise InvalidInput(f"the base has no states to compare: {refused[case.base.label, request.poolings[0]]}")
    keep = np.ones(len(rows), bool) if request.keep_equal else distinct_rows([x[-1] for x in states.values()])
    clusters = clusters_of(case, request.side)[rows][keep]
    kept_states = {key: x if keep.all() else x[:, keep] for key, x in states.items()}
    groups = deal(clusters, seed=case.seed)
    return RowSample(request.side, rows[keep], clusters, groups, kept_states, refused, int((~keep).sum()))


def _states(
    bench: Bench, subject: Subject, side: Side, items: Sequence[Item], pooling: str
) -> Float32[np.ndarray, "l n e"]:
    if pooling == VECTORS:
        return bench.vectors(subject, side, items)[None]
    return bench.states(subject, side, items, (pooling,))[pooling]


def some_rows(total: int, n_rows: int, seed: int) -> Int64[np.ndarray, " n"]:
    """Draw at most `n_rows` rows without replacement, in ascending order."""
    if n_rows >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng([seed, 23]).choice(total, size=n_rows, replace=False))


def clusters_of(case: Case, side: Side) -> Int64[np.ndarray, " n"]:
    """Give equal labels to what is not independent: queries that share a relevant document or a group, documents of one group."""
    collection = case.collection
    if side == "query":
        return cluster_queries(collection.query_ids, collection.qrels, collection.groups)
    labels: dict[str, int] = {}
    keys = (collection.doc_groups.get(doc_id, f"\0{doc_id}") for doc_id in collection.doc_ids)
    return np.array([labels.setdefault(key, len(labels)) for key in keys], np.int64)


def relevant_rows(case: Case) -> list[Int64[np.ndarray, " r"]]:
    """Return for each query the rows of its relevant documents."""
    place = {doc_id: row for row, doc_id in enumerate(case.collection.doc_ids)}
    judged = (case.collection.qrels.get(query_id, {}) for query_id in case.collection.query_ids)
    return [np.array(sorted(place[d] for d, gain in gains.items() if gain > 0), np.int64) for gains in judged]


def distinct_rows(layers: Sequence[Float[np.ndarray, "n _"]]) -> Bool[np.ndarray, " n"]:
    """Say which rows to keep: the first of each set of rows that are equal in all these layers.

    Equal rows still differ by rounding and padding, so rows that are neighbours along a random direction are compared with a tolerance.

    >>> x = np.array([[1.0, 2.0], [3.0, 1.0], [1.0, 2.0]])
    >>> distinct_rows([x]).tolist()
    [True, True, False]
    """
    n = len(layers[0])
    direction = np.random.default_rng(29)
    along = np.asarray(layers[0], np.float64) @ direction.standard_normal(layers[0].shape[1])
    order = np.argsort(along, kind="stable")
    keep, reach = np.ones(n, bool), 3  # an unequal row may lie between two equal ones
    for step in range(1, reach + 1):
        first, second = order[:-step], order[step:]
        same = np.ones(len(first), bool)
        for layer in layers:
            gap = np.linalg.norm(layer[first] - layer[second], axis=1)
            same &= gap <= _EQUAL * np.linalg.norm(layer[first], axis=1)
        keep[np.maximum(first, second)[same]] = False
    return keep
