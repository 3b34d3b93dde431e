"""evidense completion."""

import click

LINES = {
    "bash": 'eval "$(_EVIDENSE_COMPLETE=bash_source evidense)"',
    "zsh": 'eval "$(_EVIDENSE_COMPLETE=zsh_source evidense)"',
    "fish": "_EVIDENSE_COMPLETE=fish_source evidense | source",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(LINES)))
def command(shell: str) -> None:
    """Print the line to add to the start-up file of SHELL (bash, zsh, fish)."""
    print(LINES[shell])
