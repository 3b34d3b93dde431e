"""evidense history."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evidense.report.history.entries import PageEntry


@click.command("history")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--find", default="", metavar="WORDS", help="Only pages that speak of these words.")
@click.option(
    "--kind",
    default="",
    metavar="KIND",
    help="Only pages of this kind: comparison, training, dissection, audit, check, search, question.",
)
@click.option("--trend", is_flag=True, help="Print comparisons that were made more than once, over time.")
@click.option("-n", "--newest", default=20, show_default=True, type=click.IntRange(1), help="So many at most.")
def command(folder: Path | None, find: str, kind: str, trend: bool, newest: int) -> None:
    """Print the pages that were written, newest first.

    They are those of the store; with FOLDER, those in this folder and below. `evidense open` shows the same in a browser.
    """
    from evidense.errors import UnknownName
    from evidense.report.history.entries import KINDS, entries_below, entries_of_store
    from evidense.report.history.trends import shown_time, trend_lines, trends
    from evidense.store import Store

    if kind and kind not in KINDS:
        raise UnknownName.among("kind of page", kind, KINDS)
    entries = entries_of_store(Store()) if folder is None else entries_below(folder)
    chosen = [entry for entry in entries if entry.has(find) and kind in ("", entry.kind)]
    if trend:
        several = trends(chosen)[:newest]
        print("\n\n".join("\n".join(trend_lines(t)) for t in several) or "no comparison was made twice")
        return
    for entry in chosen[:newest]:
        there = str(entry.folder) if entry.is_there else f"{entry.folder} (gone or replaced)"
        about = [
            f"{shown_time(entry.at)}  {_title(entry)}",
            entry.words(),
            there,
            entry.command,
        ]
        print(f"\n{'':18}".join(filter(None, about)))
    if not chosen:
        sought = " and ".join(filter(None, [f"is a {kind}" if kind else "", f"speaks of '{find}'" if find else ""]))
        print("no page was written yet" if not entries else f"none of {len(entries):,} pages {sought}")
    elif len(chosen) > newest:
        print(f"and {len(chosen) - newest:,} older ones (-n {len(chosen)} prints all)")


def _title(entry: "PageEntry") -> str:
    where = f" on {', '.join(entry.collections)}" if entry.collections else ""
    return f"{entry.kind}  {entry.name}{where}"
