"""What a study opens: its collections, with their samples drawn and excluded queries left out, and its systems by their seeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from evidense import registry
from evidense.boundary.shown import shown
from evidense.errors import InvalidInput
from evidense.parts import Ranker
from evidense.records import Study
from evidense.values import Collection, sample
from evidense.values.labels import labels
from evidense.verbs.retrieve import System, content_of


def collections_of(study: Study, spelling: str, values: Mapping[str, Collection] | None = None) -> list[Collection]:
    """Return the collections that a spelling of the study means. Every process gets the same samples.

    `values` maps spellings to collections that exist in this process only.

    Raises:
        UnknownName, AmbiguousName, InvalidInput, MissingExtra: as the parts say.
    """
    if values and spelling in values:
        collections: tuple[Collection, ...] = (values[spelling],)
    else:
        collections = registry.collections(spelling)
    seeds = [(study.seed, c.name) if study.drawn_by else study.seed for c in collections]
    drawn = [
        sample(c, study.sample_queries, study.sample_documents, seed)
        for c, seed in zip(collections, seeds, strict=True)
    ]
    return [_without(c, _excluded(study, shown(c.name))) for c in drawn]


def _excluded(study: Study, name: str) -> set[str]:
    """Return the excluded query ids of a collection as losses.csv shows them, without control characters."""
    return {e.removeprefix(f"{name}\t") for e in map(shown, study.excluded) if e.startswith(f"{name}\t")}


def _without(collection: Collection, query_ids: set[str]) -> Collection:
    """Leave out the queries that a user marked as wrongly labelled in losses.csv, for all systems alike."""
    excluded = {query_id for query_id in collection.query_ids if shown(query_id) in query_ids}
    if not excluded:
        return collection
    queries = [item for item in collection.queries if item.id not in excluded]
    qrels = {q: g for q, g in collection.qrels.items() if q not in excluded}
    note = f"{len(excluded):,} queries marked 'label wrong?' in losses.csv were left out, for all systems alike"
    return replace(collection, queries=queries, qrels=qrels, whole=collection.question_key).with_notes(note)


def ranker_labels(study: Study) -> list[str]:
    """Return the label of everything that ranks, in the order of `Study.rankers`."""
    return list(labels((*study.rankers, *study.seeds)).values())[: len(study.rankers)]


def seeds_of(study: Study, opened: Mapping[int, System]) -> dict[str, tuple[str, ...]]:
    """Return the label of each system with several seeds → those of its seeds.

    Raises:
        InvalidInput: its seeds are models and runs together, or two of them hold the same bytes. The message lists all mistakes.
    """
    seeds: dict[str, tuple[str, ...]] = {}
    mistakes: list[str] = []
    names, places = labels((*study.rankers, *study.seeds)), iter(range(len(study.rankers)))
    for name in (*study.systems, *study.references):
        at = [next(places) for _ in study.seeds.get(name, (name,))]
        if name in study.seeds:
            of_system = [opened[place] for place in at if place in opened]
            label = names[len(study.rankers) + list(study.seeds).index(name)]
            seeds[label] = tuple(system.label for system in of_system)
            mistakes += _mistakes_of_seeds(name, of_system)
    if mistakes:
        raise InvalidInput.all_of("seeds", mistakes)
    return seeds


def _mistakes_of_seeds(name: str, seeds: Sequence[System]) -> Iterator[str]:
    ranker, encoder = (next((s.spelling for s in seeds if isinstance(s.engine, Ranker) == is_ranker), "") for is_ranker in (True, False))  # fmt: skip
    if ranker and encoder:
        yield f"'{name}' mixes '{encoder}', a model, with '{ranker}', finished results; expected seeds of one kind; leave one kind out"
    twins: dict[str, str] = {}
    for seed in seeds:
        twin = twins.setdefault(content_of(seed), seed.spelling)
        if twin != seed.spelling:
            yield f"'{twin}' and '{seed.spelling}' hold the same bytes; expected another training in each seed of '{name}'; leave one of them out"
