"""Catalogue: writes the page of the collections of pictures that are on this machine. Nothing is downloaded."""

from collections.abc import Iterator
from pathlib import Path

from evidense import registry
from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import prepare, publish
from evidense.compute.comparison.excerpts import Documents
from evidense.errors import InvalidInput, MissingExtra
from evidense.report.catalogue import CatalogueEntry, catalogue_html
from evidense.report.comparison.readings import ShownItem
from evidense.report.comparison.sections import card_facts
from evidense.report.texts import picture
from evidense.study.fetch import fetchables
from evidense.values import Collection
from evidense.verbs.retrieve import collection_card

PAGE = "report.html"
N_SHOWN = 4
_FROM_PYTHON_PACKAGES = ("glyphs", "icons")


def catalogue_page(out: Path) -> Path:
    """Write report.html into `out`, and return its path.

    Raises:
        InvalidInput: `out` is a file, or holds files of somebody else.
        StoreError: the disk is full or the folder cannot be written.
    """
    claim = FolderClaim(out, {"name": "pictures", "kind": "catalogue"})
    prepare(claim, [PAGE])
    entries = [_entry(name) for name in (*fetchables(), *_FROM_PYTHON_PACKAGES)]
    publish(claim, {PAGE: catalogue_html(entries).encode("utf-8", "replace")})
    return out / PAGE


def _entry(name: str) -> CatalogueEntry:
    part, summary = registry.part("datasets", name), registry.summaries("datasets")[name]
    try:
        collection, *_ = part.open(f"{part.spellings[0]}:t2i")
    except (InvalidInput, MissingExtra) as error:
        return CatalogueEntry(name, summary, part.spellings, missing=str(error))
    facts = card_facts(collection_card(collection))
    return CatalogueEntry(name, summary, part.spellings, facts=facts, pictures=list(_shown(collection)))


def _shown(collection: Collection) -> Iterator[ShownItem]:
    """Yield the pictures of four queries, evenly from the first to the last."""
    documents, n = Documents(collection), len(collection.queries)
    for k in range(min(N_SHOWN, n)):
        query = collection.queries[n * (2 * k + 1) // (2 * min(N_SHOWN, n))]
        card = documents.card(min(d for d, gain in collection.qrels[query.id].items() if gain > 0))
        yield ShownItem(str(card["doc_id"]), query.text or query.id, picture(card), "")
