"""Commas: divides what an option names at its commas, but for those within the name of a file or a column."""

from evidense.boundary.files import exists
from evidense.reading.dataset_spelling import DatasetSpelling, expanded
from evidense.reading.tables.rows import read_columns


def collections_between_commas(value: str) -> list[str]:
    """Return the collections that a value names, in order; of several readings, the one with the longest names.

    >>> collections_between_commas("a.csv, phenotypes")
    ['a.csv', 'phenotypes']
    """
    pieces, collections = value.split(","), list[str]()
    while pieces:
        n_joined = next((n for n in range(len(pieces), 1, -1) if _holds_commas(",".join(pieces[:n]).strip())), 1)
        collections.append(",".join(pieces[:n_joined]).strip())
        pieces = pieces[n_joined:]
    return [collection for collection in collections if collection]


def _holds_commas(spelling: str) -> bool:
    """Say whether the commas of a spelling are those of a file, or of the columns that it names."""
    if exists(expanded(spelling)):
        return True
    spelled = DatasetSpelling.parse(spelling)
    if not spelled.columns or not exists(spelled.path):
        return False
    return "," not in "".join(spelled.columns) or {*spelled.columns} <= {*read_columns(spelled.path)}
