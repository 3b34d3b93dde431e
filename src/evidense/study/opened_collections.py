"""Collections: those that a study names, opened, sampled, and without the queries that it leaves out."""

from collections.abc import Mapping
from dataclasses import replace

from evidense import registry
from evidense.boundary.shown import shown
from evidense.records import Study
from evidense.values import Collection, sample


def collections_of(study: Study, spelling: str, values: Mapping[str, Collection] | None = None) -> list[Collection]:
    """Return what a spelling of the study means; the same in every process.

    `values` are collections that exist in this process only, by their spelling.

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
    """Return ids as files show them: losses.csv, which a user fills in, holds no control characters."""
    return {e.removeprefix(f"{name}\t") for e in map(shown, study.excluded) if e.startswith(f"{name}\t")}


def _without(collection: Collection, query_ids: set[str]) -> Collection:
    """Leave out queries whose label somebody marked as wrong in losses.csv, for all systems alike."""
    gone = {query_id for query_id in collection.query_ids if shown(query_id) in query_ids}
    if not gone:
        return collection
    queries = [item for item in collection.queries if item.id not in gone]
    qrels = {q: g for q, g in collection.qrels.items() if q not in gone}
    note = f"{len(gone):,} queries marked 'label wrong?' in losses.csv were left out, for all systems alike"
    return replace(collection, queries=queries, qrels=qrels).with_notes(note)
