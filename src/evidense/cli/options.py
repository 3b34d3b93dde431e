"""Options: how the values of options are read, and those that several commands share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
"""What puts options on a command."""


def _several(*options: Decorator) -> Decorator:
    """Return what puts options on a command, in their order."""

    def on(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return on


class NumberOrPercent(click.ParamType):
    """A difference in units of a measure, or a share: .02, or 2%."""

    name = "float"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; `2%` and `2 %` are .02."""
        from evidense.boundary.numerals import number_in

        text = str(value).strip()
        try:
            return number_in(text)
        except ValueError:
            self.fail(f"'{text}' is not a number; expected one like 0.02 or 2%", param, ctx)


MARGIN = click.option(
    "--margin", type=NumberOrPercent(), default=0.02, show_default=True, help="Smallest difference that matters, in units of the measure; 2% is 0.02.",
)  # fmt: skip
"""The smallest difference that matters."""
WIRE = _several(
    click.option("--offline", is_flag=True, help="Open no connection; answers that are kept from before are used."),
    click.option("--max-requests", type=int, metavar="N", help="Budget: at most so many requests, all indexes together."),
    click.option("--max-seconds", type=float, metavar="S", help="Budget: at most so many seconds of waiting for each index."),
    click.option("--max-usd", type=float, metavar="USD", help="Budget: at most so much money at indexes that charge."),
)  # fmt: skip
"""How the indexes may be asked."""
RISK = click.option(
    "--risk", type=float, default=0.10, show_default=True, metavar="SHARE",
    help="Print a verdict only where at most this share of such verdicts is wrong, at the 95 % upper bound.",
)  # fmt: skip
ENTAILER = click.option(
    "--entailer", default="features", show_default=True, metavar="NAME", help="Who judges passages (evidense list entailers).",
)  # fmt: skip
CALIBRATION = click.option(
    "--calibration", type=click.Path(path_type=Path), metavar="FILE",
    help="A calibration.json of `check --calibrate`: verdicts at its risk, on texts like its own. Default: the one that ships with the entailer, if any.",
)  # fmt: skip
RANKED_BY = click.option(
    "--encoder", default="", metavar="MODEL", help="Also rank works by an encoder (evidense list encoders). Default: BM25 alone.",
)  # fmt: skip

SCREENED = _several(
    click.option("--plan", type=click.Path(path_type=Path), help="Facets and queries that you have edited: a copy of plan.json, or TOML."),
    click.option("--labels", type=click.Path(path_type=Path), help="Your decisions: a copy of to_screen.csv with its labels filled in."),
    click.option("--limit", type=int, default=200, metavar="N", show_default=True, help="Works that each source is asked for."),
)  # fmt: skip
"""How works are searched and screened."""
DRAWS = _several(
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Seed of samples and resamples. Equal seeds give equal bytes.",
    ),
    click.option(
        "--confidence", type=NumberOrPercent(), default=0.95, show_default=True, help="Confidence level of all intervals of the command together.",
    ),
)  # fmt: skip
"""How samples are drawn, and how sure intervals are."""
NO_TEXT_OR_PLAN = _several(
    click.option("--no-text", is_flag=True, help="Keep your texts out of all files that are written."),
    click.option("--plan", is_flag=True, help="Show the steps, the cached ones, the estimated time and disk. Run nothing."),
)  # fmt: skip
"""What a study writes, or that it only plans."""

RUN_BY = _several(
    click.option(
        "--workers", type=click.IntRange(min=0), metavar="N",
        help="Processes that share the work, one thread each; 0: this process, on one thread. Default: trainings and analyses have one a processor.",
    ),
    click.option("--runner", default="", metavar="ray|ray://HOST:PORT", help="Let a Ray cluster do the work (extra: cluster)."),
)  # fmt: skip
"""Who does the work. The results are the same."""

_WHO = ("--workers", "--runner")


def without_runner(words: Sequence[str]) -> list[str]:
    """Return the words of a command without who does the work: a page is the same whoever made it.

    >>> without_runner(["compare", "a", "b", "--workers", "2", "--on", "c", "--runner=ray"])
    ['compare', 'a', 'b', '--on', 'c']
    """
    after_who = [False, *(word in _WHO for word in words)]
    return [
        word
        for word, is_value in zip(words, after_who, strict=False)
        if not is_value and word.partition("=")[0] not in _WHO
    ]


def split_collections(values: tuple[str, ...]) -> list[str]:
    """Return the collections of an option that may be repeated; a comma in the name of a file or of a column is no separator."""
    from evidense.reading.commas import collections_between_commas

    return [collection for value in values for collection in collections_between_commas(value)]


def split(values: tuple[str, ...]) -> list[str]:
    """Return the comma-separated parts of an option that may be repeated.

    >>> split(("a, b", "c"))
    ['a', 'b', 'c']
    """
    return [part.strip() for value in values for part in value.split(",") if part.strip()]
