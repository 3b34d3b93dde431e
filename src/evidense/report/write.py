"""Write: a study's records → the folder that people get."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from evidense.boundary.folder import publish
from evidense.records import Finding, Record, Study
from evidense.report.comparison import exports, tables
from evidense.report.comparison.paper.figures import FOLDER, figures_of
from evidense.report.comparison.paper.pdf import can_write_pdf, missing_letters, pdf_of
from evidense.report.comparison.paper.table import paper_markdown, paper_table
from evidense.report.contents import Contents
from evidense.report.factorial import tables as effect_tables
from evidense.report.folder import LOSSES, claim_of, where_inputs_lie
from evidense.report.history.entries import log_page
from evidense.report.inside import exports as inside_exports
from evidense.report.inside import page as inside
from evidense.report.labels import losses, read_labels
from evidense.report.ledger.latex import latex as ledger_latex
from evidense.report.names import with_short_names
from evidense.report.page import Frame, compare_html, page_html
from evidense.report.texts import without_texts
from evidense.store import Store


def write(
    study: Study,
    records: Sequence[Record],
    store: Store,
    out: Path,
    *,
    text: bool = True,
    command: str = "",
    study_file: str = "",
) -> Path:
    """Write report.html and everything beside it into `out`, all or nothing, and return the page's path.

    `text=False` keeps every text and picture of the collections out of all files. Labels in a losses.csv that is already
    there are kept. `study_file` is the text of study.toml, from which the page can be replayed.

    Raises:
        InvalidInput: `out` is a file, holds another study or files in the way, or its losses.csv holds labels that cannot be read.
        StoreError: a blob is missing, the disk is full, or the folder cannot be written.
    """
    contents = Contents.of(study, records)
    claim = claim_of(study, out)
    labels = read_labels(out / LOSSES) if (out / LOSSES).exists() else {}
    visible, named = (c if text else _without_texts(c) for c in (contents, with_short_names(contents)))
    files = dict(chain(_for_readers(named, store, Frame(command, text)), _for_programs(visible, store)))
    if study_file:
        files["study.toml"] = study_file.encode("utf-8", errors="replace")
    files[LOSSES] = losses(visible, labels)
    files["page.json"] = exports.pretty(
        exports.page_json(contents, command, text, files) | where_inputs_lie(study, out)
    )
    publish(claim, files)
    log_page(contents, store, out, command)
    return out / "report.html"


def _for_readers(contents: Contents, store: Store, frame: Frame) -> Iterator[tuple[str, bytes]]:
    """Yield the pages, tables and figures, under the study's short names."""
    texts = {"report.html": page_html(contents, store, frame)}
    if contents.inside:
        texts["ledger.tex"] = ledger_latex(contents.ledger, inside.LEDGER_CAPTION)
    if contents.inside and inside.is_compared(contents):
        texts["compare.html"] = compare_html(contents, store, replace(frame, inside="report.html"))
    tabled = effect_tables if contents.is_trained else tables
    texts |= {"table.tex": tabled.latex(contents), "table.md": tabled.markdown(contents)}
    if not contents.is_trained:
        texts |= {"paper.tex": paper_table(contents), "paper.md": paper_markdown(contents)}
    drawn = figures_of(contents)
    texts |= {f"{FOLDER}/{name}.svg": svg for name, svg in drawn.items()}
    yield from ((name, text.encode("utf-8", errors="replace")) for name, text in texts.items())
    if can_write_pdf():
        for name in [name for name, svg in drawn.items() if not missing_letters(svg)]:
            yield f"{FOLDER}/{name}.pdf", pdf_of(drawn[name])


def _for_programs(contents: Contents, store: Store) -> Iterator[tuple[str, bytes]]:
    """Yield what other programs read, under full names."""
    if contents.inside:
        yield "findings.csv", inside_exports.findings_csv(contents)
    yield "verdicts.json", exports.pretty(exports.verdict_rows(contents))
    flat = effect_tables.metrics(contents) if contents.is_trained else exports.metrics(contents)
    yield "metrics.json", exports.pretty(flat)
    yield "scores.csv", exports.scores_csv(contents, store)
    for name, data in exports.run_files(contents, store):
        yield f"runs/{name}", data


def _without_texts(contents: Contents) -> Contents:
    """Return the same contents with excerpts of ids and numbers only; the records keep their own ids."""
    bare = {key: _bare(f) for key, f in contents.differences.items()}
    return replace(contents, differences=bare)


def _bare(finding: Finding) -> Finding:
    return replace(finding, excerpts=tuple(without_texts(e) for e in finding.excerpts))
