"""Search: asks the sources, joins and screens what they found, keeps the records, and writes the folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evidense.auditing.references_of import NamedSource, Tell, tell_nobody
from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import prepare
from evidense.boundary.inputs import Inputs
from evidense.boundary.offline import without_network
from evidense.records import Record, Screening, SearchPlan
from evidense.report.folder import ROOT, folder_name
from evidense.report.history.entries import log_answer
from evidense.report.search.write import NAMES, write
from evidense.searching.criteria import Criteria, read_criteria
from evidense.searching.hits import Hits, joined
from evidense.searching.labels import HumanLabel, read_labels
from evidense.searching.outcome import SearchOutcome, logged
from evidense.searching.plans import QueryPlan, plan_of, read_plan
from evidense.searching.screening import about, screen
from evidense.store import Store
from evidense.study.audit.asked import named_sources
from evidense.study.audit.wires import wire_of
from evidense.study.search.asking import ask_all, complete, searched, with_notices
from evidense.study.search.order import SearchOrder
from evidense.values import Answer

_UNSENT = frozenset({"not asked", "budget spent"})


@dataclass(frozen=True)
class SearchResult:
    """What a search came to."""

    outcome: SearchOutcome
    records: tuple[Record, ...]
    page: Path | None = None
    """None where no folder was named."""

    def _repr_html_(self) -> str:
        """Return the first screen for a notebook."""
        from html import escape

        from evidense.report.search.screen import screen_of

        return f"<pre>{escape(screen_of(self.outcome))}</pre>"


def run_search(order: SearchOrder, store: Store, out: Path | None = None, tell: Tell = tell_nobody) -> SearchResult:
    """Search for a question and screen what is found; write a folder where `out` names one. `tell` hears what is being asked.

    Raises:
        InvalidInput: the question, the plan, the criteria or the labels cannot be used, or the folder cannot be written to.
        UnknownName: a source that there is not.
    """
    plan = _plan(order)
    criteria = read_criteria(order.criteria) if order.criteria is not None else None
    labels = read_labels(order.labels) if order.labels is not None else ()
    sources = [s for s in named_sources(order.sources) if order.sources or s.part.offers & {"topic", "retractions"}]
    plan = complete(plan, sources, order.limit)
    claim = (
        FolderClaim(out, {"kind": "search", "question": plan.question}, Inputs.of(order.paths))
        if out is not None
        else None
    )
    if claim is not None:
        prepare(claim, list(NAMES))
    with without_network(order.offline):
        outcome, blobs = _searched(order, plan, sources, (criteria, labels), (store, tell))
    records = tuple(_kept(outcome, blobs, store))
    page = write(outcome, records, claim) if claim is not None else None
    log_answer(store, page)
    return SearchResult(outcome, records, page)


def folder_for(question: str) -> Path:
    """Return the folder of a search that names none.

    >>> folder_for("Do moths travel?").as_posix()
    'evidense-out/search-do-moths-travel'
    """
    words = "-".join(question.lower().split())[:60]
    return ROOT / folder_name(f"search-{''.join(letter for letter in words if letter.isalnum() or letter == '-')}")


def _plan(order: SearchOrder) -> QueryPlan:
    return read_plan(order.plan, order.question) if order.plan is not None else plan_of(order.question)


def _criteria_of(order: SearchOrder, plan: QueryPlan, found: Hits, labels: Sequence[HumanLabel]) -> Criteria:
    """Return the criteria of a search that names none: the facets, where they may be and no work that was found has a label."""
    labelled = {label.work for label in labels}
    if order.passes_by_facets and not any(hit.name in labelled for hit in found.hits):
        return Criteria(tuple(about(facet) for facet in plan.facets))
    return Criteria()


def _searched(
    order: SearchOrder,
    plan: QueryPlan,
    sources: Sequence[NamedSource],
    rules: tuple[Criteria | None, Sequence[HumanLabel]],
    means: tuple[Store, Tell],
) -> tuple[SearchOutcome, tuple[str, ...]]:
    (criteria, labels), (store, tell) = rules, means
    has_budget = order.max_requests is not None or order.max_usd is not None
    with wire_of(order, store) as wire:
        answers = ask_all(plan, sources, wire, tell, are_together=not has_budget)
        found = joined(work for answer in answers for work in answer.works)
        found, lists = with_notices(found, sources, wire)
        sent = [(asked.source, asked.url) for asked in wire.log if asked.state not in _UNSENT]
    tell("screening")
    if criteria is None:
        criteria = _criteria_of(order, plan, found, labels)
    screened = screen(found.hits, plan.facets, criteria, labels, order.recall)
    told = [lists.get(source.label, answer) for source, answer in zip(sources, answers, strict=True)]
    outcome = SearchOutcome(
        plan, tuple(searched(plan, source, answer) for source, answer in zip(sources, told, strict=True)), found, criteria, screened,
        logged(found, screened), order.recall, len(labels) - len(screened.unknown), _in_order(sent, sources),
    )  # fmt: skip
    return outcome, _blobs(told)


def _in_order(sent: Sequence[tuple[str, str]], sources: Sequence[NamedSource]) -> tuple[tuple[str, str], ...]:
    """Return requests in the order of the sources, since several were asked at the same time."""
    places = {source.part.name: i for i, source in reversed(list(enumerate(sources)))}
    return tuple(sorted(sent, key=lambda asked: places.get(asked[0], len(places))))


def _blobs(answers: Sequence[Answer]) -> tuple[str, ...]:
    return tuple(sorted({blob for answer in answers for blob in answer.blobs}))


def _kept(outcome: SearchOutcome, blobs: tuple[str, ...], store: Store) -> list[Record]:
    """Put the plan and the screening into the store, and return them."""
    written = outcome.plan.to_json()
    queries = {name: {"query": q["query"], "limit": q["limit"]} for name, q in written["queries"].items()}
    plan = SearchPlan(question=outcome.plan.question, facets=tuple(written["facets"]), queries=queries)
    screening = Screening(
        events=store.put_blob(outcome.log.lines()), numbers=outcome.prisma.to_json(), blobs=blobs, parents=(plan.id,),
        criteria=tuple(f"{c.effect}: {c.name}" for c in outcome.criteria.lines),
        sources=tuple({"source": s.name, "state": s.state, "works": s.n_works, "total": s.total, "detail": s.detail} for s in outcome.sources),
        passed=tuple(hit.name for hit in outcome.works("passed")),
    )  # fmt: skip
    for record in (plan, screening):
        store.put(record)
    return [plan, screening]
