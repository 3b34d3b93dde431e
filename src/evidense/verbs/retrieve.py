"""Retrieve: rank a collection with a system → Ranking."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
from jaxtyping import Float32, Int

from evidense import registry
from evidense.boundary.consent import consent
from evidense.compute.batches import tokens_a_batch
from evidense.compute.comparison.reach import recall_note
from evidense.compute.comparison.truncation import truncation_notes
from evidense.compute.environment import environment
from evidense.compute.indexes import approximate
from evidense.compute.indexes.approximate import EXACT, BothSides, search_vectors
from evidense.compute.indexes.choice import OPTIONS, Approximation
from evidense.compute.indexes.faiss_index import library, require_faiss
from evidense.compute.progress import Progress
from evidense.compute.search.blind import OPTION, blinded, is_blind
from evidense.compute.search.compress import Compressed, Compression
from evidense.compute.search.encode import encode
from evidense.compute.search.rankings import load_lists, save_lists
from evidense.compute.search.reranking import CUT, Reranking, reranking_seconds
from evidense.compute.search.scoring import policies
from evidense.compute.similarity import APPLIED, MEANING, checked
from evidense.errors import InvalidInput
from evidense.parts import Encoder, Ranker, Reranker, Setup, WithPolicies, fingerprints, is_reranker
from evidense.parts.served import Asked, Bill, Served, ServedReranker
from evidense.records import Json, Ranking, sha256_of
from evidense.store import Store
from evidense.values import Collection, RankedLists, Spelling
from evidense.values.labels import label_of
from evidense.values.spelling import MANNERS, named_in

Vectors = Float32[np.ndarray, "n e"]

ALGORITHM = 3
"""Version of the algorithm. It is raised if a change gives other rankings, or other notes on them, for the same inputs."""

_OURS = {"dim", "bits", "label", OPTION, *OPTIONS}
"""Options of a spelling that concern the vectors or the page, not the model."""


@dataclass(frozen=True)
class System:
    """Something that ranks: an encoder (perhaps cut or compressed) or a ranker, with its name on the page."""

    label: str
    spelling: str
    engine: Encoder | Ranker
    compression: Compression | None = None
    is_blind: bool = False
    """Whether every picture looks the same to it."""
    approximation: Approximation | None = None
    """The index that searches its vectors; None for exact search."""
    opened_as: str = ""
    """The spelling with what a record leaves out: how a server is asked, and its budget. Workers open it."""


Engines = dict[str, Encoder | Ranker]
"""Spelling → opened system."""


@dataclass(frozen=True, eq=False)
class TwoStages:
    """A reranker with the system whose lists it reorders: a Ranker."""

    reranker: Reranker
    first: System

    @property
    def name(self) -> str:
        """Name of the reranker."""
        return self.reranker.name

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over both stages and the number of documents that are reranked."""
        return sha256_of([self.reranker.fingerprint, self.reranker.n_reranked, *_identity(self.first)])

    @property
    def setup(self) -> Setup:
        """How the reranker is run, and over what."""
        setup = self.reranker.setup
        return replace(
            setup, similarity=f"{setup.similarity}; over the first {self.reranker.n_reranked:,} of {self.first.label}"
        )

    @property
    def policies(self) -> Mapping[str, str]:
        """Say what becomes of the documents that are not reranked."""
        n, first = f"{self.reranker.n_reranked:,}", self.first.label
        return {"search": f"the first {n} documents of {first}, reranked", "beyond": CUT.format(n=n, first=first)}

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the reranked lists, kept in the user's store."""
        return self.ranked(collection, depth, Store(), None)[0]

    def first_ranking(self, collection: Collection, store: Store) -> Ranking | None:
        """Return the lists of the first stage if the store holds them; a server is not asked."""
        if isinstance(self.first.engine, Served):
            return None
        done = store.recall(step_key(self.first, collection, self.reranker.n_reranked))
        record = store.get(done[0]) if done else None
        return record if isinstance(record, Ranking) else None

    def bills(self, collection: Collection, store: Store, asked: Asked) -> list[Bill]:
        """Return what is left to ask of the reranker's server, beside what was `asked` for; nothing is asked."""
        if not isinstance(self.reranker, ServedReranker):
            return []
        ranking = self.first_ranking(collection, store)
        if ranking is None:
            return [self.reranker.bill_of_pairs(collection, None, asked)]
        reranking = Reranking(self.reranker, collection, load_lists(ranking, store))
        candidates = [reranking.candidates(row) for row in reranking.rows]
        return [self.reranker.bill_of_pairs(collection, candidates, asked)]

    def ranked(
        self, collection: Collection, depth: int, store: Store, progress: Progress | None
    ) -> tuple[RankedLists, Setup]:
        """Return the reranked lists, and the set-up with notes on the first stage."""
        n = self.reranker.n_reranked
        ranking = retrieve(self.first, collection, n, store, progress)
        found = load_lists(ranking, store)
        with store.partial(sha256_of(["rerank", self.fingerprint, collection.checksum])) as folder:
            lists = Reranking(self.reranker, collection, found).lists(depth, folder, progress)
            shutil.rmtree(folder, ignore_errors=True)
        notes = [f"first stage {self.first.label}: {text}" for text in ranking.setup.get("warnings") or ()]
        recall = recall_note(collection, found, n, self.first.label)
        return lists, replace(self.setup, warnings=(*self.setup.warnings, recall, *notes))


def open_system(text: str, label: str | None = None, engines: Engines | None = None) -> System:
    """Open the system that a spelling names. Engines in `engines` are used from there; other engines are opened and added to it.

    Raises:
        UnknownName, AmbiguousName: no part, or several parts, recognise the spelling.
        InvalidInput: the spelling cuts, compresses or indexes vectors, and the system has none.
        MissingExtra: the library of the index is not installed.
        EvidenseError: the part cannot open it.
    """
    engines = {} if engines is None else engines
    if text in engines:
        return System(label or label_of(text), text, engines[text], opened_as=text)
    spelling = Spelling.parse(text)
    compression, approximation = Compression.of(spelling.options), Approximation.of(spelling.options, text)
    model = Spelling(spelling.head, {k: v for k, v in spelling.options.items() if k not in _OURS})
    if str(model) not in engines:
        opened = registry.open_system(model)
        engines[str(model)] = _with_first(opened, engines)
    engine, recorded = engines[str(model)], str(spelling.without(MANNERS))
    if isinstance(engine, TwoStages) or (not isinstance(engine, Served) and isinstance(engine, Ranker)):
        _refuse_options_of_vectors(text, spelling.options, str(model))
    if approximation is not None:
        require_faiss(text)
    return System(
        label or label_of(text), recorded, engine, compression, is_blind(spelling.options), approximation, text
    )


def _refuse_options_of_vectors(text: str, options: Mapping[str, str], model: str) -> None:
    """Refuse to cut, compress or index what has no vectors.

    Raises:
        InvalidInput: there is such an option.
    """
    asked = {"dim": "cut or compress", "bits": "cut or compress", "index": "index"}
    for option, what in asked.items():
        if option in options:
            given = f"@{options[option]}" if option == "bits" else f"@{option}={options[option]}"
            raise InvalidInput(
                f"'{text}' asks for {given}, and '{model}' has no vectors to {what}; expected an encoder; leave {given} out"
            )


def _with_first(engine: Encoder | Ranker | Reranker, engines: Engines) -> Encoder | Ranker:
    """Return a reranker together with the system whose lists it reorders; any other engine as it is."""
    if is_reranker(engine):
        return TwoStages(engine, open_system(engine.first, engines=engines))
    return cast("Encoder | Ranker", engine)


def stays_shut(text: str) -> bool:
    """Say whether a system must not be opened: it is code, and the command is a plan, which runs no code.

    Raises:
        UnknownName, AmbiguousName: no part, or several parts, recognise the spelling.
    """
    return consent().nothing and any(registry.runs_code(name) for name in named_in(text))


def bills_of(engine: Encoder | Ranker, collection: Collection, store: Store, asked: Asked) -> tuple[Bill, ...]:
    """Return what is left to ask of the servers of a system, the first stage first; no server is asked.

    `asked` holds what earlier steps ask, and grows: nothing is billed twice.
    """
    if isinstance(engine, TwoStages):
        return (*bills_of(engine.first.engine, collection, store, asked), *engine.bills(collection, store, asked))
    return (engine.bill(collection, asked),) if isinstance(engine, Served) else ()


def reranking_s(engine: Encoder | Ranker, collection: Collection) -> float:
    """Estimate the seconds that a system spends on reranking; its first stage apart."""
    if not isinstance(engine, TwoStages):
        return 0.0
    return reranking_seconds(engine.reranker, collection, engine.reranker.n_reranked)


def step_key(system: System, collection: Collection, depth: int) -> str:
    """Return the step key of a system on a collection."""
    return sha256_of(["retrieve", ALGORITHM, system.label, system.spelling, _fingerprint(system.engine), repr(system.compression),
                      collection.name, collection.checksum, collection_card(collection), depth, *_index(system)])  # fmt: skip


def retrieve(
    system: System, collection: Collection, depth: int, store: Store, progress: Progress | None = None
) -> Ranking:
    """Rank the corpus for every query. An equal ranking that is in the store is returned from there.

    The ranking of a system with an index has a parent: the exact ranking of a sample of the queries (`exact_beside`).

    Raises:
        InvalidInput: a NaN vector, a run that does not fit the collection, an index that does not fit the vectors.
        StoreError: the disk is full; the next run continues.
    """
    key = step_key(system, collection, depth)
    if (done := store.recall(key)) and isinstance(record := store.get(done[0]), Ranking):
        return record
    started = time.perf_counter()
    ranked = _rank(system, collection, depth, store, progress)
    ranking = _ranking(system, collection, depth, ranked, store)
    parents = () if ranked.exact is None else (_put_exact(ranking, ranked.exact, store),)
    observed = {
        "wall_s": round(time.perf_counter() - started, 3),
        **ranked.observed,
        "environment": environment() | _batches(system),
    }
    ranking = replace(ranking, parents=parents, observed=observed)
    store.remember(key, [store.put(ranking), *parents])
    return ranking


def exact_beside(ranking: Ranking, store: Store) -> Ranking | None:
    """Return the exact ranking of a sample of the queries that an approximate ranking was made with; None for any other ranking."""
    parents = [store.get(parent) for parent in ranking.parents]
    return next((r for r in parents if isinstance(r, Ranking) and r.exact_for == ranking.system), None)


def _ranking(system: System, collection: Collection, depth: int, ranked: "_Ranked", store: Store) -> Ranking:
    blobs = save_lists(ranked.lists, store)
    return Ranking(
        system=system.label,
        spelling=system.spelling,
        setup=ranked.setup.to_json(),
        collection=collection_card(collection),
        depth=depth,
        policies=policies(collection) | ranked.searched,
        query_ids=blobs.query_ids,
        doc_ids=blobs.doc_ids,
        documents=blobs.documents,
        scores=blobs.scores,
    )


def _batches(system: System) -> dict[str, str]:
    """Return what fixes the batches of an encoder, to stand beside versions and threads: vectors depend on it in their last digits."""
    if isinstance(system.engine, Ranker):
        return {}
    return {f"tokens a batch of {system.label}": f"{tokens_a_batch(system.engine.tower('document')):,}"}


def _put_exact(ranking: Ranking, lists: RankedLists, store: Store) -> str:
    """Store the exact ranking of a sample of the queries beside an approximate one; return its id."""
    n, n_all = len(lists.query_ids), ranking.collection["n_queries"]
    which = "all" if n == n_all else f"{n:,} of {n_all:,}, drawn by a fixed seed"
    blobs = save_lists(lists, store)
    exact = replace(
        ranking,
        system=f"{ranking.system}, exact search",
        spelling=str(Spelling.parse(ranking.spelling).without(OPTIONS)),
        policies={**ranking.policies, "search": EXACT, "queries": which},
        query_ids=blobs.query_ids,
        doc_ids=blobs.doc_ids,
        documents=blobs.documents,
        scores=blobs.scores,
        exact_for=ranking.system,
    )
    return store.put(exact)


def collection_card(collection: Collection) -> dict[str, Json]:
    """Return the facts on a collection that a page shows."""
    p = collection.provenance
    query_modality, document_modality = collection.modalities
    return {
        "name": collection.name, "checksum": collection.checksum, "n_queries": len(collection.queries),
        "n_documents": len(collection.corpus), "n_judgements": sum(len(g) for g in collection.qrels.values()),
        "query_modality": query_modality, "document_modality": document_modality, "licence": p.licence,
        "source": p.source, "contamination": p.contamination, "labels": p.labels, "notes": list(p.notes),
        "is_user_data": p.is_user_data, "drop_self_matches": collection.drop_self_matches,
    }  # fmt: skip


def content_of(system: System) -> str:
    """Return the sha256 of the bytes that a system ranks by, whatever it is called."""
    return sha256_of([*_fingerprint(system.engine), repr(system.compression), *_index(system)])


def _identity(system: System) -> list[str]:
    """Return all that changes the lists of a system, whatever the collection."""
    return [system.spelling, *_fingerprint(system.engine), repr(system.compression), *_index(system)]


def _index(system: System) -> list[str]:
    """Return what identifies the index of a system; nothing for exact search."""
    return [f"{system.approximation} {approximate.ALGORITHM} {library()}"] if system.approximation else []


def _fingerprint(engine: Encoder | Ranker) -> list[str]:
    if isinstance(engine, Ranker):
        return [engine.fingerprint]
    return [*fingerprints(engine), str(engine.setup.similarity)]


@dataclass(frozen=True)
class _Ranked:
    """What a system returned for a collection."""

    lists: RankedLists
    setup: Setup
    searched: dict[str, str]
    """The policies of the search."""
    observed: Mapping[str, Json]
    exact: RankedLists | None = None
    """Exact results of a sample of the queries, where an index searched."""


def _rank(system: System, collection: Collection, depth: int, store: Store, progress: Progress | None) -> _Ranked:
    engine = system.engine
    if isinstance(engine, TwoStages):
        lists, setup = engine.ranked(collection, depth, store, progress)
        return _Ranked(lists, setup, dict(engine.policies), {})
    if isinstance(engine, Ranker):
        lists, ranker_policies = (
            engine.rank(collection, depth),
            engine.policies if isinstance(engine, WithPolicies) else {},
        )
        return _Ranked(lists, engine.setup, {"search": "as the ranker returns it", **ranker_policies}, {})
    checked(engine.setup.similarity, f"'{system.spelling}'")
    started = time.perf_counter()
    documents = encode(engine.tower("document"), collection.corpus, store, progress=progress)
    queries = encode(engine.tower("query"), collection.queries, store, progress=progress)
    wall_s = time.perf_counter() - started
    n_new = sum(len(e.vectors) for e in (documents, queries) if not e.was_cached)
    speed = {"encode_s": round(wall_s, 3), "texts_per_s": round(n_new / wall_s, 1)} if n_new else {}
    rows = None if system.is_blind else documents.rows
    of_queries, of_documents = queries.all(), documents.all() if rows is None else documents.vectors
    if system.is_blind:
        of_queries, of_documents = blinded((of_queries, collection.queries), (of_documents, collection.corpus))
    small, setup = _compressed(system, of_queries, of_documents, rows)
    setup = replace(setup, warnings=(*setup.warnings, *truncation_notes(engine, collection)))
    vectors = BothSides(small.queries, small.documents, small.similarity, rows)
    found = search_vectors(collection, vectors, depth, system.approximation, store)
    if found.overhead and setup.bytes_per_vector is not None:
        setup = replace(setup, bytes_per_vector=setup.bytes_per_vector + found.overhead)
    searched = {"search": found.sentence, APPLIED: MEANING.get(small.shown, small.shown)}
    return _Ranked(found.lists, setup, searched, {"n_encoded": n_new, **speed}, found.exact)


def _compressed(system: System, q: Vectors, d: Vectors, rows: Int[np.ndarray, " n"] | None) -> tuple[Compressed, Setup]:
    """Cut and compress the vectors of both sides if the spelling says so. The returned set-up describes the new vectors."""
    setup, compression = system.engine.setup, system.compression or Compression()
    small = compression.apply(q, d, str(setup.similarity), rows)
    if system.compression is None:
        return small, setup
    n_dims = int(small.documents.shape[1])
    return small, replace(
        setup, n_dims=n_dims, bytes_per_vector=small.bytes_per_vector, similarity=small.shown,
        normalised=setup.normalised if small.keeps_length else False,
    )  # fmt: skip
