"""Running: what compare, run and demo have in common: show the plan, run, print the lines, hold the gate."""

import os
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidense.boundary.consent import consenting
from evidense.boundary.disk import write_named
from evidense.cli.lines import (
    say_best,
    say_collection,
    say_effects,
    say_looks,
    say_progress,
    say_shared,
    say_speeds,
    say_step,
)
from evidense.records import Study
from evidense.store import Store

if TYPE_CHECKING:
    from evidense.study.result import Result


@dataclass(frozen=True)
class Order:
    """How a study is to be run from the command line."""

    out: Path | None = None
    text: bool = True
    plan: bool = False
    gate: str | None = None
    allow_undecided: bool = False
    markdown: Path | None = None
    save_baseline: Path | None = None
    named: tuple[str, ...] = ()
    """Systems that the command itself names: their code may run."""
    allow_code: bool = False
    """Let all code run that the study names."""


def execute(study: Study, order: Order) -> None:
    """Run a study, or show its plan; print each collection's verdicts and, last, the page's path.

    Raises:
        click.exceptions.Exit: with 1 where the gate is not met.
    """
    with consenting(order.named, everything=order.allow_code, nothing=order.plan):
        _execute(study, order)


def _execute(study: Study, order: Order) -> None:
    from evidense import report
    from evidense.cli.plans import estimate_line, plan_text
    from evidense.report.folder import folder_of
    from evidense.study.baseline import check_own, is_own, save_baseline
    from evidense.study.plan import plan
    from evidense.study.run import Wishes, open_study, run_opened

    command = shlex.join(["evidense", *sys.argv[1:]])
    out = order.out or folder_of(study)
    _check_named(study, order, out)
    wishes = Wishes(
        out=out, text=order.text, command=command, ready=say_collection, progress=say_progress, line=say_step
    )
    store = Store()
    opened = open_study(study, wishes)
    if order.save_baseline and is_own(order.save_baseline, study):
        check_own(opened.study)
    steps = plan(opened, store)
    if opened.cells is not None:
        wishes = replace(wishes, ready=say_effects, seconds=steps.by_task)
    if order.plan:
        print(plan_text(steps, store))
        return
    if steps.seconds >= 1:
        print(estimate_line(steps), file=sys.stderr)
    result = run_opened(opened, store, wishes)
    if result.page is None:
        return
    _say(result)
    _summary(report.table_markdown(result.study, result.records), order.markdown)
    if order.save_baseline:
        save_baseline(result, order.save_baseline)
    met = True
    if order.gate:
        held = result.gate(order.gate, allow_undecided=order.allow_undecided)
        met = held.passed
        print("\n".join([f"gate {order.gate}: {'met' if met else 'NOT met'}", *(f"  {f}" for f in held.failures)]))
    print(str(result.page))
    if not met:
        raise click.exceptions.Exit(1)


def _say(result: "Result") -> None:
    """Print what is known only when everything is decided: the best candidate; to stderr speeds, and how often the queries were used."""
    say_shared(result.study, result.records)
    say_best(result.records)
    say_speeds(result.records)
    say_looks(result.study)


def _check_named(study: Study, order: Order, out: Path) -> None:
    """Refuse files that the command cannot write besides the page, before anything is computed."""
    from evidense.report.folder import check_named
    from evidense.study.baseline import check_ending, is_own

    if order.save_baseline:
        check_ending(order.save_baseline)
    for named in filter(None, (order.markdown, order.save_baseline)):
        if not (named == order.save_baseline and is_own(named, study)):
            check_named(named, study, out)


def _summary(markdown: str, wanted: Path | None) -> None:
    """Write the Markdown summary where the user, or the CI that runs us, collects it."""
    if wanted is not None:
        write_named(wanted, markdown.encode())
    if step_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(step_summary).open("a", encoding="utf-8") as file:
            file.write(markdown + "\n")
