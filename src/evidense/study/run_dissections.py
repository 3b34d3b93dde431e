"""Run the analyses of a study's [[dissect]] tables side by side in worker processes, and return their findings.

Every process computes on one thread, so that the bytes do not depend on the number of processors.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from evidense import registry
from evidense.compute.progress import Progress
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import Case, Encoder, Ranker, Subject
from evidense.records import Finding, Study
from evidense.store import Store
from evidense.study.files.dissect_tables import SAMPLES, TRAINED, Dissection, dissections_of
from evidense.study.opened import collections_of
from evidense.study.runners.local import local_runner, n_cores
from evidense.study.runners.surroundings import kept_by_worker
from evidense.study.runners.tasks import Say, Task, tell
from evidense.study.shipped import named
from evidense.study.trained.cells import Watch
from evidense.study.trained.lending import trainer
from evidense.study.trained.run_cells import train_stages
from evidense.values import Collection
from evidense.values.labels import labels
from evidense.verbs.dissect import Lent, Registered, dissect, is_settled, refused
from evidense.verbs.retrieve import Engines, open_system, stays_shut

_TASKS_A_WORKER = 3
"""Fewest analyses per worker. A worker takes seconds to start, so it is not worth it for fewer."""


# --- opening ---------------------------------------------------------------------------------------------------------


def open_dissections(study: Study, engines: Engines, in_process: Container[str] = ()) -> tuple[Dissection, ...]:
    """Read a study's tables and open every encoder that is not trained by a study, so that a misspelling costs no time.

    `in_process` holds the spellings of collections that exist in this process only.

    Raises:
        EvidenseError: as `dissections_of` and the parts say.
    """
    dissections = dissections_of(study, study.name)
    for dissection in dissections:
        for spelling in (s for s in dissection.collections if s not in in_process):
            registry.dataset(spelling)
        for spelling in dissection.spellings:
            if not spelling.startswith(TRAINED) and not (spelling not in engines and stays_shut(spelling)):
                _open_encoder(spelling, engines)
    return dissections


def _subjects(dissection: Dissection, trained: Mapping[str, str], engines: Engines) -> tuple[Subject, ...]:
    """Open the encoders of a table, each with its role; `trained` maps a training's label to the id of its checkpoint."""
    names = labels(tuple(spelling.removeprefix(TRAINED) for spelling in dissection.spellings))
    subjects = []
    for index, spelling in enumerate(dissection.spellings):
        label = spelling.removeprefix(TRAINED)
        source = f"checkpoint:{trained[label]}" if spelling.startswith(TRAINED) else spelling
        subjects.append(Subject(names[index], source, _open_encoder(source, engines), dissection.role(spelling)))
    return tuple(subjects)


def _open_encoder(spelling: str, engines: Engines) -> Encoder:
    return registry.as_encoder(spelling, open_system(spelling, engines=engines).engine)


# --- one analysis ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InProcess:
    """Collections and systems that exist in this process only, by spelling, and the progress callback of the encoding."""

    values: Mapping[str, Collection] = field(default_factory=dict)
    engines: Mapping[str, Encoder | Ranker] = field(default_factory=dict)
    progress: Progress | None = None
    opened: Mapping[str, Encoder | Ranker] = field(default_factory=dict)
    """Systems that this process has opened, by spelling; others can open them too."""

    def holds_any_of(self, dissection: Dissection) -> bool:
        """Say whether a table names a collection or system that no other process can open."""
        return any(name in self.values for name in dissection.collections) or any(
            spelling in self.engines for spelling in dissection.spellings
        )


@dataclass(frozen=True)
class AnalysisJob:
    """One analysis of one table on the collections that one spelling means."""

    dissection: Dissection
    collection: str
    analysis: str

    @property
    def key(self) -> str:
        """Return the name of the task."""
        return f"{self.analysis} of {self.dissection.name} on {self.collection}"


@dataclass(frozen=True)
class JobResult:
    """The ids of a job's findings. `refusal` says why the analysis could not examine a collection; "" if it could."""

    finding_ids: tuple[str, ...]
    refusal: str = ""

    def findings(self, store: Store) -> list[Finding]:
        """Return the findings."""
        return [cast(Finding, store.get(finding_id)) for finding_id in self.finding_ids]


@dataclass
class JobRunner:
    """Runs the jobs of one process. Encoders and collections stay open between jobs."""

    study: Study
    store: Store
    in_process: InProcess = field(default_factory=InProcess)
    engines: Engines = field(default_factory=dict)
    collections: dict[tuple[str, int | None, int | None], list[Collection]] = field(default_factory=dict)

    def stored(self, job: AnalysisJob, trained: Mapping[str, str]) -> JobResult | None:
        """Return the result if nothing is left to compute: the store holds the findings, or the analysis has refused the collection before."""
        if all(is_settled(job.analysis, case, self.store) for case in self._cases(job, trained)):
            return self.run(job, trained)
        return None

    def run(self, job: AnalysisJob, trained: Mapping[str, str]) -> JobResult:
        """Run one analysis. If it refuses to examine a collection, the result holds a finding without a value."""
        dissection = job.dissection
        lent = Lent(self.store, trainer(self.store), self.in_process.progress, tell)
        registered = Registered(self.study.id, dissection.name, dissection.tuned_on)
        findings, refusal = list[Finding](), ""
        for case in self._cases(job, trained):
            try:
                findings += dissect(job.analysis, case, lent, registered)
            except (InvalidInput, UnknownName) as error:
                refusal = str(error)
                findings += refused(job.analysis, case, refusal, (lent, registered))
        return JobResult(tuple(finding.id for finding in findings), refusal)

    def _cases(self, job: AnalysisJob, trained: Mapping[str, str]) -> Iterator[Case]:
        """Yield the case of each collection that the job's spelling means."""
        dissection = job.dissection
        subjects = _subjects(dissection, trained, self.engines)
        first = self._opened(dissection, dissection.collections[0])[0]
        for collection in self._opened(dissection, job.collection):
            yield Case(
                subjects=subjects,
                collection=collection,
                beside=first if collection.name != first.name else None,
                seed=self.study.seed,
                confidence=self.study.confidence,
                n_resamples=self.study.n_resamples,
                options=dissection.options.get(job.analysis, {}),
                states=dissection.states,
            )

    def _opened(self, dissection: Dissection, spelling: str) -> list[Collection]:
        sizes = {key: n for key in SAMPLES if (n := getattr(dissection, key)) is not None}
        study = replace(self.study, **sizes)
        key = spelling, study.sample_queries, study.sample_documents
        if key not in self.collections:
            self.collections[key] = collections_of(study, spelling, self.in_process.values)
        return self.collections[key]


_RUNNERS: dict[str, JobRunner] = kept_by_worker()
"""Study id → runner, in a worker process."""


def run_in_worker(study: Study, job: AnalysisJob, trained: Mapping[str, str]) -> JobResult:
    """Run one analysis in a worker, with the store of its environment."""
    return _RUNNERS.setdefault(study.id, JobRunner(study, Store())).run(job, trained)


# --- all of them -----------------------------------------------------------------------------------------------------


def run_dissections(
    study: Study, dissections: Sequence[Dissection], in_process: InProcess, store: Store, watch: Watch
) -> list[Finding]:
    """Return the findings of all tables, in their order. Checkpoints that a table needs are trained first.

    Raises:
        InvalidInput: no analysis could examine any collection.
        EvidenseError: a part or the store refuses something; WorkerLost: a process was killed. The next run continues.
    """
    dissections = [dissection for dissection in dissections if dissection.analyses]
    if not dissections:
        return []
    trained = {
        d.name: train_stages(named(d.trained_by), d.trained, store, watch) if d.trained else {} for d in dissections
    }
    jobs = [
        AnalysisJob(d, spelling, analysis) for d in dissections for spelling in d.collections for analysis in d.analyses
    ]
    n_workers = n_cores() if watch.n_workers is None else watch.n_workers
    n_workers = 0 if len(jobs) < 2 * _TASKS_A_WORKER else min(n_workers, len(jobs) // _TASKS_A_WORKER)
    must_stay = any(in_process.holds_any_of(dissection) for dissection in dissections)
    is_here = must_stay or (n_workers == 0 and watch.cluster is None)
    job_runner = JobRunner(study, store, in_process, {**in_process.opened, **in_process.engines})
    tasks = [_task(job_runner, is_here, job, trained[job.dissection.name]) for job in _in_turns(jobs)]
    results: dict[str, JobResult] = {}
    with local_runner(0, store.address) if is_here else watch.runner(n_workers, store.address) as runner:
        for key, result in runner.run(tasks, _says(watch)):
            results[key] = result
            if watch.ready:
                watch.ready(study, result.findings(store))
    refusals = [result.refusal for result in results.values() if result.refusal]
    findings = [finding for job in jobs for finding in results[job.key].findings(store)]
    if refusals and all(finding.value is None for finding in findings):
        raise InvalidInput(refusals[0])
    return findings


def _in_turns(jobs: Sequence[AnalysisJob]) -> list[AnalysisJob]:
    """Sort jobs: the first of each table, then the second of each, and so on. Two analyses of one table would wait for the same vectors."""
    n_before = Counter[str]()
    turns = []
    for job in jobs:
        turns.append(n_before[job.dissection.name])
        n_before[job.dissection.name] += 1
    return [jobs[index] for index in sorted(range(len(jobs)), key=lambda index: turns[index])]


def _task(runner: JobRunner, is_here: bool, job: AnalysisJob, trained: Mapping[str, str]) -> Task:
    if is_here:
        return Task(job.key, lambda _: (runner.run, (job, trained)))
    call = (run_in_worker, (runner.study, job, trained))
    return Task(job.key, lambda _: call, stored=lambda _: runner.stored(job, trained))


def _says(watch: Watch) -> Say | None:
    line = watch.line
    return None if line is None else lambda what, done, total: line(f"{what}, {done:,} of {total:,}", 0.0)
