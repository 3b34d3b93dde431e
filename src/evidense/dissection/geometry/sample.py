"""Which rows of a side are looked at, with every subject's states of them: sampled, without equal rows, dealt to groups."""

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
"""A side of so many items is asked for whole, so that every analysis shares one pass."""
VECTORS = "vectors"
"""Instead of a pooling: the final vectors, as one layer, which encoders without layers have too."""
_EQUAL = 1e-5
"""Rows whose difference is less than this share of their length are equal: padding alone moves a row that much."""


@dataclass(frozen=True)
class SampleRequest:
    """What is read: which side, in which poolings, at most how many rows."""

    side: Side
    poolings: tuple[str, ...] = ("own",)
    n_rows: int = 2_000
    keep_equal: bool = False
    """Equal rows stay: they are answers to be found, not pairs of a similarity."""
    besides: tuple[int, ...] = ()
    """Rows that are read whatever is drawn."""


@dataclass(frozen=True)
class RowSample:
    """Rows of one side, the same items for every subject."""

    side: Side
    rows: Int64[np.ndarray, " n"]
    """Places in the side."""
    clusters: Int64[np.ndarray, " n"]
    groups: Int64[np.ndarray, " n"]
    """Of the jackknife: whole clusters."""
    states: Mapping[tuple[str, str], Float32[np.ndarray, "l n e"]]
    """(label, pooling) → layers."""
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(label, pooling) → why there are no states."""
    n_equal: int = 0
    """Rows that were left out since another is equal in every subject."""

    @property
    def n_clusters(self) -> int:
        """How many independent clusters of rows there are."""
        return len(np.unique(self.clusters))

    @property
    def sizes(self) -> Int64[np.ndarray, " g"]:
        """Rows of each group."""
        return np.bincount(self.groups)


def sample(case: Case, bench: Bench, request: SampleRequest) -> RowSample:
    """Read the states of some rows of one side, for every subject that shows them.

    Raises:
        InvalidInput: the base shows none, or too few rows are left to leave any out.
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
    """Draw at most so many rows without replacement, in order."""
    if n_rows >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng([seed, 23]).choice(total, size=n_rows, replace=False))


def clusters_of(case: Case, side: Side) -> Int64[np.ndarray, " n"]:
    """Label what is not independent: queries that share a relevant document or a group, documents of one group."""
    collection = case.collection
    if side == "query":
        return cluster_queries(collection.query_ids, collection.qrels, collection.groups)
    labels: dict[str, int] = {}
    keys = (collection.doc_groups.get(doc_id, f"\0{doc_id}") for doc_id in collection.doc_ids)
    return np.array([labels.setdefault(key, len(labels)) for key in keys], np.int64)


def relevant_rows(case: Case) -> list[Int64[np.ndarray, " r"]]:
    """Return for each query the rows of the documents that answer it."""
    place = {doc_id: row for row, doc_id in enumerate(case.collection.doc_ids)}
    judged = (case.collection.qrels.get(query_id, {}) for query_id in case.collection.query_ids)
    return [np.array(sorted(place[d] for d, gain in gains.items() if gain > 0), np.int64) for gains in judged]


def distinct_rows(layers: Sequence[Float[np.ndarray, "n _"]]) -> Bool[np.ndarray, " n"]:
    """Say which rows to keep: of rows that are equal in every layer given, the first.

    Rows that are equal differ by what rounding and padding do, so neighbours along one direction are compared, not bytes.

    >>> x = np.array([[1.0, 2.0], [3.0, 1.0], [1.0, 2.0]])
    >>> distinct_rows([x]).tolist()
    [True, True, False]
    """
    n = len(layers[0])
    direction = np.random.default_rng(29)
    along = np.asarray(layers[0], np.float64) @ direction.standard_normal(layers[0].shape[1])
    order = np.argsort(along, kind="stable")
    keep, reach = np.ones(n, bool), 3  # an unequal row may stand between two equal ones
    for step in range(1, reach + 1):
        first, second = order[:-step], order[step:]
        same = np.ones(len(first), bool)
        for layer in layers:
            gap = np.linalg.norm(layer[first] - layer[second], axis=1)
            same &= gap <= _EQUAL * np.linalg.norm(layer[first], axis=1)
        keep[np.maximum(first, second)[same]] = False
    return keep
