"""evidense ask."""

from pathlib import Path
from typing import Any

import click

from evidense.cli.options import CALIBRATION, ENTAILER, RANKED_BY, RISK, SCREENED, WIRE, split

_FILE = click.Path(path_type=Path)


@click.command("ask")
@click.argument("question", default="")
@click.option(
    "--sources",
    multiple=True,
    metavar="NAME,folder:PATH,…",
    help="Whom to ask: indexes (evidense list sources), or folders with BibTeX, RIS, CSL-JSON and PDFs. Default: every index.",
)
@click.option("--criteria", type=_FILE, help="What to include and exclude, one a line. Default: a term of each facet.")
@SCREENED
@RISK
@RANKED_BY
@ENTAILER
@CALIBRATION
@click.option(
    "--gate",
    default="",
    metavar="TIER",
    help="Exit with 1 where the report's tier is below: watchlist, public-record, doi-grade, flagship-candidate.",
)
@WIRE
@click.option("--out", type=_FILE, help="Folder of the report. Default: evidense-out/ask-QUESTION.")
def command(question: str, sources: tuple[str, ...], risk: float, encoder: str, entailer: str, **options: Any) -> None:
    """What do the works on QUESTION say, and do others bear it out?

    It searches, screens, reads, checks every finding beside its own work, independent works and our experiments, lets reviewers look at
    the whole, and writes a report of quotations. Exit codes: 0; 1 = the gate is not met; 2 = could not, or no source answered.

    \b
    evidense ask "What do hard negatives add to dense retrieval?"
    evidense ask "Does shade harm tomatoes?" --sources folder:library --offline
    """
    from evidense.cli.saying.lines import clear, say_step
    from evidense.errors import InvalidInput
    from evidense.report.ask.screen import screen_of
    from evidense.report.search.summary import silent_words
    from evidense.store import Store
    from evidense.study.ask.ask import folder_for, gate_words, run_ask
    from evidense.study.ask.order import AskOrder
    from evidense.study.search.order import SearchOrder

    out, gate, calibration = (options.pop(name) for name in ("out", "gate", "calibration"))
    search = SearchOrder(question, tuple(split(sources)), passes_by_facets=True, **options)
    out = out or folder_for(question or (search.plan.stem if search.plan else ""))
    result = run_ask(
        AskOrder(search, risk, entailer, encoder, gate, calibration), Store(), out, lambda words: say_step(words, 0)
    )
    clear()
    print(screen_of(result.outcome, [*gate_words(result), str(result.page)]))
    if not result.outcome.search.n_answered:
        raise InvalidInput(
            f"no source answered ({silent_words(result.outcome.search)}); expected one at least; try again later, name others with --sources, or leave out "
            "--offline"
        )
    if not result.passes:
        raise click.exceptions.Exit(1)
