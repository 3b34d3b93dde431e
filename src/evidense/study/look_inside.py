"""Look inside: the analyses of a study's dissections, side by side in worker processes, to their findings.

Everything is computed on one thread a process, so that the bytes do not depend on how many processors there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from evidense.compute.progress import Progress
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import Case, Encoder, Ranker
from evidense.records import Finding, Study
from evidense.store import Store
from evidense.study.files.dissect_tables import SAMPLES, Dissection, subjects_of
from evidense.study.opened_collections import collections_of
from evidense.study.shipped import named
from evidense.study.trained.cells import Watch, train_some
from evidense.study.trained.lending import trainer
from evidense.study.trained.workers import Say, Task, Workers, n_cores, tell
from evidense.values import Collection
from evidense.verbs.dissect import Lent, Registered, dissect, refused

_TASKS_A_WORKER = 3
"""A worker takes seconds to start: it is worth that from so many analyses on."""


@dataclass(frozen=True)
class Given:
    """What exists in this process only, and who hears of the encoding here."""

    values: Mapping[str, Collection] = field(default_factory=dict)
    engines: Mapping[str, Encoder | Ranker] = field(default_factory=dict)
    progress: Progress | None = None

    def holds(self, one: Dissection) -> bool:
        """Say whether a table asks for something that no other process can open."""
        return any(name in self.values for name in one.collections) or any(s in self.engines for s in one.spellings)


@dataclass(frozen=True)
class Looked:
    """What one analysis came to: ids of its findings, and why it could not examine something."""

    findings: tuple[str, ...]
    refusal: str = ""


@dataclass
class Ground:
    """What one process looks with; what it has opened stays open."""

    study: Study
    store: Store
    given: Given = field(default_factory=Given)
    engines: dict[str, Encoder | Ranker] = field(default_factory=dict)
    collections: dict[tuple[str, int | None, int | None], list[Collection]] = field(default_factory=dict)

    def look(self, one: Dissection, spelling: str, name: str, trained: Mapping[str, str]) -> Looked:
        """Run one analysis on what a spelling of the table means; what it refuses is a finding without value."""
        subjects = subjects_of(one, trained, self.engines)
        lent = Lent(self.store, trainer(self.store), self.given.progress, tell)
        registered = Registered(self.study.id, one.name, one.tuned_on)
        first, found, refusal = self._opened(one, one.collections[0])[0], list[Finding](), ""
        for collection in self._opened(one, spelling):
            case = Case(
                subjects=subjects,
                collection=collection,
                beside=first if collection.name != first.name else None,
                seed=self.study.seed,
                confidence=self.study.confidence,
                n_resamples=self.study.n_resamples,
                options=one.options.get(name, {}),
            )
            try:
                found += dissect(name, case, lent, registered)
            except (InvalidInput, UnknownName) as error:
                refusal = str(error)
                found += refused(name, case, refusal, (lent, registered))
        return Looked(tuple(finding.id for finding in found), refusal)

    def _opened(self, one: Dissection, spelling: str) -> list[Collection]:
        sizes = {key: n for key in SAMPLES if (n := getattr(one, key)) is not None}
        study = replace(self.study, **sizes)
        key = spelling, study.sample_queries, study.sample_documents
        if key not in self.collections:
            self.collections[key] = collections_of(study, spelling, self.given.values)
        return self.collections[key]


_GROUNDS: dict[str, Ground] = {}


def look(study: Study, one: Dissection, where: tuple[str, str], trained: Mapping[str, str]) -> Looked:
    """Run one analysis in a worker, on (spelling, analysis), with the store of its environment."""
    ground = _GROUNDS.setdefault(study.id, Ground(study, Store()))
    return ground.look(one, *where, trained)


def look_inside(
    study: Study, dissections: Sequence[Dissection], given: Given, store: Store, watch: Watch
) -> list[Finding]:
    """Return the findings of every table, in its order; what a table needs to be trained is trained first.

    Raises:
        InvalidInput: nothing of what was asked could be examined.
        EvidenseError: what a part or the store refuses; WorkerLost where a process was killed. The next run continues.
    """
    asked = [one for one in dissections if one.analyses]
    if not asked:
        return []
    trained = {
        one.name: train_some(named(one.trained_by), one.trained, store, watch) if one.trained else {} for one in asked
    }
    jobs = [(one, spelling, name) for one in asked for spelling in one.collections for name in one.analyses]
    here = Ground(study, store, given, dict(given.engines)) if any(given.holds(one) for one in asked) else None
    n = n_cores() if watch.n_workers is None else watch.n_workers
    n = 0 if here or len(jobs) < 2 * _TASKS_A_WORKER else min(n, len(jobs) // _TASKS_A_WORKER)
    if n == 0:
        here = here or Ground(study, store, given, dict(given.engines))
    tasks = [_task(here, study, job, trained[job[0].name]) for job in _dealt(jobs)]
    looked: dict[str, Looked] = {}
    with Workers(n, store.root) as workers:
        for key, made in workers.run(tasks, _says(watch)):
            looked[key] = made
            if watch.ready:
                watch.ready(study, _findings(made, store))
    refusals = [made.refusal for made in looked.values() if made.refusal]
    found = [finding for job in jobs for finding in _findings(looked[_key(job)], store)]
    if refusals and all(finding.value is None for finding in found):
        raise InvalidInput(refusals[0])
    return found


Job = tuple[Dissection, str, str]
"""A table, the spelling of a collection, an analysis."""


def _dealt(jobs: Sequence[Job]) -> list[Job]:
    """Take the first of each table, then the second …: two analyses of one table would wait for the same vectors."""
    places: dict[str, int] = {}
    ranked = []
    for at, job in enumerate(jobs):
        place = places[job[0].name] = places.get(job[0].name, -1) + 1
        ranked.append((place, at, job))
    return [job for _, _, job in sorted(ranked, key=lambda item: item[:2])]


def _task(here: Ground | None, study: Study, job: Job, trained: Mapping[str, str]) -> Task:
    one, spelling, name = job
    if here is not None:
        return Task(_key(job), lambda _: (here.look, (one, spelling, name, trained)))
    return Task(_key(job), lambda _: (look, (study, one, (spelling, name), trained)))


def _key(job: Job) -> str:
    return f"{job[2]} of {job[0].name} on {job[1]}"


def _findings(made: Looked, store: Store) -> list[Finding]:
    return [cast(Finding, store.get(finding)) for finding in made.findings]


def _says(watch: Watch) -> Say | None:
    line = watch.line
    return None if line is None else lambda what, done, total: line(f"{what}, {done:,} of {total:,}", 0.0)
