"""RankingTasks of a comparison, made by workers: parts of the encodings, then each system on each collection."""

import math
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from evidense import registry
from evidense.compute.search.shared_encoding import SharedEncoding
from evidense.errors import InvalidInput
from evidense.parts import SIDES, Ranker, Side
from evidense.records import Study
from evidense.store import Store
from evidense.study.memory import ranking_bytes
from evidense.study.runners.surroundings import kept_by_worker
from evidense.study.runners.tasks import Call, Runner, Task
from evidense.study.trained.tasks import CollectionAddress, open_engines, opened_collection
from evidense.values import Collection, Item
from evidense.verbs.retrieve import System, open_system, retrieve, step_key
from evidense.verbs.score import score, with_judged

_GROUP_S = 4.0
"""Seconds of encoding that are worth a task. Parts that take less are grouped; an encoding that takes less has no task of its own."""


class Address(NamedTuple):
    """How a worker finds what its parent has: by spellings, and by the key that both must come to."""

    where: CollectionAddress
    label: str
    spelling: str
    key: str


@dataclass(frozen=True)
class RankingTasks:
    """The systems and collections of a comparison that workers rank. What exists in the parent only is left to the parent."""

    study: Study
    systems: tuple[System, ...]
    collections: tuple[Collection, ...]
    origins: tuple[CollectionAddress, ...]
    only_here: frozenset[str] = frozenset()
    """Spellings of the systems that exist in this process only."""
    line: Callable[[str, float], None] | None = None
    """Called with a sentence on the work that is done, and 0."""

    def make(self, runner: Runner, store: Store) -> Iterator[int]:
        """Rank and score what the store lacks; yield the index of each collection, in order, as soon as its rankings are in the store."""
        by_collection = self._tasks(store)
        tasks = [task for of_collection in by_collection for task in of_collection]
        arriving, done = runner.run(tasks), set[str]()
        for index, of_collection in enumerate(by_collection):
            while not done.issuperset(task.key for task in of_collection):
                key, _ = next(arriving)
                done.add(key)
                if self.line is not None:
                    self.line(f"{len(done):,} of {len(tasks):,} steps done: {key}", 0.0)
            yield index

    def _tasks(self, store: Store) -> list[list[Task]]:
        """Return the tasks of each collection."""
        encodings: dict[str, list[str]] = {}
        return [
            [task for system in self.systems for task in self._of_pair(system, collection, where, store, encodings)]
            for collection, where in zip(self.collections, self.origins, strict=True)
        ]

    def _of_pair(
        self,
        system: System,
        collection: Collection,
        where: CollectionAddress,
        store: Store,
        encodings: dict[str, list[str]],
    ) -> Iterator[Task]:
        """Yield the tasks of one system on one collection. `encodings` maps each encoding to the tasks that make its parts."""
        if not where[0] or system.spelling in self.only_here:
            return
        key = step_key(system, collection, self.study.depth)
        if store.recall(key):
            return
        address, needs = Address(where, system.label, system.opened_as, key), list[str]()
        memory = ranking_bytes(system, collection, self.study.depth)
        for side in SIDES:
            encoding = _encoding(system, collection, side, store)
            if encoding is not None and encoding.key not in encodings:
                groups = grouped(encoding)
                names = [
                    f"{system.label}: {side} vectors of {collection.name}, {n} of {len(groups)}"
                    for n in range(1, len(groups) + 1)
                ]
                encodings[encoding.key] = names
                for name, numbers in zip(names, groups, strict=True):
                    arguments = (store.address, self.study, address._replace(key=encoding.key), side, numbers)
                    yield _task(name, (encode_parts, arguments), memory)
            needs += encodings[encoding.key] if encoding is not None else []
        call = (rank_and_score, (store.address, self.study, address))
        yield _task(f"{system.label} on {collection.name}", call, memory, tuple(needs))


def _encoding(system: System, collection: Collection, side: Side, store: Store) -> SharedEncoding | None:
    """Return the encoding that a ranking needs; None if the system encodes nothing, or the store holds it, or it has no parts."""
    if isinstance(system.engine, Ranker):
        return None
    return SharedEncoding.of(system.engine.tower(side), items_of(collection, side), store)


def grouped(encoding: SharedEncoding) -> list[list[int]]:
    """Return the missing parts of an encoding in groups that are worth a task; none if the whole is not worth two."""
    n_groups = min(len(encoding.missing), math.floor(encoding.seconds / _GROUP_S))
    if n_groups < 2:
        return []
    missing, ends = encoding.missing, [n * len(encoding.missing) // n_groups for n in range(n_groups + 1)]
    return [missing[start:end] for start, end in pairwise(ends)]


def items_of(collection: Collection, side: Side) -> Sequence[Item]:
    """Return the queries or the documents."""
    return collection.queries if side == "query" else collection.corpus


def _task(key: str, call: Call, memory_bytes: int, needs: tuple[str, ...] = ()) -> Task:
    return Task(key, lambda _: call, needs, memory_bytes=memory_bytes)


# --- in a worker -----------------------------------------------------------------------------------------------------

_ENCODINGS: dict[tuple[str, Side], SharedEncoding | None] = kept_by_worker()
"""Encodings that this worker makes parts of: their items are hashed once."""


def encode_parts(store_address: str, study: Study, address: Address, side: Side, numbers: Sequence[int]) -> None:
    """Make parts of an encoding."""
    if (address.key, side) not in _ENCODINGS:
        _ENCODINGS.clear()
        store, collection = Store(store_address), opened_collection(study, address.where)
        encoder = registry.as_encoder(
            address.spelling, open_system(address.spelling, address.label, open_engines()).engine
        )
        _ENCODINGS[address.key, side] = SharedEncoding.of(encoder.tower(side), items_of(collection, side), store)
    encoding = _ENCODINGS[address.key, side]
    if encoding is not None:
        _check_same(encoding.key, address)
        encoding.make(numbers)


def rank_and_score(store_address: str, study: Study, address: Address) -> list[str]:
    """Rank and score one collection with one system; return the ids of the Ranking and its Scores."""
    store, collection = Store(store_address), opened_collection(study, address.where)
    system = open_system(address.spelling, address.label, open_engines())
    _check_same(step_key(system, collection, study.depth), address)
    ranking = retrieve(system, collection, study.depth, store)
    return [
        ranking.id,
        *(scored.id for scored in score(ranking, collection, with_judged(study.measures, collection), store)),
    ]


def _check_same(key: str, address: Address) -> None:
    """Refuse files that are others here than where the command was typed.

    Raises:
        InvalidInput: the system or the collection is another one.
    """
    if key != address.key:
        raise InvalidInput(
            f"on {platform.node()}, '{address.spelling}' or '{address.where[0]}' has other bytes than where the command was typed; "
            "expected equal files on all nodes; copy them, or keep them in a folder that all nodes mount"
        )
