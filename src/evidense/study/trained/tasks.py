"""Tasks of worker processes: train one stage, rank one collection, count leaks. What a worker opens stays open for its next tasks."""

from pathlib import Path

from evidense.parts import Encoder, Ranker
from evidense.records import Recipe, Study, sha256_of
from evidense.store import Store
from evidense.study.opened_collections import collections_of
from evidense.study.runners.surroundings import kept_by_worker
from evidense.study.runners.tasks import tell
from evidense.training.data.leaks import leak_counts
from evidense.values import Collection, Pairs
from evidense.verbs.retrieve import collection_card, open_system, retrieve
from evidense.verbs.score import score
from evidense.verbs.train import open_pairs, train

CollectionAddress = tuple[str, int]
"""How a worker finds a collection: its spelling in the study, and its index among the collections that the spelling means."""


_PAIRS: dict[str, Pairs] = kept_by_worker()
"""Training pairs that this worker has opened."""
_COLLECTIONS: dict[tuple[str, str], list[Collection]] = kept_by_worker()
_ENGINES: dict[str, Encoder | Ranker] = kept_by_worker()
_MOST_ENGINES = 6


def train_stage(root: Path, recipe: Recipe, label: str) -> str:
    """Train one stage and return the id of its checkpoint."""
    from evidense.training.loop.trainer import Callbacks

    callbacks = Callbacks(
        progress=lambda done, total, _: tell(label, done, total),
        states=lambda done, total, _: tell(f"{label}: states of locked towers", done, total),
    )
    return train(recipe, Store(root), callbacks, _PAIRS).id


def rank(root: Path, study: Study, where: CollectionAddress | Collection, label: str, spelling: str) -> list[str]:
    """Rank and score one system on one collection; return the ids of the Ranking and its Scores."""
    store, collection = Store(root), opened_collection(study, where)
    key = ranking_key(study, collection, label, spelling)
    if done := store.recall(key):
        return done
    system = open_system(spelling, label, open_engines())
    ranking = retrieve(system, collection, study.depth, store)
    record_ids = [ranking.id, *(scored.id for scored in score(ranking, collection, study.measures, store))]
    if spelling.startswith("checkpoint:"):
        store.remember(key, record_ids)
    return record_ids


def ranking_key(study: Study, collection: Collection, label: str, spelling: str) -> str:
    """Return the step key of the ranking and scores of a checkpoint. `spelling` holds the id of the checkpoint."""
    card = collection_card(collection)
    return sha256_of(
        ["cell", label, spelling, collection.name, collection.checksum, card, study.depth, list(study.measures)]
    )


def count_leaks(study: Study, where: CollectionAddress | Collection, data: tuple[str, ...]) -> dict[str, int]:
    """Count the items of a collection that equal, or nearly equal, a training item. All pairs count, also those not drawn for training."""
    return leak_counts([open_pairs(spelling, _PAIRS) for spelling in data], opened_collection(study, where)).to_json()


def open_engines() -> dict[str, Encoder | Ranker]:
    """Return the systems that this worker has open: few, since each may be large."""
    if len(_ENGINES) > _MOST_ENGINES:
        _ENGINES.clear()
    return _ENGINES


def opened_collection(study: Study, where: CollectionAddress | Collection) -> Collection:
    """Return a collection; this worker opens each spelling once."""
    if isinstance(where, Collection):
        return where
    key = (study.id, where[0])
    if key not in _COLLECTIONS:
        _COLLECTIONS[key] = collections_of(study, where[0])
    return _COLLECTIONS[key][where[1]]
