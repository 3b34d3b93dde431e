"""Ask: searches, screens, reads, checks, decides, reviews and reports; it composes what other commands do, and adds little."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evidense.auditing.public_records.tiers import is_at_least, tier_named
from evidense.auditing.references_of import Tell, tell_nobody
from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import prepare
from evidense.boundary.inputs import Inputs
from evidense.boundary.offline import without_network
from evidense.checking.decide import Judges
from evidense.checking.library import WorkLibrary
from evidense.fetching.patience import Patience
from evidense.fetching.wire import IndexWire, Terms
from evidense.records import Record
from evidense.report.ask.limits import limitations
from evidense.report.ask.tiers import tier
from evidense.report.ask.told import AskedFinding, AskedWork, AskOutcome
from evidense.report.ask.write import NAMES, write
from evidense.report.check.statements import CheckedStatements
from evidense.report.folder import ROOT, folder_name
from evidense.report.history.entries import log_answer
from evidense.searching.events import Event, EventLog, read_log
from evidense.searching.hits import record_names
from evidense.searching.outcome import SearchOutcome
from evidense.store import Store
from evidense.study.ask.findings import MOST, StatedFinding, checked, grouped, named, stated, stated_cells
from evidense.study.ask.kept import keep
from evidense.study.ask.order import AskOrder
from evidense.study.ask.reading import read_all
from evidense.study.ask.review import reviewed, synthesis_of
from evidense.study.audit.asked import named_sources
from evidense.study.audit.library import Library
from evidense.study.check.calibrated import read_calibrations
from evidense.study.check.check import answers_of, cells_of, measured_of, remarks_of
from evidense.study.check.order import CheckOrder
from evidense.study.check.statements import AskedStatement
from evidense.study.documents import each_read_once
from evidense.study.experiments import experiments_for
from evidense.study.search.search import run_search
from evidense.study.text_encoders import encoder_of

_NONE = "no finding of its own names a facet of the question"


@dataclass(frozen=True)
class AskResult:
    """What a question came to."""

    outcome: AskOutcome
    records: tuple[Record, ...]
    page: Path | None = None
    """None where no folder was named."""
    gate: str = ""
    """The least tier that was asked for; "" without a gate."""

    @property
    def tier(self) -> str:
        """Return the tier of the report: "PUBLIC_RECORD"."""
        return tier(self.outcome)

    @property
    def passes(self) -> bool:
        """Say whether the tier is the one that was asked for, or a better one; True without a gate."""
        return not self.gate or is_at_least(self.tier, tier_named(self.gate))

    def _repr_html_(self) -> str:
        """Return the first screen for a notebook."""
        from html import escape

        from evidense.report.ask.screen import screen_of

        return f"<pre>{escape(screen_of(self.outcome))}</pre>"


def run_ask(order: AskOrder, store: Store, out: Path | None = None, tell: Tell = tell_nobody) -> AskResult:
    """Answer a question from works; write a folder where `out` names one. `tell` hears what is being done.

    Raises:
        InvalidInput: the question, the plan, the criteria or the labels cannot be used, or the folder cannot be written to.
        UnknownName: a source or an entailer that there is not.
    """
    entailer = CheckOrder("-", (Path(),), order.risk, order.entailer).open_entailer()
    measured = read_calibrations(order.calibration, entailer.identity)
    embed, encoder = encoder_of(order.encoder, store)
    claim = claim_of(order, out) if out is not None else None
    if claim is not None:
        prepare(claim, list(NAMES))
    with each_read_once():
        found = run_search(order.search, store, None, tell)
        with without_network(order.search.offline):
            works = _read(order, found.outcome, store, tell)
    with without_network(order.search.offline):
        tell("checking findings")
        findings, unchecked, works = _stated(works, found.outcome)
        library = WorkLibrary(tuple(w.shelf for w in works if w.shelf and w.outcome == "included"), embed)
        experiments = experiments_for([finding.text for finding in findings], store)
        judges = Judges(library, entailer, order.risk, experiments, measured=measured)
        kept, records = keep(checked(findings, judges), store)
    asked = [AskedStatement(f.checked.statement, f.checked.id) for f in kept]
    checks = CheckedStatements(
        found.outcome.plan.question, tuple(f.checked for f in kept), tuple(s.display_name for s in found.outcome.sources), len(library.works),
        order.risk, entailer.name, encoder.name if encoder else "", measured_of(asked, judges), remarks_of(entailer), answers_of(entailer),
        cells_of(judges),
    )  # fmt: skip
    tell("reviewing")
    outcome = _reviewed(_logged(found.outcome, works), works, kept, checks, unchecked)
    outcome = replace(
        outcome,
        by_facets=order.search.passes_by_facets and order.search.criteria is None and not found.outcome.n_labels,
    )
    all_records = (*found.records, *records)
    page = write(outcome, all_records, claim) if claim is not None else None
    log_answer(store, page)
    return AskResult(outcome, all_records, page, order.gate)


def folder_for(question: str) -> Path:
    """Return the folder of a question that names none.

    >>> folder_for("Do moths travel?").as_posix()
    'evidense-out/ask-do-moths-travel'
    """
    words = "-".join(question.lower().split())[:60]
    return ROOT / folder_name(f"ask-{''.join(letter for letter in words if letter.isalnum() or letter == '-')}")


def gate_words(result: AskResult) -> list[str]:
    """Say whether the gate is met; nothing without a gate."""
    if not result.gate:
        return []
    return [
        f"gate {result.gate}: {'met' if result.passes else 'NOT met'}, the tier is {result.tier.lower().replace('_', '-')}"
    ]


def claim_of(order: AskOrder, out: Path) -> FolderClaim:
    """Return the claim of a report on a folder: only a report on the same question is replaced."""
    return FolderClaim(out, {"kind": "ask", "question": order.search.question}, Inputs.of(order.search.paths))


def _read(order: AskOrder, search: SearchOutcome, store: Store, tell: Tell) -> list[AskedWork]:
    """Read the works that passed, within what the search left of the budget."""
    asked, sources = order.search, named_sources(order.search.sources)
    left = None if asked.max_requests is None else max(0, asked.max_requests - len(search.questions))
    patience = Patience() if asked.max_seconds is None else Patience(total_wait_s=asked.max_seconds)
    with IndexWire(store, Terms(asked.offline, left, asked.max_usd, patience=patience)) as wire:
        tell("reading")
        return read_all(search.works("passed"), Library(sources, wire, store, tell))


def _stated(works: Sequence[AskedWork], search: SearchOutcome) -> tuple[list[StatedFinding], int, list[AskedWork]]:
    """Return the findings to check, how many are left, and the works: one without a finding on the question is excluded."""
    facets = search.plan.facets
    found, cells = stated(works, facets), stated_cells(works, facets)
    leads = grouped(found)
    speaking = {finding.place.source for finding in (*found, *cells)}
    done = []
    for work in works:
        about = frozenset(named(f"{work.hit.work.title}. {work.hit.work.abstract}", facets))
        about |= {facet for finding in (*found, *cells) if finding.place.source == work.key for facet in finding.facets}
        is_out = work.outcome == "included" and work.key not in speaking
        done.append(
            replace(
                work,
                facets=about,
                outcome="excluded" if is_out else work.outcome,
                reason=_NONE if is_out else work.reason,
            )
        )
    return [*leads[:MOST], *cells], max(0, len(leads) - MOST), done


def _logged(search: SearchOutcome, works: Sequence[AskedWork]) -> SearchOutcome:
    """Return the search with its log carried on: sought, retrieved or not, assessed, excluded or included."""
    log: EventLog = read_log(search.log.lines())
    for work in works:
        name = record_names(work.hit)[0]
        log.add(Event(name, "sought"))
        if work.outcome == "not retrieved":
            log.add(Event(name, "not retrieved", reason=work.reason))
            continue
        log.add(Event(name, "assessed"))
        is_in = work.outcome == "included"
        log.add(Event(name, "included" if is_in else "excluded", reason="" if is_in else work.reason))
    return replace(search, log=log)


def _reviewed(
    search: SearchOutcome,
    works: Sequence[AskedWork],
    findings: Sequence[AskedFinding],
    checks: CheckedStatements,
    unchecked: int,
) -> AskOutcome:
    limits = limitations(search, works, checks)
    panel, table, asks = reviewed(synthesis_of(search, works, findings, limits))
    return AskOutcome(search, tuple(works), tuple(findings), unchecked, checks, panel, table, limits, asks)
