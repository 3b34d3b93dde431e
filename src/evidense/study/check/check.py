"""Check: reads statements and works, decides each statement, keeps the records, and writes the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from evidense import registry
from evidense.boundary.claim import FolderClaim
from evidense.boundary.files import read_bytes
from evidense.boundary.folder import prepare
from evidense.boundary.inputs import Inputs
from evidense.boundary.offline import without_network
from evidense.checking.aggregate import CheckedStatement
from evidense.checking.calibration import Calibration
from evidense.checking.checkable import objection
from evidense.checking.decide import Judges, decide
from evidense.checking.library import WorkLibrary
from evidense.errors import InvalidInput
from evidense.parts import AnswerCounts, Entailer
from evidense.records import Json, Record
from evidense.report.check.statements import AnswersCounted, CheckedStatements, TextMeasured
from evidense.report.check.summary import ONE_STATEMENT
from evidense.report.check.write import NAMES, write
from evidense.report.folder import ROOT, folder_name
from evidense.report.history.entries import log_answer
from evidense.store import Store
from evidense.study.check.calibrated import (
    RememberingEntailer,
    calibrated,
    calibration_json,
    read_calibrations,
    remark_on,
)
from evidense.study.check.corpus import is_lines, read_claims, read_labelled
from evidense.study.check.kept import keep
from evidense.study.check.order import CheckOrder
from evidense.study.check.shelf import WorkShelf, shelf_of
from evidense.study.check.statements import AskedStatement, statements_of
from evidense.study.compare import slug
from evidense.study.experiments import experiments_for
from evidense.study.text_encoders import encoder_of


@dataclass(frozen=True)
class CheckResult:
    """What a check came to."""

    told: CheckedStatements
    records: tuple[Record, ...]
    page: Path | None = None
    """None where no folder was named."""
    calibrations: tuple[Calibration, ...] = ()
    """What was measured, of an order that calibrates."""

    @property
    def statements(self) -> tuple[CheckedStatement, ...]:
        """Return what each statement came to, in order."""
        return self.told.checked

    def _repr_html_(self) -> str:
        """Return the first screen for a notebook."""
        from html import escape

        from evidense.report.check.screen import screen

        return f"<pre>{escape(screen(self.told))}</pre>"


def run_check(order: CheckOrder, store: Store, out: Path | None = None) -> CheckResult:
    """Check statements; write a page where `out` names a folder.

    Raises:
        InvalidInput: a file that cannot be read, a single statement that cannot be checked, or a folder that cannot be written to.
        UnknownName: no such entailer.
    """
    claim = claim_of(order, out) if out is not None else None
    if claim is not None:
        prepare(claim, list(NAMES))
    with without_network(order.offline):
        told, measured = _told(order, store)
    records = tuple(keep(told, store))
    page = write(told, claim, _handed_on(order, measured)) if claim is not None else None
    log_answer(store, page)
    return CheckResult(told, records, page, measured)


def _handed_on(order: CheckOrder, measured: Sequence[Calibration]) -> dict[str, Json] | None:
    """Return the calibration.json of an order that calibrates; None of any other."""
    if not measured or order.file is None:
        return None
    return calibration_json(measured, sha256(read_bytes(order.file)).hexdigest())


def _told(order: CheckOrder, store: Store) -> tuple[CheckedStatements, tuple[Calibration, ...]]:
    """Return what the statements come to, and the calibrations that were made for it."""
    if order.file is None:
        _refuse(order.subject)
    entailer = order.open_entailer()
    asked_lines = read_claims(order.file) if order.file is not None and is_lines(order.file) else None
    shelf = shelf_of(order)
    asked = asked_lines if asked_lines is not None else _asked(order, shelf)
    if not shelf.works:
        raise InvalidInput(
            f"--in holds '{order.subject}' alone, and a text does not bear itself out; expected other works; name them with --in"
        )
    embed, encoder = encoder_of(order.encoder, store)
    judges, measures = _judges(order, asked, WorkLibrary(tuple(shelf.works), embed), entailer, store)
    checked = tuple(replace(decide(one.text, one.cites, one.kind, judges), id=one.id) for one in asked)
    told = CheckedStatements(
        _name(order), checked, tuple(path.name or path.resolve().name for path in order.inside), len(shelf.works), order.risk, entailer.name,
        encoder.name if encoder else "", measured_of(asked, judges), (*measures, *shelf.remarks, *remarks_of(entailer)), answers_of(entailer),
        cells_of(judges),
    )  # fmt: skip
    return told, judges.measured if order.calibrate else ()


def _judges(
    order: CheckOrder, asked: Sequence[AskedStatement], library: WorkLibrary, entailer: Entailer, store: Store
) -> tuple[Judges, list[str]]:
    """Return by whom statements are judged, and remarks on the calibration if there is one to make; a claim with labels is laid beside its own sources."""
    experiments = experiments_for([one.text for one in asked], store)
    if not order.calibrate or order.file is None:
        measured = read_calibrations(order.calibration, entailer.identity)
        return Judges(library, entailer, order.risk, experiments, measured=measured), []
    entailer = RememberingEntailer(entailer)
    measured = calibrated(read_labelled(order.file), library, entailer, order.file.name)
    remarks = [remark_on(one, entailer.name, order.risk) for one in measured]
    return Judges(library, entailer, order.risk, experiments, 0, measured), remarks


def _refuse(statement: str) -> None:
    if reason := objection(statement):
        short = statement if len(statement) <= 60 else f"{statement[:60]}…"
        raise InvalidInput(f"'{short}' cannot be checked: {reason}")


def _asked(order: CheckOrder, shelf: WorkShelf) -> Sequence[AskedStatement]:
    """Return the statements of a text, which is itself taken off the shelf: it bears nothing out."""
    if order.file is None:
        return (AskedStatement(" ".join(order.subject.split()), "1"),)
    document = registry.read(order.file)
    shelf.leave_out(document, order.file)
    asked = statements_of(document, shelf.works)
    if not asked:
        raise InvalidInput(f"'{order.file}' has no sentence of five words or more; expected statements; check the file")
    return asked


def measured_of(asked: Sequence[AskedStatement], judges: Judges) -> tuple[TextMeasured, ...]:
    """Return for each kind of text at hand what is known of the entailer's verdicts."""
    found = []
    for kind in sorted({one.kind for one in asked}):
        calibration, threshold = judges.calibration(kind), judges.threshold(kind)
        found.append(TextMeasured(kind, sum(one.kind == kind for one in asked), calibration, threshold))
    return tuple(found)


def remarks_of(entailer: Entailer) -> tuple[str, ...]:
    """Return what an entailer has to say of its own answers, as that some were not taken in; most have nothing."""
    return tuple(getattr(entailer, "remarks", ()))


def answers_of(entailer: Entailer) -> AnswersCounted | None:
    """Return what became of the answers of a model in words; None of other entailers."""
    if not isinstance(entailer, AnswerCounts):
        return None
    return AnswersCounted(sum(entailer.n_accepted.values()), dict(entailer.rejected))


def cells_of(judges: Judges) -> int:
    """Count the cells of tables that say something."""
    return sum(len(work.cells) for work in judges.library.works if work.tables)


def _name(order: CheckOrder) -> str:
    return order.file.name if order.file is not None else ONE_STATEMENT


def claim_of(order: CheckOrder, out: Path) -> FolderClaim:
    """Return the claim of a check's page on a folder: only a page on a file of the same name, or on a statement, is replaced."""
    files = [*order.inside, *(file for file in (order.file, order.calibration) if file is not None)]
    return FolderClaim(out, {"kind": "check", "name": _name(order)}, Inputs.of(files))


def folder_for(subject: str) -> Path:
    """Return the folder of a check that names none; of a statement it has a few words, and hex digits that another has not.

    >>> folder_for("claims.jsonl").as_posix(), folder_for("Dense models gain little.").as_posix()
    ('evidense-out/check-claims.jsonl', 'evidense-out/check-dense-models-gain-little-ecacb2')
    """
    words = subject.split()
    if len(words) == 1:
        return ROOT / folder_name(f"check-{Path(subject).name}")
    statement = " ".join(words)
    return (
        ROOT
        / f"{slug(f'check {statement}')[:50].rstrip('-._')}-{sha256(statement.encode('utf-8', 'replace')).hexdigest()[:6]}"
    )
