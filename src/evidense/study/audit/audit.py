"""Audit: reads a file, asks the sources for its references, keeps the records, and writes the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evidense import registry
from evidense.auditing.audited import Audit, AuditedReference
from evidense.auditing.public_records.forms import FILE_OF, FOLDER
from evidense.auditing.references_of import Conduct, NamedSource, Tell, ask, tell_nobody
from evidense.boundary.claim import FolderClaim
from evidense.boundary.files import read_bytes
from evidense.boundary.folder import prepare
from evidense.boundary.inputs import Inputs
from evidense.boundary.offline import without_network
from evidense.errors import AmbiguousName, InvalidInput, UnsafeInput
from evidense.fetching.wire import Asked
from evidense.records import Record
from evidense.report.audit.write import NAMES, Fixed, write
from evidense.report.folder import ROOT, folder_name
from evidense.report.history.entries import log_answer
from evidense.store import Store
from evidense.study.audit.asked import at_hand, counted, gate_remark, names_of, paths_of, silent_of, sources_of
from evidense.study.audit.fixing import check_fixable, fixed_of
from evidense.study.audit.library import Library
from evidense.study.audit.order import Order
from evidense.study.audit.told import told_of
from evidense.study.audit.wires import wire_of
from evidense.study.text_encoders import encoder_of
from evidense.values import ReadDocument

_WITH_RECORDS = frozenset({"report.html", "report.json", "report.md"})
"""Files of a report that are audited by the public records beside them, which have their hashes; one that stands alone is read as it is."""
_UNSENT = frozenset({"not asked", "budget spent"})


@dataclass(frozen=True)
class AuditResult:
    """What an audit came to."""

    audit: Audit
    records: tuple[Record, ...]
    page: Path | None = None
    """None where no folder was named."""
    fixed: Fixed | None = None
    """What --fix would write, or has written."""

    @property
    def passes(self) -> bool:
        """Say whether the gate lets it pass; True without a gate. A gate lets nothing pass of which no reference was decided."""
        return not self.audit.stopping and not (self.audit.gate and self.audit.is_undecided)

    def _repr_html_(self) -> str:
        """Return the first screen for a notebook."""
        from html import escape

        from evidense.report.audit.screen import screen

        return f"<pre>{escape(screen(self.audit))}</pre>"


def run_audit(order: Order, store: Store, out: Path | None = None, tell: Tell = tell_nobody) -> AuditResult:
    """Audit a file; write a page where `out` names a folder. `tell` hears what is being asked.

    Raises:
        InvalidInput: the file cannot be read, or the folder cannot be written to.
        UnknownName: a source, a policy or a verdict that there is not.
    """
    from evidense.study.audit.kept import keep

    claim = claim_of(order, out) if out is not None else None
    if claim is not None:
        prepare(claim, list(NAMES))
    order = replace(order, file=subject_of(order.file))
    data = read_bytes(order.file, "a file to audit")
    with without_network(order.offline):
        audit = _audit(order, store, tell)
    records = tuple(keep(audit, data, store))
    fixed = fixed_of(audit, data) if order.fix else None
    page = write(audit, records, claim, fixed) if claim is not None else None
    log_answer(store, page)
    return AuditResult(audit, records, page, fixed)


def subject_of(file: Path) -> Path:
    """Return the file to read: of a folder of public records, or of a report with them beside it, their manifest or else a record.

    Raises:
        InvalidInput: a folder without public records.
    """
    if not file.is_dir():
        manifest = file.parent / FOLDER / FILE_OF["paper-manifest-v1"]
        return manifest if file.name in _WITH_RECORDS and file.is_file() and manifest.is_file() else file
    names = [FILE_OF["paper-manifest-v1"], *FILE_OF.values()]
    found = next(
        (path for folder in (file, file / FOLDER) for name in names if (path := folder / name).is_file()), None
    )
    if found is None:
        raise InvalidInput(
            f"'{file}' is a folder without public records; expected a file, or a folder with {', '.join(names[1:4])} …; name a file in it"
        )
    return found


def _audit(order: Order, store: Store, tell: Tell) -> Audit:
    document = registry.read(order.file)
    if order.fix:
        check_fixable(order, document)
    sources = sources_of(order)
    names = names_of(sources)
    embed, encoder = encoder_of(order.encoder, store)
    with wire_of(order, store) as wire:
        asked = ask(document.references, sources, wire, at_hand(order, document), Conduct(tell, order.may_ask_at_once))
        references = tuple(
            AuditedReference(reference, decision, answers, names=names)
            for reference, (decision, answers) in zip(document.references, asked, strict=True)
        )
        library = Library(sources, wire, store, tell)
        told = told_of(document, references, library, embed, text_beside(order.file, document))
        questions = _questions(wire.log, sources)
    references = tuple(replace(a, notes=(*told.notes.get(a.reference.key, ()), *a.near_notes)) for a in references)
    return Audit(
        order.file.name, document, references, told.statements, (*counted(sources, references, library.unread), *silent_of(sources)),
        questions, order.policy, order.gate, told.remarks, told.said, encoder, gate_remark(order.gate, sources), order.offline, told.unread,
    )  # fmt: skip


def text_beside(file: Path, document: ReadDocument) -> ReadDocument | None:
    """Return the text of the report that public records are of; None where none lies beside them, or it cannot be read."""
    path = file.parent.parent / "report.md"
    if document.stated is None or file.parent.name != FOLDER or not path.is_file() or path.is_symlink():
        return None
    try:
        return registry.read(path)
    except (InvalidInput, UnsafeInput, AmbiguousName):
        return None


def _questions(log: Sequence[Asked], sources: Sequence[NamedSource]) -> tuple[tuple[str, str], ...]:
    """Return what was asked, source by source: each source was asked in this order, whatever others were asked meanwhile."""
    rank = {source.part.name: n for n, source in enumerate(sources)}
    sent = [asked for asked in log if asked.state not in _UNSENT]
    return tuple((asked.source, asked.url) for asked in sorted(sent, key=lambda asked: rank[asked.source]))


def claim_of(order: Order, out: Path) -> FolderClaim:
    """Return the claim of an audit's page on a folder: only a page on a file of the same name is replaced."""
    return FolderClaim(out, {"kind": "audit", "name": order.file.name}, Inputs.of(paths_of(order)))


def folder_for(file: Path) -> Path:
    """Return the folder of an audit that names none.

    >>> folder_for(Path("thesis/references.bib")).as_posix()
    'evidense-out/audit-references.bib'
    """
    return ROOT / folder_name(f"audit-{file.name}")
