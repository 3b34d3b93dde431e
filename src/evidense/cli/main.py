"""The `evidense` command. Each command is imported only when it is called."""

import importlib
import os
import sys
from collections.abc import Sequence

import click

from evidense import __version__
from evidense.boundary.streams import visible_streams
from evidense.cli.saying.faults import fault_sentence, show_traceback
from evidense.cli.saying.usage import usage
from evidense.errors import EvidenseError, StoreError, missing_extra

FIRST = ("demo", "compare", "dissect", "run", "train", "score", "audit", "check", "search", "ask", "list")
"""Commands that a newcomer needs, in this order."""
COMPLETE = "_EVIDENSE_COMPLETE"
"""Variable by which a shell asks for completions, see `evidense completion`."""
MORE = ("open", "history", "gc", "fetch", "replay", "completion")


class Commands(click.Group):
    """A group that finds its commands by name. Each command is one file in evidense.cli."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, those for newcomers first."""
        return [*FIRST, *MORE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None if there is none of this name."""
        if cmd_name not in (*FIRST, *MORE):
            return None
        command: click.Command = importlib.import_module(f"evidense.cli.{cmd_name}_").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse a misspelt command, and name the nearest one."""
        from evidense.errors import UnknownName

        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise UnknownName.among("command", args[0], (*FIRST, *MORE))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the commands in two groups."""
        for title, names in (("Start here", FIRST), ("More", MORE)):
            rows = [(name, SUMMARIES[name]) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)


SUMMARIES = {
    "demo": "Ten seconds, no model: BM25 against character n-grams.",
    "compare": "Did my fine-tuning help, where did it harm, how sure?",
    "dissect": "What changed inside: layers, geometry, neurons?",
    "run": "Run a study file, or a shipped study.",
    "train": "Train an encoder: pre-training or fine-tuning.",
    "score": "Score a run file, with intervals.",
    "audit": "Is every reference real and right? Where is each sentence from?",
    "check": "Do the sources say it? Or NOT SURE, with the passage to read.",
    "search": "Which works are there on a question, and which of them count?",
    "ask": "What do the works on a question say, and do others bear it out?",
    "list": "List datasets, encoders, analyses, claims and other parts.",
    "open": "Show the pages that were written in a browser, and trends over time.",
    "history": "Print the pages that were written, newest first.",
    "gc": "Delete old results from the store; --plan shows what.",
    "fetch": "Download the pictures of a dataset, by apt-get or npm.",
    "replay": "Recompute the numbers of a page and compare.",
    "completion": "Print the line that turns on completion in a shell.",
}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="evidense")
def cli() -> None:
    """Evidense puts claims about dense retrievers to the test.

    \b
    evidense compare BASE TUNED --on pairs.csv,phenotypes --margin 0.02
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Exit with 0 (done), 1 (a gate is not met, a replay differs) or 2 (an error)."""
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # keeps child processes from importing modules of the working folder
    if COMPLETE in os.environ:  # a shell asks; click answers in bytes
        cli.main(prog_name="evidense")
    try:
        with visible_streams():
            code = _code(argv)
    except StoreError:  # the output went to a full disk
        code = 2
    sys.exit(code)


def _code(argv: Sequence[str] | None) -> int:
    """Run the command and return its exit code. Every error is printed as a sentence; a traceback is shown on request only."""
    try:
        code = cli.main(args=None if argv is None else list(argv), prog_name="evidense", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # from click 8.2 on: its message is the help page
            error.show()
        else:
            print(f"evidense: {usage(error, _command(argv))}", file=sys.stderr)
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


def _command(argv: Sequence[str] | None) -> click.Command | None:
    """Return the command that is typed, None if there is none."""
    words = sys.argv[1:] if argv is None else argv
    return cli.get_command(click.Context(cli), words[0]) if words else None
