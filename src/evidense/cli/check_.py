"""evidense check."""

from pathlib import Path
from typing import Any

import click

from evidense.cli.options import CALIBRATION, ENTAILER, RANKED_BY, RISK, split


@click.command("check")
@click.argument("subject", metavar="FILE_OR_TEXT")
@click.option(
    "--in",
    "inside",
    multiple=True,
    metavar="PATH[,PATH]",
    help="Works to look in: papers (PDF, JATS, LaTeX …), folders, bibliographies with abstracts, or a corpus (.jsonl with doc_id, title, abstract).",
)
@RISK
@ENTAILER
@RANKED_BY
@click.option(
    "--calibrate",
    is_flag=True,
    help="First measure the entailer on the labels of FILE (`evidence`, as in SciFact), and write calibration.json, which later checks may name. "
    "Each claim is laid beside its own sources alone.",
)
@CALIBRATION
@click.option("--offline", is_flag=True, help="Open no connection.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the page. Default: evidense-out/check-FILE, of a statement one of its own.",
)
def command(subject: str, inside: tuple[str, ...], out: Path | None, **options: Any) -> None:
    """Do the sources say it, and do others? Or NOT SURE, with the passage to read.

    FILE_OR_TEXT is a sentence in quotes, a file of claims (.jsonl with id, claim, cited_doc_ids), a text, or a paper whose citing sentences
    are checked. Nothing of it is changed or run. Exit codes: 0; 2 = could not.

    \b
    evidense check "Fine-tuning raises retrieval over its backbone." --in paper.pdf
    evidense check claims.jsonl --in corpus.jsonl --out checked
    """
    from evidense.report.check.screen import screen
    from evidense.store import Store
    from evidense.study.check.check import folder_for, run_check
    from evidense.study.check.order import CheckOrder

    order = CheckOrder(subject, tuple(Path(text).expanduser() for text in split(inside)), **options)
    result = run_check(order, Store(), out or folder_for(subject))
    print(screen(result.told, [str(result.page)]))
