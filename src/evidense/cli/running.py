"""The common part of compare, run, dissect and demo: show the plan, run, print the lines, check the gate."""

import gc
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidense.boundary.consent import consenting
from evidense.boundary.disk import write_named
from evidense.cli.options import without_runner
from evidense.cli.saying.lines import (
    clear,
    say_best,
    say_collection,
    say_effects,
    say_figures,
    say_looks,
    say_means,
    say_progress,
    say_shared,
    say_speeds,
    say_step,
    say_warning,
)
from evidense.records import Study
from evidense.store import Store

if TYPE_CHECKING:
    from evidense.study.result import Result


@dataclass(frozen=True)
class RunRequest:
    """The options of a command that runs a study."""

    out: Path | None = None
    text: bool = True
    plan: bool = False
    gate: str | None = None
    allow_undecided: bool = False
    markdown: Path | None = None
    save_baseline: Path | None = None
    named: tuple[str, ...] = ()
    """Systems that the command line names: their code may run."""
    allow_code: bool = False
    """Allow all code that the study names."""
    workers: int | None = None
    runner: str = ""


def execute(study: Study, request: RunRequest) -> None:
    """Run a study, or show its plan; print each collection's verdicts and, last, the page's path.

    Raises:
        click.exceptions.Exit: with 1 if the gate is not met.
    """
    with consenting(request.named, everything=request.allow_code, nothing=request.plan):
        _execute(study, request)


def _execute(study: Study, request: RunRequest) -> None:
    from evidense.cli.saying.plans import bill_lines, estimate_line, plan_text
    from evidense.report.folder import folder_of, moved_sentence
    from evidense.study.baseline import check_own, is_own
    from evidense.study.plan import plan
    from evidense.study.run import RunOptions, open_study, run_opened

    command = shlex.join(["evidense", *without_runner(sys.argv[1:])])
    out = request.out or folder_of(study)
    _check_named(study, request, out)
    options = RunOptions(
        out=out,
        text=request.text,
        command=command,
        ready=partial(say_collection, servers=set()),
        progress=say_progress,
        line=say_step,
        n_workers=request.workers,
        runner=request.runner,
        warn=say_warning,
    )
    store = Store()
    opened = open_study(study, options)
    if request.save_baseline and is_own(request.save_baseline, study):
        check_own(opened.study)
    steps = plan(opened, store)
    if request.workers:
        steps = replace(steps, n_workers=request.workers)
    clear()
    options = replace(options, seconds=steps.by_task)
    if opened.cells is not None:
        options = replace(options, ready=say_effects, memory=steps.memory_by_task)
    if request.plan:
        print(plan_text(steps, store))
        return
    if steps.seconds >= 1:
        print(estimate_line(steps), file=sys.stderr)
    for line in bill_lines(steps):
        print(line, file=sys.stderr)
    moved = ""
    if request.out is None:
        data = {} if opened.study.excluded else {c.name: c.checksum for c in opened.collections}
        options = replace(options, out=folder_of(study, data))
        moved = moved_sentence(study, options.out or out, data)
    with _settled():
        result = run_opened(opened, store, options)
    if moved:
        print(moved, file=sys.stderr)
    if result.page is not None:
        _finish(result, request)


def _finish(result: "Result", request: RunRequest) -> None:
    """Print what is known only at the end, write what was asked for beside the page, and check the gate."""
    from evidense import report
    from evidense.study.baseline import save_baseline

    _say(result)
    _summary(report.table_markdown(result.study, result.records), request.markdown)
    if request.save_baseline:
        save_baseline(result, request.save_baseline)
    met = True
    if request.gate:
        held = result.gate(request.gate, allow_undecided=request.allow_undecided)
        met = held.passed
        let_pass = met and request.allow_undecided and not result.gate(request.gate)
        word = "not met, let pass by --allow-undecided" if let_pass else "met" if met else "NOT met"
        print("\n".join([f"gate {request.gate}: {word}", *(f"  {f}" for f in held.failures)]))
    print(str(result.page))
    if not met:
        raise click.exceptions.Exit(1)


@contextmanager
def _settled() -> Iterator[None]:
    """Keep the garbage collector from looking through what is there and stays: modules and open collections, hundreds of thousands of objects."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _say(result: "Result") -> None:
    """Print what is known only at the end: shared collections and the best candidate; to stderr, speeds and looks."""
    say_means(result.study, result.records)
    say_shared(result.study, result.records)
    say_best(result.records)
    say_figures(result.page)
    say_speeds(result.records)
    say_looks(result.study)


def _check_named(study: Study, request: RunRequest, out: Path) -> None:
    """Refuse output files that the command cannot write beside the page, before anything is computed."""
    from evidense.report.folder import check_named
    from evidense.study.baseline import check_ending, check_one_run, is_own

    if request.save_baseline:
        check_ending(request.save_baseline)
        check_one_run(study)
    for named in filter(None, (request.markdown, request.save_baseline)):
        if not (named == request.save_baseline and is_own(named, study)):
            check_named(named, study, out)


def _summary(markdown: str, path: Path | None) -> None:
    """Write the Markdown summary to the path that the user named, and to the summary file of GitHub Actions."""
    if path is not None:
        write_named(path, markdown.encode())
    if step_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(step_summary).open("a", encoding="utf-8") as file:
            file.write(markdown + "\n")
