"""evidense compare."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import click

from evidense.cli.options import DRAWS, MARGIN, NO_TEXT_OR_PLAN, RUN_BY, split, split_collections
from evidense.cli.running import RunRequest, execute
from evidense.cli.saying import completions
from evidense.cli.saying.usage import said_as_options
from evidense.records import Study

_BASELINE = ".baseline.json.gz"


@click.command("compare")
@click.argument("base", shell_complete=completions.SYSTEMS)
@click.argument("tuned", nargs=-1, shell_complete=completions.SYSTEMS)
@click.option(
    "--seeds",
    multiple=True,
    shell_complete=completions.SYSTEMS,
    metavar="[NAME=]A,B,…",
    help="A TUNED that was trained several times: its runs or checkpoints, one a seed, or a pattern in quotes.",
)
@click.option(
    "--on",
    multiple=True,
    shell_complete=completions.COLLECTIONS,
    metavar="A,B,…",
    help="Collections: files, BEIR folders, built-in names (evidense list datasets).",
)
@click.option(
    "--qrels",
    multiple=True,
    metavar="A,B,…",
    help="Judgements, if the systems are run files: no collection is needed then.",
)
@MARGIN
@click.option(
    "--measure",
    "measures",
    multiple=True,
    shell_complete=completions.MEASURES,
    metavar="M,…",
    help="Measures. The first one gets verdicts. Default: nDCG@10,RR@10,R@100.",
)
@click.option(
    "--slice",
    "slices",
    multiple=True,
    metavar="COLUMN,…",
    help="Columns whose slices are tested. Other slices are only shown.",
)
@click.option(
    "--clusters",
    metavar="components|queries|COLUMN",
    help="How queries are grouped. Default: in proportion to the relevant documents that they share.",
)
@click.option(
    "--claim",
    "claims",
    multiple=True,
    shell_complete=completions.CLAIMS,
    metavar="CLAIM,…",
    help="Further claims to decide (evidense list claims).",
)
@click.option(
    "--reference",
    "references",
    multiple=True,
    shell_complete=completions.SYSTEMS,
    metavar="SYSTEM,…",
    help="Systems that are shown without a verdict, for example bm25.",
)
@click.option(
    "--best-of",
    is_flag=True,
    help="TUNED are candidates: name the best one, with its effect corrected for the choice. The gate then checks that one.",
)
@click.option(
    "--looks",
    type=int,
    metavar="N",
    help="Plan N looks at these queries: all looks share the allowed error. A baseline file saved with this option counts them.",
)
@click.option(
    "--trained-on",
    "trained_on",
    multiple=True,
    metavar="FILE,…",
    help="Training pairs of TUNED. The page says how many test queries are among them and whether the verdict holds without those.",
)
@click.option("--queries", "sample_queries", type=int, help="Draw at most this many queries of each collection.")
@click.option(
    "--documents",
    "sample_documents",
    type=int,
    help="Draw at most this many documents. All judged documents are included.",
)
@DRAWS
@click.option("--depth", type=int, default=100, show_default=True, help="Documents kept for each query.")
@click.option(
    "--names",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='Short names for tables, figures and the page: TOML with [systems], [collections], [measures], each "FULL" = "SHORT".',
)
@click.option("--name", help="Name of the study. Default: TUNED-vs-BASE-on-COLLECTION.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the page. Default: evidense-out/NAME.")
@click.option("--gate", type=click.Choice(["no-harm", "helps"]), help="Exit with 1 unless this gate is met.")
@click.option("--allow-undecided", is_flag=True, help="Let UNDECIDED pass the gate.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Also write the summary as Markdown, for CI logs.")
@click.option(
    "--save-baseline",
    type=click.Path(path_type=Path),
    help="Write the ranked lists of BASE to NAME.baseline.json.gz, small enough to commit.",
)
@RUN_BY
@NO_TEXT_OR_PLAN
def command(base: str, tuned: tuple[str, ...], on: tuple[str, ...], qrels: tuple[str, ...], **options: Any) -> None:
    """Compare TUNED (one or more) with BASE.

    A system is a hub id, a local folder, pip:PACKAGE/FOLDER, a TREC run file, bm25 …; @dim=256, @int8 or @binary cut or
    compress its vectors, @index=hnsw or @index=ivf search them approximately. A pattern in quotes ('dpr.seed*.run', 'out/seed*/')
    is one system with several training seeds. Exit codes: 0 = done; 1 = the gate is not met; 2 = an error.

    \b
    evidense compare BASE TUNED --on pairs.csv,phenotypes,my-beir-folder --margin 0.02
    evidense compare old.trec new.trec --qrels qrels.txt --gate no-harm
    evidense compare bm25.run 'dpr.seed*.run' --qrels qrels.txt
    evidense compare BASE step-1000 step-2000 step-3000 --on pairs.csv --best-of
    """
    from evidense.errors import InvalidInput
    from evidense.study.compare import comparison
    from evidense.study.files.names_tables import read_names
    from evidense.study.files.seeds import declared, hints

    if not tuned and not options["seeds"]:
        raise click.MissingParameter(param_hint="'TUNED...'", param_type="argument")
    for sentence in [*hints((base, *tuned), options["seeds"]), *_swapped(base, tuned)]:
        print(f"  {sentence}", file=sys.stderr)
    where = [*split_collections(on), *(f"trec:{path}" for path in _paths(qrels))]
    if not where:
        raise InvalidInput(_no_collection(tuned))
    request = RunRequest(
        **{
            key: options.pop(key)
            for key in ("out", "plan", "gate", "allow_undecided", "markdown", "save_baseline", "workers", "runner")
        },
        text=not options.pop("no_text"),
        named=(base, *tuned, *split(options["references"])),
    )
    for key in ("measures", "slices", "claims", "references", "trained_on"):
        options[key] = split(options[key]) or None
    options["best_of"] = options["best_of"] or None
    options["names"] = read_names(options["names"]) if options["names"] else None
    options["seeds"] = declared(options["seeds"], (base, *tuned)) or None
    with said_as_options():
        study = comparison(base, tuned, where, **options)
    if not request.save_baseline:
        _check_different(study)
    execute(study, replace(request, named=(*request.named, *study.rankers)))


def _no_collection(tuned: tuple[str, ...]) -> str:
    """Return what is said where no collection is named; tables among the systems were meant as collections."""
    from evidense.reading.tables.rows import table_format

    tables = [system for system in tuned if Path(system).is_file() and table_format(Path(system))]
    if tables:
        return f"no collection is named, and '{tables[0]}' is a table; did you mean --on {','.join(tables)}?"
    return (
        "no collection is named; expected --on with files, folders or names, or --qrels with run files; "
        "`evidense list datasets` shows what is built in"
    )


def _swapped(base: str, tuned: Sequence[str]) -> Iterator[str]:
    """Yield a sentence on a saved baseline that stands as TUNED."""
    for system in tuned:
        if system.endswith(_BASELINE) and not base.endswith(_BASELINE):
            yield f"'{system}' is a saved baseline, and stands as TUNED: swap them? BASE comes first: evidense compare {system} {base}"


def _paths(values: tuple[str, ...]) -> list[str]:
    """Return the paths of an option: a value that is the name of a file, or several between commas."""
    from os.path import exists

    return [path for value in values for path in ([value] if exists(value) else split((value,)))]


def _check_different(study: Study) -> None:
    """Refuse a system that is named twice, or is BASE once more. Say of a file with the bytes of BASE that it must come out IDENTICAL.

    Raises:
        InvalidInput: a system is named twice.
    """
    from filecmp import cmp
    from os.path import isfile

    from evidense.errors import InvalidInput

    same = [
        (reference, system)
        for reference, system in product(study.references, study.systems)
        if _is_same(reference, system)
    ]
    if same:
        raise InvalidInput(
            f"the reference '{same[0][0]}' is '{same[0][1]}', which is compared; expected references that are not compared; leave one out"
        )
    bases, *tuned = (study.seeds.get(name, (name,)) for name in study.systems)
    files = [file for of_system in tuned for file in of_system]
    if twice := [file for file in dict.fromkeys(files) if files.count(file) > 1]:
        raise InvalidInput(f"'{twice[0]}' is named twice; expected distinct systems; leave one out")
    for base, system in product(bases, files):
        are_files = isfile(system) and isfile(base)
        if _is_same(system, base):
            raise InvalidInput(
                f"'{base}' is compared with itself; expected two systems that can differ; name another; to store {base} as a baseline, add --save-baseline FILE"
            )
        has_seeds = any(name in study.seeds for name in study.systems)  # then equal files are no IDENTICAL systems
        if are_files and not has_seeds and cmp(system, base, shallow=False):  # sizes first, then bytes
            print(
                f"  ⚠ '{system}' and '{base}' hold the same bytes: that they come out IDENTICAL says nothing of a change"
            )


def _is_same(one_system: str, other: str) -> bool:
    """Say whether two spellings are equal or name the same file."""
    from os.path import isfile, samefile

    return one_system == other or (isfile(one_system) and isfile(other) and samefile(one_system, other))
