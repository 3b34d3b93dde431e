"""Tasks of worker processes: train one stage, rank one collection, count leaks. What a worker opens stays open for its next tasks."""

from collections.abc import Sequence
from typing import cast

from evidense.compute.models.stored_checkpoint import PREFIX
from evidense.errors import StoreError
from evidense.parts import Encoder, Ranker
from evidense.records import Recipe, Study, sha256_of
from evidense.store import Store
from evidense.study.memory import weights_bytes
from evidense.study.opened import collections_of
from evidense.study.runners.surroundings import kept_by_worker
from evidense.study.runners.tasks import tell
from evidense.study.trained.together import train_together
from evidense.training.data import leaks
from evidense.training.data.leaks import leak_counts
from evidense.values import Collection, Pairs
from evidense.verbs.retrieve import collection_card, open_system, retrieve
from evidense.verbs.retrieve import step_key as retrieval_key
from evidense.verbs.score import score
from evidense.verbs.score import step_key as score_key
from evidense.verbs.train import open_pairs, train, trained_already

CollectionAddress = tuple[str, int]
"""How a worker finds a collection: its spelling in the study, and its index among the collections that the spelling means."""


LEAKS = "leaks"
"""The store's room for counts of leaks."""
_PAIRS: dict[str, Pairs] = kept_by_worker()
"""Training pairs that this worker has opened."""
_COLLECTIONS: dict[tuple[str, str], list[Collection]] = kept_by_worker()
_ENGINES: dict[str, Encoder | Ranker] = kept_by_worker()
_MOST_ENGINES, _MOST_BYTES = 6, 2 << 30


def train_stage(store_address: str, recipe: Recipe, label: str) -> str:
    """Train one stage, in as many processes as its recipe names, and return the id of its checkpoint."""
    if recipe.n_processes > 1:
        return train_together(recipe.n_processes, store_address, _train_stage, (store_address, recipe, label))
    return _train_stage(store_address, recipe, label)


def _train_stage(store_address: str, recipe: Recipe, label: str) -> str:
    from evidense.training.loop.trainer import Callbacks

    callbacks = Callbacks(
        progress=lambda done, total, _: tell(label, done, total),
        states=lambda done, total, _: tell(f"{label}: states of locked towers", done, total),
    )
    return train(recipe, Store(store_address), callbacks, _PAIRS).id


def stored_training(store_address: str, recipe: Recipe) -> str | None:
    """Return the id of a checkpoint that the store holds; None if it must be trained."""
    done = trained_already(recipe, Store(store_address), _PAIRS)
    return None if done is None else done.id


def rank(
    store_address: str, study: Study, where: CollectionAddress | Collection, label: str, spelling: str
) -> list[str]:
    """Rank and score one system on one collection; return the ids of the Ranking and its Scores."""
    store, collection = Store(store_address), opened_collection(study, where)
    key = ranking_key(study, collection, label, spelling)
    if done := store.recall(key):
        return done
    system = open_system(spelling, label, open_engines())
    ranking = retrieve(system, collection, study.depth, store)
    record_ids = [ranking.id, *(scored.id for scored in score(ranking, collection, study.measures, store))]
    if spelling.startswith(PREFIX):
        store.remember(key, record_ids)
    return record_ids


def stored_ranking(
    store_address: str, study: Study, where: CollectionAddress | Collection, label: str, spelling: str
) -> list[str] | None:
    """Return the ids of a Ranking and its Scores that the store holds; None if they must be computed."""
    store, collection = Store(store_address), opened_collection(study, where)
    if done := store.recall(ranking_key(study, collection, label, spelling)):
        return done
    if spelling.startswith(PREFIX):
        return None
    system = open_system(spelling, label, open_engines())
    if not store.recall(retrieval_key(system, collection, study.depth)):
        return None
    ranking = retrieve(system, collection, study.depth, store)
    if not store.recall(score_key(ranking, collection, study.measures)):
        return None
    return [ranking.id, *(scored.id for scored in score(ranking, collection, study.measures, store))]


def ranking_key(study: Study, collection: Collection, label: str, spelling: str) -> str:
    """Return the step key of the ranking and scores of a checkpoint. `spelling` holds the id of the checkpoint."""
    card = collection_card(collection)
    return sha256_of(
        ["cell", label, spelling, collection.name, collection.checksum, card, study.depth, list(study.measures)]
    )


def count_leaks(
    store_address: str, study: Study, where: CollectionAddress | Collection, data: tuple[str, ...]
) -> dict[str, int]:
    """Count the items of a collection that equal, or nearly equal, a training item. All pairs count, also those not drawn for training."""
    if (stored := stored_leaks(store_address, study, where, data)) is not None:
        return stored
    pairs, collection = [open_pairs(spelling, _PAIRS) for spelling in data], opened_collection(study, where)
    counts = leak_counts(pairs, collection)
    Store(store_address).note(LEAKS, _leaks_key(pairs, collection), {"counts": counts.to_json()})
    return counts.to_json()


def stored_leaks(
    store_address: str, study: Study, where: CollectionAddress | Collection, data: tuple[str, ...]
) -> dict[str, int] | None:
    """Return the counts that the store holds; None if nobody has counted."""
    key = _leaks_key([open_pairs(spelling, _PAIRS) for spelling in data], opened_collection(study, where))
    try:
        return cast(dict[str, int], Store(store_address).noted(LEAKS, key)["counts"])
    except (StoreError, KeyError):
        return None


def _leaks_key(pairs: Sequence[Pairs], collection: Collection) -> str:
    return sha256_of(["leaks", leaks.ALGORITHM, [p.checksum for p in pairs], collection.checksum])


def open_engines() -> dict[str, Encoder | Ranker]:
    """Return the systems that this worker has open: few, and none beside 2 GiB of weights, since a cluster counts those of one task only."""
    if len(_ENGINES) > _MOST_ENGINES or sum(weights_bytes(engine) for engine in _ENGINES.values()) > _MOST_BYTES:
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
