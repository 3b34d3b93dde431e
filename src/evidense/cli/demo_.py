"""evidense demo."""

from pathlib import Path

import click

from evidense.cli.running import RunRequest, execute


@click.command("demo")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the page. Default: evidense-out/demo.")
def command(out: Path | None) -> None:
    """Compare BM25 with character n-grams on the docstrings of Python's standard library. Takes ten seconds, no model, no download."""
    from evidense.study.shipped import shipped

    execute(shipped("demo"), RunRequest(out=out))
