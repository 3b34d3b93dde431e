"""evidense gc."""

import re
import sys
import time
from datetime import UTC, datetime
from typing import Any

import click

DAY_S = 86_400


class Age(click.ParamType):
    """An age in days or weeks: 30d, 6w."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of days."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([1-9]\d{0,4})\s*([dw])", str(value).strip())
        if not found:
            self.fail(f"'{value}' is no age; expected days or weeks, at least one day, like 30d or 6w", param, ctx)
        return int(found[1]) * (7 if found[2] == "w" else 1)


@click.command("gc")
@click.option(
    "--older", "days", type=Age(), required=True, metavar="AGE", help="Forget what was written longer ago: 30d, 6w."
)
@click.option("--plan", is_flag=True, help="Show what would be deleted, and its size. Delete nothing.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
def command(days: int, plan: bool, yes: bool) -> None:
    """Delete old vectors, rankings, checkpoints and unfinished steps from the store.

    What a page of this time rests on stays, and so do records, counts of looks, and answers of indexes and servers. All that is
    deleted is computed again when a study asks for it. Pages lie elsewhere and are never touched.
    """
    from evidense.boundary.numerals import size
    from evidense.errors import InvalidInput
    from evidense.report.history.entries import entries_of_store
    from evidense.store import Store
    from evidense.store.garbage import ROOMS, forget, garbage

    store, before = Store(), time.time() - days * DAY_S
    since = datetime.fromtimestamp(before, UTC).isoformat()
    recent = {entry.folder / "page.json" for entry in entries_of_store(store) if entry.at >= since and entry.is_there}
    heaps = garbage(store, before, sorted(path for path in recent if path.is_file()))
    width = max(map(len, ROOMS.values()))
    for heap in heaps:
        print(f"  {ROOMS[heap.room]:<{width}}  {len(heap.paths):>7,}  {size(heap.size_bytes):>8}")
    total = sum(heap.size_bytes for heap in heaps)
    n = sum(len(heap.paths) for heap in heaps)
    print(f"in all {n:,}, {size(total)}, older than {days:,} day{'s' * (days != 1)}, in {store.address}")
    if plan or not n:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise InvalidInput(
                "nothing was deleted, since nobody can be asked here; expected --yes, or --plan to look only"
            )
        click.confirm("Delete them?", abort=True)
    forget(heaps)
    print(f"deleted {size(total)}")
