"""Help: every option of every command says what it is for, and lists are named."""

import click
import pytest

from evidense.cli.main import cli
from evidense.parts import SHELVES

CONTEXT = click.Context(cli)


@pytest.mark.parametrize("name", cli.list_commands(CONTEXT))
def test_every_option_has_a_help_text(name: str) -> None:
    command = cli.get_command(CONTEXT, name)
    assert command is not None
    assert command.help
    bare = [option.opts[0] for option in command.params if isinstance(option, click.Option) and not option.help]
    assert bare == []


def test_the_help_of_list_names_every_shelf(evidense) -> None:
    text = evidense("list", "--help").stdout
    assert all(shelf in text for shelf in SHELVES)
