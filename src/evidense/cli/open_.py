"""evidense open."""

from pathlib import Path

import click


@click.command("open")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="Port on this machine; a free one if you name none."
)
@click.option("--no-browser", is_flag=True, help="Print the address only.")
def command(folder: Path | None, port: int, no_browser: bool) -> None:
    """Show the pages that were written in a browser: a table with a filter, trends over time, and each page.

    They are those of the store; with FOLDER, those in this folder and below. A small server runs on this machine only, reads only, and ends with Ctrl+C.
    """
    import webbrowser

    from evidense.report.history.entries import entries_below, entries_of_store
    from evidense.report.history.server import PageServer
    from evidense.store import Store

    if folder is None:
        store = Store()
        server = PageServer(lambda: entries_of_store(store), "Pages that were written with this store", port)
    else:
        entries_below(folder)
        server = PageServer(lambda: entries_below(folder), f"Pages in {folder}", port)
    print(f"{server.address}  (Ctrl+C ends it)", flush=True)
    if not no_browser:
        webbrowser.open(server.address)
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nended")
