"""Run a Study step by step to its records and its page. A killed run continues where it stopped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from evidense import registry, report, stats
from evidense.boundary.folder import prepare
from evidense.compute.comparison.family import KeptDraws
from evidense.compute.comparison.grouping import check_grouping
from evidense.compute.comparison.scored import ScoredSystems
from evidense.compute.comparison.seeds import ranking_over_seeds, scores_over_seeds
from evidense.compute.comparison.sharing import Shared
from evidense.compute.comparison.slices import columns_of
from evidense.compute.models.locate import require_transformers
from evidense.compute.progress import Progress, WholeRun
from evidense.compute.search.imported_rankings import only_of_others, refuse_unanswered
from evidense.errors import EvidenseError, InvalidInput, MissingExtra, UnknownName, gathered
from evidense.parts import Encoder, Ranker
from evidense.records import Finding, Record, Study
from evidense.report.folder import claim_of, names_of, paths_read
from evidense.report.rendering import without_sample
from evidense.store import Store
from evidense.study.fetch import require_packages
from evidense.study.files.dissect_tables import Dissection
from evidense.study.files.names_tables import used_names
from evidense.study.gates.looks import looked, planned
from evidense.study.gates.unseen import training_pairs, unseen
from evidense.study.opened import collections_of, ranker_labels, seeds_of
from evidense.study.rankings import RankingTasks
from evidense.study.result import Result
from evidense.study.run_dissections import InProcess, open_dissections, run_dissections
from evidense.study.runners.spelling import check_runner, cluster_of
from evidense.study.runners.surroundings import memory_of_one_run
from evidense.study.trained.cells import Cells, Watch, cells_of
from evidense.study.trained.run_cells import run_cells
from evidense.study.trained.tasks import CollectionAddress
from evidense.values import Collection, Pairs, Spelling
from evidense.verbs.decide import decide_collection, decide_over
from evidense.verbs.decide_claims import decide_claims, literature, registered
from evidense.verbs.decide_queries import decide_queries
from evidense.verbs.decide_winner import decide_winner
from evidense.verbs.retrieve import System, exact_beside, open_system, retrieve, stays_shut
from evidense.verbs.score import score, with_judged

LITERATURE = "literature"
"""In a study's claims, this name stands for all claims of the literature."""
RANKED_BYTES = 8
"""Bytes per ranked document: an index and a score."""
MOST_BYTES = 2 << 30
"""Largest size of the ranked lists of one system on one collection."""


@dataclass(frozen=True)
class RunOptions:
    """How a study is run. No option changes a number.

    `engines` and `values` are systems and collections that exist in this process only, by their spelling in the study.
    `ready` is called with the records of each collection as soon as it is decided, `progress` while a dissection encodes.
    """

    out: Path | None = None
    text: bool = True
    command: str = ""
    engines: Mapping[str, Encoder | Ranker] = field(default_factory=dict)
    values: Mapping[str, Collection] = field(default_factory=dict)
    ready: Callable[[Study, Sequence[Record]], None] | None = None
    progress: Progress | None = None
    line: Callable[[str, float], None] | None = None
    """Called with a sentence on the current step and the estimated seconds left of the whole run."""
    n_workers: int | None = None
    """Number of worker processes. 0: this process, on one thread. None: trainings and analyses have one per processor, a comparison runs in
    this process on all its threads."""
    runner: str = ""
    """Spelling of a runner in place of worker processes: ray, ray://HOST:PORT."""
    warn: Callable[[str], None] | None = None
    """Called with a sentence on a cluster whose nodes differ in something that does not stop the run."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Task, or system on collection → its estimated seconds."""
    memory: Mapping[str, int] = field(default_factory=dict)
    """For a study that trains: task → estimated resident memory of its worker."""


@dataclass(frozen=True)
class OpenedStudy:
    """A study with its systems and collections opened, ready to run or to plan."""

    study: Study
    systems: tuple[System, ...]
    """Everything compared that ranks: of a system with several seeds each of these."""
    references: tuple[System, ...]
    collections: tuple[Collection, ...]
    origins: tuple[CollectionAddress, ...]
    """The address of each collection. Its spelling is "" if the collection exists in this process only."""
    dissections: tuple[Dissection, ...] = ()
    engines: dict[str, Encoder | Ranker] = field(default_factory=dict)
    """Open systems by spelling."""
    unopened: tuple[str, ...] = ()
    """In a plan, labels of the systems that are code: a plan runs no code."""
    trained_on: tuple[Pairs, ...] = ()
    """The training data of the systems."""
    cells: Cells | None = None
    """What the study trains; None if its systems are ready."""
    seeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label of a system with several seeds → the labels of these."""

    def named(self, rankers: Sequence[System]) -> tuple[str, ...]:
        """Return the labels under which rankers are compared: of seeds that of their system."""
        system_of = {seed: system for system, seeds in self.seeds.items() for seed in seeds}
        return tuple(dict.fromkeys(system_of.get(ranker.label, ranker.label) for ranker in rankers))


def open_study(study: Study, options: RunOptions) -> OpenedStudy:
    """Open every system and collection before anything is computed, so that a misspelling costs no time.

    Queries that losses.csv in the page's folder marks as wrongly labelled are excluded. The returned study names them.

    Raises:
        UnknownName, AmbiguousName, InvalidInput, MissingExtra: as the parts say.
        InvalidInput, StoreError: the page's folder holds another study or somebody's files, or cannot be written.
    """
    check_runner(options.runner, options.n_workers)
    _check_spelled(study, options)
    if options.out is not None:
        prepare(claim_of(study, options.out), names_of(study))
    study = replace(study, excluded=tuple(sorted({*study.excluded, *_marked(options)})), claims=_claims(study.claims))
    study = replace(study, registered=registered(study.claims))
    require_packages(study, options.values)
    engines = dict(options.engines)
    by_spelling = _collections(study, options, engines)
    collections = tuple(c for _, several in by_spelling for c in several)
    origins = tuple(
        ("" if name in options.values else name, index)
        for name, several in by_spelling
        for index in range(len(several))
    )
    twice = sorted({c.name for c in collections if sum(o.name == c.name for o in collections) > 1})
    if twice:
        raise InvalidInput(
            f"the collection {', '.join(twice)} is named twice; expected distinct collections; leave one out"
        )
    _check_names(study, collections)
    names, unused = used_names(study, by_spelling)
    study = replace(study, names=names)
    if unused and options.warn is not None:
        options.warn(unused)
    _check_depth(study, collections)
    dissections = open_dissections(study, engines, options.values)
    if study.factorial or study.arms:
        return OpenedStudy(study, (), (), collections, origins, dissections, engines, cells=cells_of(study))
    missing: list[MissingExtra] = []
    opened = _systems(study, engines, missing, options.line)
    if missing:
        raise MissingExtra.all_of(missing)
    n = len(replace(study, references=()).rankers)
    systems, references = (tuple(opened[i] for i in opened if (i < n) == is_first) for is_first in (True, False))
    unopened = tuple(name for i, name in enumerate(ranker_labels(study)) if i not in opened)
    refuse_unanswered({system.spelling: system.engine for system in opened.values()}, collections)
    study = planned(study, opened[0].engine if 0 in opened else None)
    return OpenedStudy(
        study, systems, references, collections, origins, dissections, engines, unopened, training_pairs(study),
        seeds=seeds_of(study, opened),
    )  # fmt: skip


def _check_spelled(study: Study, options: RunOptions) -> None:
    """Refuse systems and collections that no part recognises, all at once, before anything is opened or written.

    Raises:
        UnknownName, AmbiguousName: one is misspelt.
        InvalidInput: several are.
    """
    systems = () if study.factorial or study.arms else study.rankers
    lookups: list[tuple[Callable[[str], object], str]] = [
        *((registry.dataset, name) for name in study.collections if name not in options.values),
        *(
            (lambda text: registry.system(Spelling.parse(text)), name)
            for name in systems
            if name not in options.engines
        ),
    ]
    refused: list[EvidenseError] = []
    for look_up, name in lookups:
        try:
            look_up(name)
        except MissingExtra:  # named later, with all others
            continue
        except EvidenseError as error:
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise InvalidInput.all_of("what is named", [str(error) for error in refused])


def _collections(
    study: Study, options: RunOptions, engines: dict[str, Encoder | Ranker]
) -> list[tuple[str, list[Collection]]]:
    """Open the collections.

    Raises:
        MissingExtra: libraries are missing. The message also names those that the systems need.
    """
    by_spelling, missing = [], list[MissingExtra]()
    for spelling in study.collections:
        if options.line is not None:
            options.line(f"reading {spelling}", 0.0)
        with gathered(missing):
            by_spelling.append((spelling, collections_of(study, spelling, options.values)))
    if missing and (study.factorial or study.arms):
        with gathered(missing):
            require_transformers(study.name)
    if missing:
        _systems(study, engines, missing, options.line)
        raise MissingExtra.all_of(missing)
    return by_spelling


def _systems(
    study: Study,
    engines: dict[str, Encoder | Ranker],
    missing: list[MissingExtra],
    line: Callable[[str, float], None] | None,
) -> dict[int, System]:
    """Return index → opened system, for all that rank. In a plan, systems that are code are not opened."""
    names = ranker_labels(study)
    opened = {}
    for place, (spelling, label) in enumerate(zip(study.rankers, names, strict=True)):
        if line is not None:
            line(f"loading {label} ({place + 1} of {len(names)} systems)", 0.0)
        if spelling in engines or not stays_shut(spelling):
            with gathered(missing):
                opened[place] = open_system(spelling, label, engines)
    return opened


def run_study(study: Study, store: Store, options: RunOptions) -> Result:
    """Run a study and write its page, if `options.out` names a folder.

    Raises:
        EvidenseError: a part, the store or the statistics refuse something. The page is then unchanged.
    """
    return run_opened(open_study(study, options), store, options)


def run_opened(opened: OpenedStudy, store: Store, options: RunOptions) -> Result:
    """Run a study whose systems and collections are open; see `run_study`."""
    store.sweep()
    store.put(opened.study)
    cluster = cluster_of(options.runner, store.address, tuple(paths_read(opened.study)), options.warn)
    with nullcontext() if cluster is None else cluster, memory_of_one_run():
        watch = Watch(options.ready, options.line, options.n_workers, options.seconds, options.memory, cluster)
        if opened.cells is None:
            study, records = _compared(opened, store, options, watch)
        else:
            named = list(zip(opened.origins, opened.collections, strict=True))
            study, records = opened.study, run_cells(opened.study, opened.cells, named, store, watch)
        records += _dissected(opened, records, store, options, watch)
    store.publish(dict.fromkeys([store.put(study), *(record.id for record in records)]))
    result = Result(study, (study, *records), store, command=options.command)
    return result if options.out is None else replace(result, page=result.report(options.out, text=options.text))


def _dissected(
    opened: OpenedStudy, records: Sequence[Record], store: Store, options: RunOptions, watch: Watch
) -> list[Record]:
    """Run the dissections, then decide the claims of the literature from all findings, including the effects of trained cells."""
    in_process = InProcess(options.values, options.engines, options.progress, opened.engines)
    dissected = run_dissections(opened.study, opened.dissections, in_process, store, watch)
    findings = [record for record in (*records, *dissected) if isinstance(record, Finding)]
    ledger: list[Record] = list(decide_claims(opened.study, findings, store))
    if ledger and options.ready:
        options.ready(opened.study, ledger)
    return [*dissected, *ledger]


def _claims(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the claims, each once. LITERATURE is replaced by all claims of the literature."""
    groups = [tuple(literature()) if name == LITERATURE else (name,) for name in names]
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _compared(opened: OpenedStudy, store: Store, options: RunOptions, watch: Watch) -> tuple[Study, list[Record]]:
    study = opened.study
    records: list[Record] = []
    all_scored, kept = [], KeptDraws()
    for scored, new_records in _scored(opened, store, options, watch):
        all_scored.append(scored)
        decided = decide_collection(study, scored, store, kept)
        decided += unseen(study, scored, opened.trained_on, store)
        records += [*new_records, *decided]
        study = looked(study, scored, store, opened.systems[0].engine)
        if options.ready:
            options.ready(study, [*new_records, *decided])
    shared = Shared(opened.collections, study.clusters)
    records += [*decide_queries(study, shared, store), *decide_over(study, all_scored, shared.sharing, store, kept)]
    if study.best_of:
        pool = stats.Pool([scored.differences(study.primary, store) for scored in all_scored], shared.sharing)
        records.append(decide_winner(study, records, pool, store))
    return study, records


def _scored(
    opened: OpenedStudy, store: Store, options: RunOptions, watch: Watch
) -> Iterator[tuple[ScoredSystems, list[Record]]]:
    everyone = (*opened.systems, *opened.references)
    whole = None if options.line is None else WholeRun(options.seconds, options.line)
    for index in _ranked(opened, store, options, watch):
        collection = opened.collections[index]
        measures = with_judged(opened.study.measures, collection)
        rankings = {}
        for s in everyone:
            name, n_items = without_sample(collection.name), len(collection.corpus) + len(collection.queries)
            key, shown_name = (f"{s.label} on {place}" for place in (collection.name, name))
            progress = None if whole is None else whole.step(key, shown_name, n_items)
            rankings[s.label] = retrieve(s, collection, opened.study.depth, store, progress)
        scores = {
            (s.label, x.measure): x for s in everyone for x in score(rankings[s.label], collection, measures, store)
        }
        exact = {label: beside for label, ranking in rankings.items() if (beside := exact_beside(ranking, store))}
        for label, seeds in opened.seeds.items():
            by_seed = [[scores[seed, measure] for measure in measures] for seed in seeds]
            scores |= {(label, x.measure): x for x in scores_over_seeds(label, by_seed, store)}
            rankings[label] = ranking_over_seeds(label, [rankings[seed] for seed in seeds], store)
        scored = ScoredSystems(
            index=index,
            n_collections=len(opened.collections),
            collection=collection,
            labels=opened.named(opened.systems),
            references=opened.named(opened.references),
            rankings=rankings,
            exact=exact,
            scores=scores,
            grouped_by=opened.study.clusters,
            seeds=opened.seeds,
            joined=_joined(everyone, opened.collections, index),
        )
        yield scored, [*rankings.values(), *scored.exact.values(), *scores.values()]


def _joined(systems: Sequence[System], collections: Sequence[Collection], index: int) -> frozenset[str]:
    """Return the labels of the run files whose further queries are all of the other collections."""
    others = [*collections[:index], *collections[index + 1 :]]
    return frozenset(s.label for s in systems if others and only_of_others(s.engine, collections[index], others))


def _ranked(opened: OpenedStudy, store: Store, options: RunOptions, watch: Watch) -> Iterator[int]:
    """Yield the index of each collection; where workers are wanted, as soon as they have ranked it."""
    if watch.cluster is None and watch.n_workers is None:
        yield from range(len(opened.collections))
        return
    rankings = RankingTasks(
        opened.study,
        (*opened.systems, *opened.references),
        opened.collections,
        opened.origins,
        frozenset(options.engines),
        options.line,
    )
    with watch.runner(watch.n_workers or 0, store.address) as runner:
        yield from rankings.make(runner, store)


def _marked(options: RunOptions) -> list[str]:
    if options.out is None or not (options.out / "losses.csv").exists():
        return []
    labels = report.read_labels(options.out / "losses.csv")
    return [f"{name}\t{query}" for (name, query), label in labels.items() if label == "yes"]


def _check_names(study: Study, collections: Sequence[Collection]) -> None:
    """Refuse unknown claims, slices and groupings before anything is computed."""
    for claim in study.claims:
        registry.part("claims", claim)
    columns = {column for c in collections for column in columns_of(c)}
    for name in study.slices:
        if name not in columns:
            raise UnknownName.among("slice column", name, columns)
    for c in collections:
        check_grouping(c, study.clusters)


def _check_depth(study: Study, collections: Sequence[Collection]) -> None:
    """Refuse ranked lists that would not fit into memory."""
    for c in collections:
        size = study.depth * len(c.queries) * RANKED_BYTES
        if size > MOST_BYTES:
            deepest = MOST_BYTES // (len(c.queries) * RANKED_BYTES)
            raise InvalidInput(
                f"'depth' is {study.depth:,}, which takes {size / 1e9:.1f} GB a system for the {len(c.queries):,} queries of {c.name}; "
                f"expected at most {deepest:,} here; choose fewer documents (--depth) or queries (--queries)"
            )
