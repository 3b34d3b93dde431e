"""Columns: finds the columns of a table by role, from their names."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evidense.boundary.encodings import encoding_of
from evidense.boundary.files import plain_name, regular
from evidense.errors import InvalidInput, nearest
from evidense.reading.runs.files import kind
from evidense.reading.runs.judgements import is_trec_qrels
from evidense.reading.tables.delimited import listed
from evidense.reading.tables.rows import DataRow, DataTable, read_columns, table_format

ROLES = {
    "query": ("query", "question", "anchor"),
    "document": ("document", "doc", "passage", "answer", "positive", "pos"),
    "negative": ("negative", "neg"),
    "gain": ("gain", "relevance", "label", "score"),
    "similarity": ("similarity", "sim", "similarity_score", "sim_score", "cosine", "cosine_similarity", "cos_sim"),
    "query id": ("query_id", "query-id", "qid"),
    "document id": ("doc_id", "doc-id", "document_id", "corpus-id", "docid", "pid"),
    "picture": ("image", "filepath", "file_path", "image_path", "filename", "file_name", "picture", "path"),
    "title": ("title", "text", "caption", "name"),
    "category": ("category", "class"),
    "item id": ("id", "_id", "item_id", "sku"),
    "group": ("group",),
    "split": ("split",),
}
_PARTS_OF_BEIR = ("corpus.jsonl", "queries.jsonl")
_MOST_COMPARED = 200
"""How many columns are searched for a similar name."""


def find(columns: Sequence[str], role: str) -> str | None:
    """Return the first column of a role, or None.

    >>> find(["Anchor", "positive"], "query")
    'Anchor'
    """
    lower = {name.lower().strip(): name for name in reversed(columns)}
    return next((lower[name] for name in ROLES[role] if name in lower), None)


def find_all(columns: Sequence[str], role: str) -> list[str]:
    """Return every column of a role, numbered ones (`negative_1`, `negative2`) included, in order."""
    return [name for name in columns if name.lower().rstrip("0123456789").rstrip("_- ") in ROLES[role]]


def require(columns: Sequence[str], path: Path, *roles: str) -> list[str]:
    """Return the column of each role.

    Raises:
        InvalidInput: some are missing; the message names them, the columns of the table and the nearest of them.
    """
    column_of_role = {role: find(columns, role) for role in roles}
    missing = [role for role, name in column_of_role.items() if name is None]
    if missing:
        if path.name.removesuffix(".gz") in _PARTS_OF_BEIR and is_beir_folder(path.parent):
            raise InvalidInput(f"'{path}' is part of a BEIR folder; expected the folder; write --on {path.parent}")
        problems = "; ".join(
            f"no column for the {role} ({', '.join(ROLES[role])}){_nearest(columns, role)}" for role in missing
        )
        raise InvalidInput(
            f"{path}: {problems}. Found: {listed(columns)}. Rename the column in the first line, or name both: '{path}:QUERY->DOCUMENT'"
        )
    return [name for name in column_of_role.values() if name is not None]


def renamed(table: DataTable, names: tuple[str, str] | None) -> DataTable:
    """Give the two named columns the names `query` and `document`; other columns that could be either are left out.

    Raises:
        InvalidInput: the table lacks one of them.
    """
    if names is None:
        return table
    if unknown := [name for name in names if name not in table.columns]:
        what = " or ".join(f"'{name}'" for name in dict.fromkeys(unknown))
        near = [f"'{guess}'" for name in unknown if (guess := _nearest_to(name, table.columns))]
        meant = f" (did you mean {' and '.join(dict.fromkeys(near))}?)" if near else ""
        raise InvalidInput(
            f"{table.path} has no column{'s' if len({*unknown}) > 1 else ''} {what}{meant}; found {listed(table.columns)}; "
            "write FILE:QUERY->DOCUMENT with two of these"
        )
    if names[0] == names[1]:
        raise InvalidInput(
            f"'{names[0]}' is named as the column of queries and of documents; expected two columns of {listed(table.columns)}; name another"
        )
    others = {n for role in ("query", "document") for n in find_all(table.columns, role)} - set(names)
    new = dict(zip(names, ("query", "document"), strict=True))
    columns = tuple(new.get(name, name) for name in table.columns if name not in others)
    rows = tuple(
        DataRow(r.place, {new.get(n, n): cell for n, cell in r.cells.items() if n not in others}) for r in table.rows
    )
    return replace(table, columns=columns, rows=rows)


def table_kind(path: Path, names: tuple[str, str] | None = None) -> str | None:
    """Return the kind of a table by its columns: 'pairs' (the default, and if the user named two of them), 'catalogue' or 'mmeb'; None if it is not a table."""
    if not path.is_file() or not (table_format(path) or _is_exported(path, names)) or is_trec_qrels(path):
        return None
    if names:
        return "pairs"
    columns = read_columns(path)
    if {"qry_text", "tgt_text"} <= set(columns):
        return "mmeb"
    is_pairs = find(columns, "query") is not None
    has_picture, has_title, has_category = (
        find(columns, role) is not None for role in ("picture", "title", "category")
    )
    return "catalogue" if not is_pairs and (has_picture or (has_title and has_category)) else "pairs"


def _is_exported(path: Path, names: tuple[str, str] | None) -> bool:
    """Say whether a .txt is a table: Excel's "Unicode text" (UTF-16), or columns of which two are named, by the user or as query and document."""
    if plain_name(path).suffix.lower() != ".txt" or kind(path) is not None:
        return False
    columns = read_columns(path)
    if (names and {*names} <= {*columns}) or (find(columns, "query") and find(columns, "document")):
        return True
    with regular(path) as file:
        return len(columns) > 1 and encoding_of(file.read(4), b"") == "utf-16"


def is_beir_folder(folder: Path) -> bool:
    """Say whether a folder holds a corpus and queries as BEIR publishes them."""
    return all(any((folder / f"{name}{end}").is_file() for end in ("", ".gz")) for name in _PARTS_OF_BEIR)


def _nearest_to(name: str, columns: Sequence[str]) -> str | None:
    """Return the column that a mistyped name is closest to, whatever its case; None if none is close."""
    of_lower = {column.lower(): column for column in columns[:_MOST_COMPARED]}
    longer = [column for column in columns if column.lower().startswith(f"{name.lower()},")]
    return longer[0] if longer else of_lower.get(nearest(name.lower(), of_lower) or "")


def _nearest(columns: Sequence[str], role: str) -> str:
    near = [name for name in columns[:_MOST_COMPARED] if nearest(name.lower(), ROLES[role])]
    return f"; nearest is '{near[0]}'" if near else ""
