"""evidense replay."""

from pathlib import Path

import click


@click.command("replay")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--allow-code", is_flag=True, help="Allow the study to run the Python functions that it names.")
def command(folder: Path, allow_code: bool) -> None:
    """Check the hashes of the page in FOLDER, recompute all of its records, and compare.

    The data are read from the folder where the page was made, if the page is still there; else from the working folder.

    On the same machine the bytes are the same. On another machine, numbers agree within .001, and differences of the
    environment are named. The exit code is 1 if a verdict or number did not come out again.
    """
    from evidense.boundary.consent import consenting
    from evidense.boundary.numerals import short, significant
    from evidense.cli.saying.lines import say_progress, say_step
    from evidense.study.replay import TOLERANCE, read_page, replay

    page = read_page(folder)
    print(page.sentence(), flush=True)
    with consenting(everything=allow_code):
        outcome = replay(page, progress=say_progress, line=say_step)
    if outcome.same:
        print("recomputed from nothing: the same records, byte for byte")
    else:
        print(
            f"recomputed from nothing: largest difference {significant(outcome.largest)} (tolerance {short(TOLERANCE)})"
        )
    for sentence in outcome.environment:
        print(f"  {sentence}")
    for sentence in outcome.changed:
        print(f"✖ {sentence}")
    if not outcome.held:
        raise click.exceptions.Exit(1)
