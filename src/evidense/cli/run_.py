"""evidense run."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidense.cli.options import RUN_BY
from evidense.cli.running import RunRequest, execute
from evidense.cli.saying import completions

if TYPE_CHECKING:
    from evidense.records import Study
    from evidense.study.files.templates import Template


@click.command("run")
@click.argument("study", required=False, shell_complete=completions.STUDIES)
@click.option("--toy", "is_toy", is_flag=True, help="Small samples and few resamples, to see that the study runs.")
@click.option("--full", "is_full", is_flag=True, help="Whole collections, without samples.")
@click.option("--plan", is_flag=True, help="Show the steps, the cached ones, the estimated time and disk. Run nothing.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the page. Default: evidense-out/NAME.")
@click.option("--gate", type=click.Choice(["no-harm", "helps"]), help="Exit with 1 unless this gate is met.")
@click.option("--allow-undecided", is_flag=True, help="Let UNDECIDED pass the gate.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Also write the summary as Markdown, for CI logs.")
@click.option("--no-text", is_flag=True, help="Keep your texts out of all files that are written.")
@click.option("--allow-code", is_flag=True, help="Allow STUDY to run the Python functions that it names.")
@RUN_BY
@click.option("--list", "listing", is_flag=True, help="List the shipped studies.")
def command(study: str | None, is_toy: bool, is_full: bool, listing: bool, no_text: bool, **request: object) -> None:
    """Run STUDY: a TOML file, or the name of a shipped study.

    Without STUDY, the built-in study (minilm) runs, then multimodal_factorial and inside in miniature (as with --toy). Studies
    whose names begin with paper_scale/ are templates: --plan checks them.
    """
    from evidense.study.files import templates
    from evidense.study.shipped import names

    if listing:
        print("\n".join(f"{name}  {question}" for name, question in names().items()))
        print(
            "\n".join(f"{name}  (a template, not run here) {question}" for name, question in templates.names().items())
        )
        return
    if study and templates.is_template(study):
        _show_template(templates.read_template(study), bool(request["plan"]))
        return
    first_order = RunRequest(**request, text=not no_text)  # type: ignore[arg-type]
    for index, chosen in enumerate(_chosen(study, is_toy, is_full)):
        execute(chosen, first_order if index == 0 else _for_the_next(first_order, chosen))


def _chosen(study: str | None, is_toy: bool, is_full: bool) -> Iterator["Study"]:
    """Yield the named study, or else the built-in ones."""
    from evidense.study.compare import full, toy
    from evidense.study.files.toml import read_study
    from evidense.study.shipped import BUILT_IN, MINIATURES, shipped

    chosen = read_study(Path(study)) if study and study.endswith(".toml") else shipped(study or BUILT_IN)
    chosen = full(chosen) if is_full else chosen
    yield toy(chosen) if is_toy else chosen
    if study is None:
        yield from (toy(shipped(name)) for name in MINIATURES)


def _for_the_next(request: RunRequest, study: "Study") -> RunRequest:
    """Return the request of a further study. Its folder is inside that of the first; it has no gate and no summary."""
    from evidense.report.folder import folder_name

    out = None if request.out is None else request.out / folder_name(study.name)
    return replace(request, out=out, gate=None, markdown=None)


def _show_template(template: "Template", is_plan: bool) -> None:
    """Print the checks of a template, and exit with 2 if one fails. A template is not run."""
    from evidense.study.files import templates

    if not is_plan:
        raise templates.refusal(template)
    lines, mistakes = templates.check(template)
    print("\n".join(lines))
    if mistakes:
        raise click.exceptions.Exit(2)
