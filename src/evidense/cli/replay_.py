"""evidense replay."""

from pathlib import Path

import click


@click.command("replay")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--allow-code", is_flag=True, help="Run the Python functions that the study names: code that came with it."
)
def command(folder: Path, allow_code: bool) -> None:
    """Hash the records in FOLDER again, recompute everything its page claims, and compare.

    Same machine: the same bytes. Another machine: within .001 of the measure, and what differs there is named. Exit 1 where
    a claim did not come out again.
    """
    from evidense.boundary.consent import consenting
    from evidense.cli.lines import say_progress, say_step
    from evidense.study.replay import TOLERANCE, replay

    with consenting(everything=allow_code):
        found = replay(folder, progress=say_progress, line=say_step)
    print(f"{found.n_records:,} records and the page hash to what they say")
    if found.same:
        print("recomputed from nothing: the same records, byte for byte")
    else:
        print(f"recomputed from nothing: largest difference {found.largest:.2g} (tolerance {TOLERANCE:g})")
    for sentence in found.environment:
        print(f"  {sentence}")
    for sentence in found.changed:
        print(f"✖ {sentence}")
    if not found.held:
        raise click.exceptions.Exit(1)
