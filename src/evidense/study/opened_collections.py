"""Open the collections that a study names: draw their samples and leave out the excluded queries."""

from collections.abc import Mapping
from dataclasses import replace

from evidense import registry
from evidense.boundary.shown import shown
from evidense.records import Study
from evidense.values import Collection, sample


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
    return replace(collection, queries=queries, qrels=qrels).with_notes(note)
