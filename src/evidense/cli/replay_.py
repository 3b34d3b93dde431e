"""evidense replay."""

from pathlib import Path

import click


@click.command("replay")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--allow-code", is_flag=True, help="Run the Python functions that the study names: code that came with it."
)
def command(folder: Path, allow_code: bool) -> None:
    """Hash the records in FOLDER again, recompute everything its page claims, and compare.

    Its data are looked for where the page was made, if it lies there still, else in the folder where this is typed.

    Same machine: the same bytes. Another machine: within .001 of the measure, and what differs there is named. Exit 1 where
    a claim did not come out again.
    """
    from evidense.boundary.consent import consenting
    from evidense.cli.lines import say_progress, say_step
    from evidense.study.replay import TOLERANCE, read_page, replay

    page = read_page(folder)
    print(page.sentence(), flush=True)
    with consenting(everything=allow_code):
        outcome = replay(page, progress=say_progress, line=say_step)
    if outcome.same:
        print("recomputed from nothing: the same records, byte for byte")
    else:
        print(f"recomputed from nothing: largest difference {outcome.largest:.2g} (tolerance {TOLERANCE:g})")
    for sentence in outcome.environment:
        print(f"  {sentence}")
    for sentence in outcome.changed:
        print(f"✖ {sentence}")
    if not outcome.held:
        raise click.exceptions.Exit(1)
