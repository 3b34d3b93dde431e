"""evidense run."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidense.cli.running import Order, execute

if TYPE_CHECKING:
    from evidense.records import Study
    from evidense.study.files.templates import Template


@click.command("run")
@click.argument("study", required=False)
@click.option("--toy", "is_toy", is_flag=True, help="Small samples, few resamples: to see that it runs.")
@click.option("--full", "is_full", is_flag=True, help="Everything: no samples.")
@click.option("--plan", is_flag=True, help="Show steps, what is cached, estimated time and disk; run nothing.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the page. Default: evidense-out/NAME.")
@click.option("--gate", type=click.Choice(["no-harm", "helps"]), help="Exit with 1 unless met.")
@click.option("--allow-undecided", is_flag=True, help="Let UNDECIDED pass the gate.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Also write the summary as Markdown, for CI logs.")
@click.option("--no-text", is_flag=True, help="Keep all your texts out of what is written.")
@click.option("--allow-code", is_flag=True, help="Run the Python functions that STUDY names: code that came with it.")
@click.option("--list", "listing", is_flag=True, help="Name the shipped studies.")
def command(study: str | None, is_toy: bool, is_full: bool, listing: bool, no_text: bool, **order: object) -> None:
    """Run STUDY: a TOML file, or the name of a shipped study.

    Without STUDY: the built-in one (minilm), then multimodal_factorial and inside in miniature (as with --toy). Names that begin with
    paper_scale/ are templates: --plan checks them.
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
        _show_template(templates.read_template(study), bool(order["plan"]))
        return
    first_order = Order(**order, text=not no_text)  # type: ignore[arg-type]
    for index, chosen in enumerate(_chosen(study, is_toy, is_full)):
        execute(chosen, first_order if index == 0 else _for_the_next(first_order, chosen))


def _chosen(study: str | None, is_toy: bool, is_full: bool) -> Iterator["Study"]:
    """Yield the study that was named, else the built-in ones."""
    from evidense.study.compare import full, toy
    from evidense.study.files.toml import read_study
    from evidense.study.shipped import BUILT_IN, MINIATURES, shipped

    chosen = read_study(Path(study)) if study and study.endswith(".toml") else shipped(study or BUILT_IN)
    chosen = full(chosen) if is_full else chosen
    yield toy(chosen) if is_toy else chosen
    if study is None:
        yield from (toy(shipped(name)) for name in MINIATURES)


def _for_the_next(order: Order, study: "Study") -> Order:
    """Return the order of a further study: a folder inside that of the first, whose gate and summary are not its own."""
    from evidense.report.folder import folder_name

    out = None if order.out is None else order.out / folder_name(study.name)
    return replace(order, out=out, gate=None, markdown=None)


def _show_template(template: "Template", is_plan: bool) -> None:
    """Print what can be checked of a template; exit with 2 where something does not agree. It is not run."""
    from evidense.study.files import templates

    if not is_plan:
        raise templates.refusal(template)
    lines, mistakes = templates.check(template)
    print("\n".join(lines))
    if mistakes:
        raise click.exceptions.Exit(2)
