"""evidense list."""

import click

from evidense.cli.saying import completions
from evidense.parts import SHELVES


@click.command(
    "list",
    help=f"Print the parts of SHELF, one per line. Without SHELF, print the parts of all shelves.\n\nShelves: {', '.join(SHELVES)}.",
)
@click.argument("shelf", required=False, shell_complete=completions.SHELVES)
def command(shelf: str | None) -> None:
    """Print the parts of a shelf, or of all."""
    from evidense import registry

    if shelf is not None:
        print("\n".join(_rows(registry.summaries(shelf))))
        return
    for name in SHELVES:
        print("\n".join([name, *(f"  {row}" for row in _rows(registry.summaries(name))), ""]))


def _rows(parts: dict[str, str]) -> list[str]:
    width = max(map(len, parts), default=0)
    return [f"{name:<{width}}  {summary}" for name, summary in parts.items()]
