"""evidense score."""

import sys

import click

from evidense.cli.options import NumberOrPercent
from evidense.cli.saying import completions


@click.command("score")
@click.argument("run")
@click.argument("qrels", type=click.Path(exists=True, dir_okay=False))
@click.argument("measures", nargs=-1, shell_complete=completions.MEASURES)
@click.option("--per-query", is_flag=True, help="Print each query's value: query, measure, value.")
@click.option(
    "--confidence", type=NumberOrPercent(), default=0.95, show_default=True, help="Confidence level of each interval."
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the resamples. Equal seeds give equal intervals."
)
def command(run: str, qrels: str, measures: tuple[str, ...], per_query: bool, confidence: float, seed: int) -> None:
    """Score RUN (a run file in any usual form) against QRELS with MEASURES (default: nDCG@10 RR@10 R@100).

    MEASURES take any usual spelling: nDCG@10, ndcg_cut_10, mrr@10, recall_100. Each mean has its interval. The command says in
    which form it read RUN; RUN@form=ranks, RUN@form=scores or RUN@form=trec sets the form.
    """
    from evidense.api import score
    from evidense.boundary.numerals import interval, plain
    from evidense.boundary.shown import shown_line

    rows = score(run, qrels, measures or None, confidence=confidence, seed=seed)
    if per_query:
        print("\n".join(f"{shown_line(q)}\t{row.measure}\t{v:.6f}" for row in rows for q, v in row.per_query.items()))
        return
    print(f"{run} was read as: {rows[0].form}", file=sys.stderr)
    width = max(len(row.measure) for row in rows)
    for row in rows:
        n = f"{len(row.per_query):,} quer{'y' if len(row.per_query) == 1 else 'ies'}"
        print(f"{row.measure:<{width}}  {plain(row.mean)} {interval(row.low, row.high, sign=False)}  {n}")
    for warning in dict.fromkeys(w for row in rows for w in row.warnings):
        print(f"⚠ {warning}", file=sys.stderr)
