"""Run: a Study, step by step, to its records and its page. A killed run continues where it stopped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from evidense import registry, report, stats
from evidense.boundary.folder import prepare
from evidense.compute.comparison.grouping import check_grouping
from evidense.compute.comparison.scored import ScoredSystems
from evidense.compute.comparison.sharing import Shared
from evidense.compute.comparison.slices import columns_of
from evidense.compute.models.locate import require_transformers
from evidense.compute.progress import Progress
from evidense.errors import InvalidInput, MissingExtra, UnknownName, gathered
from evidense.parts import Encoder, Ranker
from evidense.records import Finding, Record, Study
from evidense.report.folder import claim_of, names_of
from evidense.store import Store
from evidense.study.files.dissect_tables import Dissection
from evidense.study.gates.looks import looked, planned
from evidense.study.gates.unseen import training_pairs, unseen
from evidense.study.opened_collections import collections_of
from evidense.study.result import Result
from evidense.study.run_dissections import InProcess, open_dissections, run_dissections
from evidense.study.trained.cells import Cells, Watch, cells_of
from evidense.study.trained.run_cells import run_cells
from evidense.study.trained.tasks import CollectionAddress
from evidense.values import Collection, Pairs
from evidense.verbs.decide import decide_collection, decide_over
from evidense.verbs.decide_claims import decide_claims, literature, registered
from evidense.verbs.decide_queries import decide_queries
from evidense.verbs.decide_winner import decide_winner
from evidense.verbs.retrieve import System, labels, open_system, retrieve, stays_shut
from evidense.verbs.score import score, with_judged

LITERATURE = "literature"
"""Among a study's claims: all that are of the literature."""
RANKED_BYTES = 8
"""Bytes that a ranked document takes: an index and a score."""
MOST_BYTES = 2 << 30
"""Of the ranked lists of one system on one collection."""


@dataclass(frozen=True)
class Wishes:
    """How a study is run: nothing here changes a number.

    `engines` are systems and `values` collections that exist in this process only, by the spelling that the study gives
    them. `ready` hears of each collection as soon as it is decided; `progress` of the encoding.
    """

    out: Path | None = None
    text: bool = True
    command: str = ""
    engines: Mapping[str, Encoder | Ranker] = field(default_factory=dict)
    values: Mapping[str, Collection] = field(default_factory=dict)
    ready: Callable[[Study, Sequence[Record]], None] | None = None
    progress: Progress | None = None
    line: Callable[[str, float], None] | None = None
    """Of a study that trains: hears what is being done, and about how many seconds are left."""
    n_workers: int | None = None
    """Of a study that trains: None is one a processor, 0 everything in this process."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Of a study that trains: task → its estimated time."""


@dataclass(frozen=True)
class Opened:
    """A study whose systems and collections have been found: what runs, or is planned."""

    study: Study
    systems: tuple[System, ...]
    references: tuple[System, ...]
    collections: tuple[Collection, ...]
    origins: tuple[CollectionAddress, ...]
    """Of each collection: its spelling in the study and which of those that it means; "" where it exists in this process only."""
    dissections: tuple[Dissection, ...] = ()
    engines: dict[str, Encoder | Ranker] = field(default_factory=dict)
    """What is open, by spelling."""
    unopened: tuple[str, ...] = ()
    """Of a plan, which runs no code: labels of systems that are code."""
    trained_on: tuple[Pairs, ...] = ()
    """What the systems were trained on."""
    cells: Cells | None = None
    """What the study trains; None if its systems are ready."""


def open_study(study: Study, wishes: Wishes) -> Opened:
    """Open every system and collection before anything is computed, so that a misspelling costs no time.

    Queries that losses.csv in the page's folder marks as wrongly labelled are excluded from here on: the study that comes
    back says which.

    Raises:
        UnknownName, AmbiguousName, InvalidInput, MissingExtra: as the parts say.
        InvalidInput, StoreError: the page's folder holds another study or files in the way, or cannot be written.
    """
    if wishes.out is not None:
        prepare(claim_of(study, wishes.out), names_of(study))
    study = replace(study, excluded=tuple(sorted({*study.excluded, *_marked(wishes)})), claims=_claims(study.claims))
    study = replace(study, registered=registered(study.claims))
    engines = dict(wishes.engines)
    by_spelling = _collections(study, wishes, engines)
    collections = tuple(c for _, several in by_spelling for c in several)
    origins = tuple(
        ("" if name in wishes.values else name, index) for name, several in by_spelling for index in range(len(several))
    )
    twice = sorted({c.name for c in collections if sum(o.name == c.name for o in collections) > 1})
    if twice:
        raise InvalidInput(f"the collection {', '.join(twice)} is named twice; expected distinct ones; leave one out")
    _check_names(study, collections)
    _check_depth(study, collections)
    dissections = open_dissections(study, engines, wishes.values)
    if study.factorial or study.arms:
        return Opened(study, (), (), collections, origins, dissections, engines, cells=cells_of(study))
    names = labels((*study.systems, *study.references))
    missing: list[MissingExtra] = []
    opened = _systems(study, engines, missing)
    if missing:
        raise MissingExtra.all_of(missing)
    n = len(study.systems)
    systems, references = (tuple(opened[i] for i in opened if (i < n) == is_first) for is_first in (True, False))
    unopened = tuple(name for i, name in names.items() if i not in opened)
    study = planned(study, opened[0].engine if 0 in opened else None)
    return Opened(
        study, systems, references, collections, origins, dissections, engines, unopened, training_pairs(study)
    )


def _collections(
    study: Study, wishes: Wishes, engines: dict[str, Encoder | Ranker]
) -> list[tuple[str, list[Collection]]]:
    """Open the collections; where a library is missing, say what the systems lack, too.

    Raises:
        MissingExtra: everything that is missing.
    """
    by_spelling, missing = [], list[MissingExtra]()
    for spelling in study.collections:
        with gathered(missing):
            by_spelling.append((spelling, collections_of(study, spelling, wishes.values)))
    if missing and (study.factorial or study.arms):
        with gathered(missing):
            require_transformers(study.name)
    if missing:
        _systems(study, engines, missing)
        raise MissingExtra.all_of(missing)
    return by_spelling


def _systems(study: Study, engines: dict[str, Encoder | Ranker], missing: list[MissingExtra]) -> dict[int, System]:
    """Open the systems and references by their place; those that run code in a plan stay shut."""
    spellings = (*study.systems, *study.references)
    names = labels(spellings)
    opened = {}
    for place, spelling in enumerate(spellings):
        if spelling in engines or not stays_shut(spelling):
            with gathered(missing):
                opened[place] = open_system(spelling, names[place], engines)
    return opened


def run_study(study: Study, store: Store, wishes: Wishes) -> Result:
    """Run a study and write its page, if `wishes.out` names a folder.

    Raises:
        EvidenseError: whatever a part, the store or the statistics refuse, before the page is touched.
    """
    return run_opened(open_study(study, wishes), store, wishes)


def run_opened(opened: Opened, store: Store, wishes: Wishes) -> Result:
    """Run a study whose systems and collections are open already; see `run_study`."""
    store.sweep()
    store.put(opened.study)
    if opened.cells is None:
        study, records = _compared(opened, store, wishes)
    else:
        study, records = opened.study, _trained(opened, opened.cells, store, wishes)
    records += _dissected(opened, records, store, wishes)
    result = Result(study, (study, *records), store, command=wishes.command)
    return result if wishes.out is None else replace(result, page=result.report(wishes.out, text=wishes.text))


def _trained(opened: Opened, cells: Cells, store: Store, wishes: Wishes) -> list[Record]:
    watch = Watch(wishes.ready, wishes.line, wishes.n_workers, wishes.seconds)
    named = list(zip(opened.origins, opened.collections, strict=True))
    return run_cells(opened.study, cells, named, store, watch)


def _dissected(opened: Opened, records: Sequence[Record], store: Store, wishes: Wishes) -> list[Record]:
    """Look inside, then decide the claims of the literature from all that was found, effects of trained cells among it."""
    watch = Watch(wishes.ready, wishes.line, wishes.n_workers, wishes.seconds)
    in_process = InProcess(wishes.values, wishes.engines, wishes.progress)
    dissected = run_dissections(opened.study, opened.dissections, in_process, store, watch)
    findings = [record for record in (*records, *dissected) if isinstance(record, Finding)]
    ledger: list[Record] = list(decide_claims(opened.study, findings, store))
    if ledger and wishes.ready:
        wishes.ready(opened.study, ledger)
    return [*dissected, *ledger]


def _claims(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of claims, each once; LITERATURE stands for all that are of the literature."""
    groups = [tuple(literature()) if name == LITERATURE else (name,) for name in names]
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _compared(opened: Opened, store: Store, wishes: Wishes) -> tuple[Study, list[Record]]:
    study = opened.study
    records: list[Record] = []
    all_scored = []
    for scored, new_records in _scored(opened, store, wishes.progress):
        all_scored.append(scored)
        decided = decide_collection(study, scored, store)
        decided += unseen(study, scored, opened.trained_on, store)
        records += [*new_records, *decided]
        study = looked(study, scored, store, opened.systems[0].engine)
        if wishes.ready:
            wishes.ready(study, [*new_records, *decided])
    shared = Shared(opened.collections, study.clusters)
    records += [*decide_queries(study, shared, store), *decide_over(study, all_scored, shared.sharing, store)]
    if study.best_of:
        pool = stats.Pool([scored.differences(study.primary, store) for scored in all_scored], shared.sharing)
        records.append(decide_winner(study, records, pool, store))
    return study, records


def _scored(opened: Opened, store: Store, progress: Progress | None) -> Iterator[tuple[ScoredSystems, list[Record]]]:
    everyone = (*opened.systems, *opened.references)
    for index, collection in enumerate(opened.collections):
        measures = with_judged(opened.study.measures, collection)
        rankings = {s.label: retrieve(s, collection, opened.study.depth, store, progress) for s in everyone}
        scores = {
            (s.label, x.measure): x for s in everyone for x in score(rankings[s.label], collection, measures, store)
        }
        scored = ScoredSystems(
            index=index,
            n_collections=len(opened.collections),
            collection=collection,
            labels=tuple(s.label for s in opened.systems),
            references=tuple(s.label for s in opened.references),
            rankings=rankings,
            scores=scores,
            grouped_by=opened.study.clusters,
        )
        yield scored, [*rankings.values(), *scores.values()]


def _marked(wishes: Wishes) -> list[str]:
    if wishes.out is None or not (wishes.out / "losses.csv").exists():
        return []
    labels = report.read_labels(wishes.out / "losses.csv")
    return [f"{name}\t{query}" for (name, query), label in labels.items() if label == "yes"]


def _check_names(study: Study, collections: Sequence[Collection]) -> None:
    """Find a misspelt claim or slice before anything is computed."""
    for claim in study.claims:
        registry.part("claims", claim)
    columns = {column for c in collections for column in columns_of(c)}
    for name in study.slices:
        if name not in columns:
            raise UnknownName.among("slice column", name, columns)
    for c in collections:
        check_grouping(c, study.clusters)


def _check_depth(study: Study, collections: Sequence[Collection]) -> None:
    """Refuse ranked lists that no memory holds."""
    for c in collections:
        size = study.depth * len(c.queries) * RANKED_BYTES
        if size > MOST_BYTES:
            deepest = MOST_BYTES // (len(c.queries) * RANKED_BYTES)
            raise InvalidInput(
                f"'depth' is {study.depth:,}, which takes {size / 1e9:.1f} GB a system for the {len(c.queries):,} queries of {c.name}; "
                f"expected at most {deepest:,} here; choose fewer documents (--depth) or queries (--queries)"
            )
