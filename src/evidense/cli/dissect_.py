"""evidense dissect."""

from pathlib import Path
from typing import Any

import click

from evidense.cli.options import DRAWS, MARGIN, NO_TEXT_OR_PLAN, RUN_BY, split, split_collections
from evidense.cli.running import RunRequest, execute
from evidense.cli.saying import completions
from evidense.cli.saying.usage import said_as_options


@click.command("dissect")
@click.argument("base", required=False, shell_complete=completions.SYSTEMS)
@click.argument("tuned", nargs=-1, shell_complete=completions.SYSTEMS)
@click.option(
    "--on",
    multiple=True,
    shell_complete=completions.COLLECTIONS,
    metavar="A,B,…",
    help="Collections: files, BEIR folders, built-in names.",
)
@click.option(
    "--analysis",
    "analyses",
    multiple=True,
    shell_complete=completions.ANALYSES,
    metavar="A,…",
    help="Analyses to run (evidense list analyses). Default: the quick ones.",
)
@click.option(
    "--seed-of-tuned",
    "seeds",
    multiple=True,
    metavar="MODEL",
    help="An encoder tuned like TUNED with another seed: differences between the two are noise. Repeatable.",
)
@click.option(
    "--random",
    "n_random",
    type=int,
    default=1,
    show_default=True,
    help="Number of copies of BASE with random weights.",
)
@click.option(
    "--claim",
    "claims",
    multiple=True,
    shell_complete=completions.CLAIMS,
    metavar="CLAIM,…",
    help="Claims of the literature to decide (evidense list claims).",
)
@click.option(
    "--queries",
    "sample_queries",
    type=int,
    default=500,
    show_default=True,
    help="Draw at most this many queries of each collection.",
)
@click.option(
    "--documents",
    "sample_documents",
    type=int,
    default=2000,
    show_default=True,
    help="Draw at most this many documents. All judged documents are included.",
)
@click.option(
    "--states",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="How states of layers are kept: float16 takes half the disk.",
)
@MARGIN
@DRAWS
@click.option("--name", help="Name of the study. Default: TUNED-vs-BASE-inside-on-COLLECTION.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the page. Default: evidense-out/NAME.")
@RUN_BY
@NO_TEXT_OR_PLAN
@click.option(
    "--published", metavar="STUDY", help="Write a page of a published study's own numbers instead, for example yao2025."
)
def command(base: str | None, tuned: tuple[str, ...], published: str | None, **options: Any) -> None:
    """Find what changed inside between BASE and TUNED: which layers changed, how the space moved, which neurons carry the score.

    \b
    evidense dissect BASE TUNED --on phenotypes
    evidense dissect BASE TUNED --on my-beir-folder --seed-of-tuned TUNED2 --claim probe_accuracy_is_equal
    evidense dissect --published yao2025
    """
    from evidense.errors import InvalidInput
    from evidense.study.compare import dissection

    if published:
        from evidense.study.published import published_page

        print(str(published_page(published, options["out"] or Path("evidense-out") / published)))
        return
    where = split_collections(options.pop("on"))
    if base is None or not tuned or not where:
        raise InvalidInput(
            "BASE, TUNED and --on are needed; expected two encoders and a collection, as: evidense dissect BASE TUNED --on phenotypes; "
            "or a published study: evidense dissect --published yao2025"
        )
    request = RunRequest(
        out=options.pop("out"),
        plan=options.pop("plan"),
        workers=options.pop("workers"),
        runner=options.pop("runner"),
        text=not options.pop("no_text"),
        named=(base, *tuned, *options["seeds"]),
    )
    options["claims"] = split(options["claims"])
    table = {"analyses": split(options.pop("analyses")), "seeds": list(options.pop("seeds"))}
    if (states := options.pop("states")) != "float32":
        table["states"] = states
    with said_as_options():
        study = dissection((base, *tuned), where, table=table, **options)
    execute(study, request)
