"""The `evidense` command: argv → one api call → text. Commands are imported when they are called."""

import importlib
import os
import sys
from collections.abc import Sequence

import click

from evidense import __version__
from evidense.boundary.streams import visible_streams
from evidense.cli.faults import fault_sentence, show_traceback
from evidense.errors import EvidenseError, StoreError, missing_extra

FIRST = ("demo", "compare", "dissect", "run", "train", "score", "audit", "list")
"""What a newcomer needs, in this order."""
MORE = ("replay", "completion")


class Commands(click.Group):
    """A group whose commands live one a file in evidense.cli and are found by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, the newcomer's first."""
        return [*FIRST, *MORE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command, or return None where there is none of this name."""
        if cmd_name not in (*FIRST, *MORE):
            return None
        command: click.Command = importlib.import_module(f"evidense.cli.{cmd_name}_").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say the nearest name where a command is misspelt."""
        from evidense.errors import UnknownName

        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise UnknownName.among("command", args[0], (*FIRST, *MORE))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in two groups."""
        for title, names in (("Start here", FIRST), ("More", MORE)):
            rows = [(name, SUMMARIES[name]) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)


SUMMARIES = {
    "demo": "Ten seconds, no model: BM25 against character n-grams.",
    "compare": "Did my fine-tuning help, where did it harm, how sure?",
    "dissect": "What changed inside: layers, geometry, neurons?",
    "run": "Run a study file, or a shipped study.",
    "train": "Train an encoder: pre-training or fine-tuning, one verb.",
    "score": "Score anybody's run file, with intervals.",
    "audit": "Is every reference real and right? Where is each sentence from?",
    "list": "What can be compared, and on what.",
    "replay": "Recompute what a page claims.",
    "completion": "Print the line that switches on completion in a shell.",
}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="evidense")
def cli() -> None:
    """Evidense puts claims about dense retrievers to the test.

    \b
    evidense compare BASE TUNED --on pairs.csv,phenotypes --margin 0.02
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line; exit 0, 1 (a gate is not met, a claim did not come out again) or 2 (could not)."""
    os.environ.setdefault(
        "PYTHONSAFEPATH", "1"
    )  # of processes that this one starts: what lies in the working folder is no module
    try:
        with visible_streams():
            code = _code(argv)
    except StoreError:  # the last words went to a full disk
        code = 2
    sys.exit(code)


def _code(argv: Sequence[str] | None) -> int:
    """Run the command and say in words what went wrong; whatever it was, nobody sees a traceback unasked."""
    try:
        code = cli.main(args=None if argv is None else list(argv), prog_name="evidense", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
    except (click.Abort, KeyboardInterrupt):
        print("stopped; the same command continues where this one was", file=sys.stderr)
    except EvidenseError as error:
        show_traceback(error)
        print(f"evidense: {error}", file=sys.stderr)
    except (SystemExit, GeneratorExit):
        raise
    except ModuleNotFoundError as error:
        show_traceback(error)
        print(f"evidense: {missing_extra(error) or fault_sentence(error)}", file=sys.stderr)
    except BaseException as error:  # a panic of a Rust library is no Exception
        show_traceback(error)
        print(f"evidense: {fault_sentence(error)}", file=sys.stderr)
    return 2
