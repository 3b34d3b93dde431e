"""evidense search."""

from pathlib import Path
from typing import Any

import click

from evidense.cli.options import SCREENED, WIRE, split

_FILE = click.Path(path_type=Path)


@click.command("search")
@click.argument("question", default="")
@click.option(
    "--sources",
    multiple=True,
    metavar="NAME,folder:PATH,…",
    help="Whom to ask: indexes (evidense list sources), or folders with BibTeX, RIS or CSL-JSON. Default: every index.",
)
@click.option("--criteria", type=_FILE, help="What to include and exclude, one a line: 'exclude: year < 2018'.")
@SCREENED
@click.option(
    "--recall",
    type=float,
    default=0.95,
    metavar="SHARE",
    show_default=True,
    help="Share of the relevant works to find before you stop.",
)
@WIRE
@click.option("--out", type=_FILE, help="Folder of the page. Default: evidense-out/search-QUESTION.")
def command(question: str, sources: tuple[str, ...], **options: Any) -> None:
    """Which works are there on QUESTION, and which of them count?

    Every source is asked in its own language, what they find is joined to works, and these are screened by written criteria and
    by your labels. It stops there. Exit codes: 0; 2 = could not, or no source answered.

    \b
    evidense search "What do hard negatives add to dense retrieval?"
    evidense search "dense retrieval of images" --sources arxiv,folder:library --criteria criteria.txt
    evidense search --plan my-plan.json --labels labels.csv --offline
    """
    from evidense.cli.saying.lines import clear, say_step
    from evidense.errors import InvalidInput
    from evidense.report.search.screen import screen_of
    from evidense.store import Store
    from evidense.study.search.order import SearchOrder
    from evidense.study.search.search import folder_for, run_search

    out = options.pop("out")
    order = SearchOrder(question, tuple(split(sources)), **options)
    out = out or folder_for(question or (order.plan.stem if order.plan else ""))
    result = run_search(order, Store(), out, lambda words: say_step(words, 0))
    clear()
    print(screen_of(result.outcome, [str(result.page)]))
    if not result.outcome.n_answered:
        raise InvalidInput(
            "no source answered; expected one at least; the list above says why: try again later, name others with --sources, or leave out --offline"
        )
