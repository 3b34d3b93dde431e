"""evidense audit."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evidense.cli.options import WIRE, split

if TYPE_CHECKING:
    from evidense.study.audit.audit import AuditResult


@click.command("audit")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--sources",
    multiple=True,
    metavar="NAME,folder:PATH,…",
    help="Whom to ask: indexes (evidense list sources), or folders with BibTeX, RIS, CSL-JSON, and PDFs. Default: every index.",
)
@click.option(
    "--policy", metavar="NAME", default="", help="Say which verdicts a venue's criteria would count: neurips2026."
)
@click.option(
    "--gate",
    is_flag=True,
    help="Exit with 1 on a reference that is OTHER WORK, RETRACTED or NOT FOUND, a statement that its source says is REFUTED or CHANGED in "
    "meaning, and whatever a report says of itself and is not so (DIFFERS).",
)
@click.option(
    "--gate-on",
    metavar="WORD,…",
    default="",
    help="Exit with 1 on these words instead, of references, of statements, or DIFFERS: 'NOT FOUND,WRONG FIELD,NOT SURE'.",
)
@click.option(
    "--fix", is_flag=True, help="Also write corrected.bib: only fields on which two indexes agree. FILE stays as it is."
)
@click.option(
    "--encoder",
    metavar="MODEL",
    default="",
    help="Also search passages with an encoder (evidense list encoders). Default: BM25 alone.",
)
@WIRE
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the page. Default: evidense-out/audit-FILE.")
def command(file: Path, sources: tuple[str, ...], gate: bool, gate_on: str, **options: Any) -> None:
    """Is every reference of FILE real and right, and where does each of its sentences come from?

    FILE is a bibliography (BibTeX, RIS, CSL-JSON, CITATION.cff), a paper (PDF, LaTeX, JATS, TEI, HTML, Markdown), or a report. Nothing of it
    is changed or run. Exit codes: 0; 1 = the gate is not met; 2 = could not.

    \b
    evidense audit references.bib
    evidense audit references.bib --sources crossref,arxiv,folder:library --gate
    evidense audit report.txt --offline
    """
    from evidense.cli.saying.lines import clear, say_step
    from evidense.errors import InvalidInput
    from evidense.report.audit.screen import screen
    from evidense.store import Store
    from evidense.study.audit.audit import folder_for, run_audit
    from evidense.study.audit.order import Order, gate_of

    out = options.pop("out") or folder_for(file)
    order = Order(file, tuple(split(sources)), gate=gate_of(gate, gate_on), **options)
    result = run_audit(order, Store(), out, lambda words: say_step(words, 0))
    clear()
    print(screen(result.audit, [*_fix_words(result), str(result.page)]))
    if result.fixed is not None and result.fixed.shown.diff:
        print(result.fixed.shown.diff, end="")
    if order.gate and result.audit.is_undecided and not result.audit.stopping:
        raise InvalidInput(f"the gate cannot be held: {_unknown(bool(result.audit.references))}")
    if not result.passes:
        raise click.exceptions.Exit(1)


def _unknown(has_references: bool) -> str:
    """Say why a gate has nothing to go by, and what to do."""
    if has_references:
        return "of no reference is anything known; expected at least two indexes that answer; try again later, or name others with --sources"
    return (
        "nothing of this file was checked; expected references, or statements whose sources are at hand; put the references under a "
        "heading (References) or name their .bib file, or name the sources with --sources folder:PATH"
    )


def _fix_words(result: "AuditResult") -> list[str]:
    """Say what --fix did."""
    if result.fixed is None:
        return []
    n = result.fixed.shown.n_changes
    return [f"--fix wrote {n} change{'s' if n != 1 else ''} to corrected.bib"]
