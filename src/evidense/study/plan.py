"""Plan: the steps of a study, which of them the store already holds, and what the others will take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidense.boundary.numerals import duration
from evidense.compute.indexes.build_time import build_seconds
from evidense.compute.progress import estimate
from evidense.compute.search.encode import is_cached
from evidense.errors import InvalidInput
from evidense.parts import Ranker, Tower
from evidense.parts.served import Asked, Bill, Served
from evidense.store import Store
from evidense.study.memory import index_bytes, n_dims_of, ranking_bytes
from evidense.study.run import RANKED_BYTES, OpenedStudy
from evidense.study.runners.local import n_cores
from evidense.study.trained.cells import Cells
from evidense.study.trained.costs import TrainingCost, cost_of_cells
from evidense.values import Collection, Item
from evidense.verbs.retrieve import System, TwoStages, bills_of, reranking_s, step_key


@dataclass(frozen=True)
class Step:
    """One system on one collection."""

    system: str
    collection: str
    n_queries: int
    n_documents: int
    cached: bool
    seconds: float
    size_bytes: int
    is_code: bool = False
    """The system is the user's code. A plan runs no code, so the cost is unknown."""
    bills: tuple[Bill, ...] = ()
    """For a system behind servers: what is left to ask. A plan asks nothing."""
    memory_bytes: int = 0
    """Estimated resident memory of the worker that does it; 0 if it is cached or not known."""


@dataclass(frozen=True)
class Plan:
    """Every step of a study, in the order of the run."""

    steps: tuple[Step, ...]
    trainings: tuple[TrainingCost, ...] = ()
    n_workers: int = 1
    """Number of processes that share the work."""
    to_fetch: tuple[int, int] = (0, 0)
    """Of a remote store: how many files the steps that are done would fetch from it, and how many bytes."""
    inside: Mapping[str, int] = field(default_factory=dict)
    """Dissection → number of its analyses. Their cost is not estimated."""

    @property
    def seconds(self) -> float:
        """Estimated seconds of all steps that are not cached."""
        return (sum(t.seconds for t in self.trainings) + sum(s.seconds for s in self.steps)) / self.n_workers

    @property
    def by_task(self) -> dict[str, float]:
        """Return task → estimated seconds. The tasks have the names of `run_cells`."""
        trained = {training.label: training.seconds for training in self.trainings}
        return trained | {f"{step.system} on {step.collection}": step.seconds for step in self.steps}

    @property
    def memory_by_task(self) -> dict[str, int]:
        """Return task → estimated resident memory of the worker that does it."""
        trained = {training.label: training.memory_bytes for training in self.trainings}
        return trained | {f"{step.system} on {step.collection}": step.memory_bytes for step in self.steps}

    @property
    def memory_bytes(self) -> int:
        """Estimated resident memory of a worker in the step that needs the most."""
        return max(self.memory_by_task.values(), default=0)

    @property
    def size_bytes(self) -> int:
        """Estimated bytes on disk of all steps that are not cached."""
        return sum(s.size_bytes for s in self.steps)


def plan(opened: OpenedStudy, store: Store) -> Plan:
    """Find the steps that are done, and estimate the others. Vectors that two systems share are counted once."""
    with store.only_looking() as to_fetch:
        steps = _plan(opened, store)
    return replace(steps, to_fetch=(len(to_fetch), sum(to_fetch.values())))


def _plan(opened: OpenedStudy, store: Store) -> Plan:
    inside = {
        dissection.name: len(dissection.analyses) * len(dissection.collections)
        for dissection in opened.dissections
        if dissection.analyses
    }
    if opened.cells is not None:
        return replace(_of_cells(opened, opened.cells, store), inside=inside)
    encoded, asked = set[tuple[str, str, str]](), Asked()
    steps = []
    for collection in opened.collections:
        for system in (*opened.systems, *opened.references):
            if bills := bills_of(system.engine, collection, store, asked):
                seconds = reranking_s(system.engine, collection)
                steps.append(_with_bills(_step(system, collection, False, seconds, 0), bills))
                continue
            if store.recall(step_key(system, collection, opened.study.depth)):
                steps.append(_step(system, collection, True, 0.0, 0))
                continue
            seconds, size = _cost(system, collection, store, encoded)
            size += len(collection.queries) * opened.study.depth * RANKED_BYTES
            of_index = _index_cost(system, len(collection.corpus))
            seconds, size = seconds + of_index[0], size + of_index[1]
            memory = ranking_bytes(system, collection, opened.study.depth)
            steps.append(replace(_step(system, collection, False, seconds, size), memory_bytes=memory))
        steps += [_of_code(label, collection) for label in opened.unopened]
    return Plan(tuple(steps), inside=inside)


def _of_cells(opened: OpenedStudy, cells: Cells, store: Store) -> Plan:
    """Return the plan of a study that trains. Ranking with a checkpoint costs as much as ranking with its start."""
    costs = cost_of_cells(opened.study, cells, store)
    steps = [
        _with_bills(replace(_step_of(r.label, c), cached=r.cached, seconds=r.seconds, size_bytes=r.size_bytes,
                            is_code=r.is_code, memory_bytes=r.memory_bytes), r.bills)
        for c in opened.collections
        for r in costs.rankings(c)
    ]  # fmt: skip
    return Plan(tuple(steps), tuple(costs.trainings), n_cores())


def _step_of(label: str, collection: Collection) -> Step:
    return Step(label, collection.name, len(collection.queries), len(collection.corpus), False, 0.0, 0)


def _step(system: System, collection: Collection, cached: bool, seconds: float, size_bytes: int) -> Step:
    return replace(_step_of(system.label, collection), cached=cached, seconds=seconds, size_bytes=size_bytes)


def _with_bills(step: Step, bills: Sequence[Bill]) -> Step:
    """Return the step of a system behind servers with its bills, and with their time as far as their pace is known.

    Raises:
        InvalidInput: it would exceed its budget.
    """
    if not bills:
        return step
    for bill in bills:
        if bill.exceeds:
            raise InvalidInput(
                f"'{step.system}' on {step.collection}: {bill_words(bill)}, which exceeds the budget of {bill.exceeds}. Nothing was sent; "
                f"raise @budget, or draw fewer {bill.noun} (--queries, --documents{', @depth' if bill.noun != 'texts' else ''})"
            )
    is_cached = not step.seconds and all(bill.is_done for bill in bills)
    seconds = step.seconds + sum(bill.seconds or 0.0 for bill in bills)
    return replace(step, cached=is_cached, seconds=seconds, bills=tuple(bills))


def bill_words(bill: Bill) -> str:
    """Return what is left to ask of a server, in words.

    >>> bill_words(Bill(360, 21_000, 12, 0.00042, n_checks=3, n_waiting=40, seconds=75))
    'up to 360 texts, about 21,000 tokens, 12 requests and 3 that check the model, about 0.00042 USD, about 1 min 15 s at its last pace; \
40 texts of a run that was cut count if the model is the same'
    >>> bill_words(Bill(0, 0, 0, None, n_above=92))
    'no more texts: 92 are asked above'
    """
    said = []
    if bill.n_texts:
        said.append(_priced(bill))
    if bill.n_waiting:
        said.append(f"{bill.n_waiting:,} {bill.noun} of a run that was cut count if the model is the same")
    if bill.n_above:
        said.append(
            f"{'' if said else f'no more {bill.noun}: '}{bill.n_above:,}{' more' if said else ''} are asked above"
        )
    return (
        "; ".join(said)
        or f"{bill.n_checks} request{'s' * (bill.n_checks != 1)} that check{'s' * (bill.n_checks == 1)} the model"
    )


def _priced(bill: Bill) -> str:
    cost = (
        f"about {bill.cost_usd:.2g} USD"
        if bill.cost_usd is not None
        else "no price given (@price=USD per million tokens)"
    )
    checks = f" and {bill.n_checks:,} that check the model" if bill.n_checks else ""
    time = (
        "time not known before it is asked"
        if bill.seconds is None
        else f"about {duration(bill.seconds)} at its last pace"
    )
    return f"up to {bill.n_texts:,} {bill.noun}, about {bill.n_tokens:,} tokens, {bill.n_requests:,} requests{checks}, {cost}, {time}"


def _of_code(label: str, collection: Collection) -> Step:
    return replace(_step_of(label, collection), is_code=True)


def _index_cost(system: System, n_documents: int) -> tuple[float, int]:
    """Estimate the seconds of building an approximate index, and its bytes on disk. An index that the store has is not looked for: its vectors name it."""
    if system.approximation is None or isinstance(system.engine, Ranker):
        return 0.0, 0
    values, n_dims = system.approximation.values(n_documents), n_dims_of(system, system.engine)
    return build_seconds(system.approximation.kind, values, n_documents, n_dims), index_bytes(system, n_documents) // 2


def _cost(
    system: System, collection: Collection, store: Store, encoded: set[tuple[str, str, str]]
) -> tuple[float, int]:
    if isinstance(system.engine, TwoStages):
        return _cost_of_stages(system.engine, collection, store, encoded)
    if isinstance(system.engine, Ranker):
        return 0.0, 0
    seconds, size = 0.0, 0
    sides: Sequence[tuple[str, Tower, Sequence[Item]]] = (
        ("documents", system.engine.tower("document"), collection.corpus),
        ("queries", system.engine.tower("query"), collection.queries),
    )
    for side, tower, items in sides:
        key = (tower.fingerprint, collection.checksum, side)
        if key not in encoded and not is_cached(tower, items, store):
            needed = estimate(tower, items)
            seconds, size = seconds + needed.seconds, size + needed.size_bytes
        encoded.add(key)
    return seconds, size


def _cost_of_stages(
    stages: TwoStages, collection: Collection, store: Store, encoded: set[tuple[str, str, str]]
) -> tuple[float, int]:
    """Return the cost of reranking, and of the first stage if its lists are not in the store."""
    seconds = reranking_s(stages, collection)
    if isinstance(stages.first.engine, Served) or stages.first_ranking(collection, store) is not None:
        return seconds, 0
    of_first, size = _cost(stages.first, collection, store, encoded)
    return seconds + of_first, size + len(collection.queries) * stages.reranker.n_reranked * RANKED_BYTES
