"""Usage: mistakes of a command line on one line, in the words of the command line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click

from evidense.errors import InvalidInput, did_you_mean

_MEANT = {
    "--metric": "--measure", "--metrics": "--measure", "--measures": "--measure",
    "--data": "--on", "--dataset": "--on", "--datasets": "--on", "--collection": "--on", "--collections": "--on", "--benchmark": "--on",
    "--output": "--out", "--n-queries": "--queries", "--alpha": "--confidence", "--epsilon": "--margin",
}  # fmt: skip
"""Options of other tools → ours."""


def usage(error: click.ClickException, command: click.Command | None = None) -> str:
    """Return a mistake in the words of a command on one line, with the line that shows all options.

    `command` stands in where click does not say of which command an error is (an option without its value).
    """
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command if context else command
    message = error.format_message().rstrip(".")
    if isinstance(error, click.NoSuchOption):
        message = f"no such option '{error.option_name}'{_guess(error.option_name, command)}"
    elif isinstance(error, click.BadOptionUsage) and (choices := _choices(error.option_name, command)):
        message = f"{message}; expected {' or '.join(choices)}"
    help_line = f"; `{context.command_path} --help` shows all options" if context else ""
    return " ".join(f"{message[:1].lower()}{message[1:]}{help_line}".split())


@contextmanager
def said_as_options() -> Iterator[None]:
    """Name the options of the command in errors on a study that is made of them, in place of the keys of a study file.

    Raises:
        InvalidInput: the error, in these words.
    """
    try:
        yield
    except InvalidInput as error:
        context = click.get_current_context()
        option_of = {p.name: p.opts[0] for p in context.command.params if isinstance(p, click.Option)}
        words = re.sub(r"'(\w+)'(?= is )", lambda key: option_of.get(key[1], key[0]), str(error))
        raise InvalidInput(words.removeprefix("compare: ")) from None


def _options(command: click.Command | None) -> list[str]:
    parameters = command.params if command else []
    return [name for p in parameters if isinstance(p, click.Option) for name in p.opts if name.startswith("--")]


def _guess(name: str, command: click.Command | None) -> str:
    """Return " (did you mean '--on'?)": the option that other tools call so, else the nearest of the command."""
    options = _options(command)
    if (meant := _MEANT.get(name)) in options:
        return f" (did you mean '{meant}'?)"
    guess = did_you_mean(name, options)
    return f" ({guess.strip()})" if guess else ""


def _choices(name: str, command: click.Command | None) -> list[str]:
    """Return the values of an option that has a choice."""
    parameters = command.params if command else []
    types = [p.type for p in parameters if name in p.opts]
    return [str(choice) for kind in types if isinstance(kind, click.Choice) for choice in kind.choices]
