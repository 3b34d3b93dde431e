"""Unread: explains a spelling that no part recognises: a path of another kind, a missing path, or a misspelt name."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from evidense.boundary.files import exists
from evidense.errors import UnknownName, nearest
from evidense.reading.dataset_spelling import DatasetSpelling, expanded
from evidense.reading.runs.files import kind
from evidense.reading.runs.judgements import is_trec_qrels
from evidense.reading.tables.delimited import listed
from evidense.reading.tables.rows import read_columns, table_format

_EXPECTED = {
    "collection": "a table of pairs (.csv, .tsv, .jsonl, .parquet), TREC judgements, or a folder with corpus.jsonl, queries.jsonl and qrels/",
    "system": "a run file (.trec, .run, .tsv, .json), vectors (.npy), or the folder of a model",
}
_SIGNS = {
    "collection": ({"corpus.jsonl", "queries.jsonl", "qrels"}, {"corpus.jsonl", "queries.jsonl"}),
    "system": ({"model.safetensors", "pytorch_model.bin", "tokenizer.json"}, {"config.json"}),
}
"""Files that make a folder look like this kind, and files that it needs."""
_SPREADSHEETS = {".xlsx", ".xls", ".xlsm", ".ods", ".numbers"}
_ADVISES = re.compile(r": (give|save) it ")
"""What is there is known, and what to do with it: no list of forms is needed."""
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}")
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w-]+")
_MOST_ENTRIES = 1_000


def unread(what: str, spelling: str, names: Iterable[str], shelves: Sequence[str]) -> UnknownName:
    """Return the error, in one line, for a collection or system that no part of these shelves recognises."""
    if not spelling.strip():
        return UnknownName(f"a {what} without a name; expected {_EXPECTED[what]}; name one")
    spelled = DatasetSpelling.parse(spelling)
    path, spelling = spelled.path, spelled.head if spelled.columns else spelling
    if exists(path):
        why = _why_not(what, spelling, path)
        return UnknownName(why if _ADVISES.search(why) else f"{why}. Expected {_EXPECTED[what]}.")
    if what == "collection" and (why := _one_column(spelling)):
        return UnknownName(why)
    missing = [piece for piece in spelling.split("+") if not exists(expanded(piece))]
    if _is_path(missing[0]):
        hint = (
            f"; a data set of the hub is spelled hf:{spelling}"
            if what == "collection" and _HUB.fullmatch(spelling)
            else ""
        )
        return UnknownName(
            f"{what} '{missing[0]}': no such file or folder{nearest_beside(expanded(missing[0]))}{hint}; correct the path"
        )
    closest = nearest(spelling, names) or _with_scheme(spelling, names)
    guess = (
        f": did you mean '{closest}'?"
        if closest
        else "; expected a built-in name, a file, a folder or OWNER/NAME of the hub;"
    )
    commands = " and ".join(f"`evidense list {shelf}`" for shelf in shelves)
    return UnknownName(
        f"unknown {what} '{spelling}'{guess} {commands} {'show' if len(shelves) > 1 else 'shows'} all names"
    )


def _why_not(what: str, spelling: str, path: Path) -> str:
    """Describe what is at a path, and why it is not read as a collection or system."""
    if path.is_dir():
        return _folder(what, path)
    if path.is_file() and not path.stat().st_size:
        return f"'{spelling}' is empty"
    ending = path.suffix.lower()
    if ending in _SPREADSHEETS:
        return f"'{spelling}' is there, but {ending} is not read: save it as CSV"
    if what == "system" and is_trec_qrels(path):
        return f"'{spelling}' holds judgements, and stands where a system was expected: give it with --qrels"
    if what == "system" and table_format(path):
        return f"'{spelling}' is a table, and stands where a system was expected: give it with --on"
    if what == "collection" and kind(path):
        return f"'{spelling}' is a run file, and stands where a collection was expected: give it as a system"
    return f"'{spelling}' is there, but is not read as a {what}"


def _one_column(spelling: str) -> str:
    """Explain FILE:COLUMN, which lacks its second column; "" if the spelling is none."""
    head, colon, column = spelling.rpartition(":")
    path = expanded(head)
    if not colon or not column or not path.is_file() or not table_format(path):
        return ""
    if column[-1] in "-=":
        column = column[:-1].strip()
        return f"'{spelling}' ends where the shell took '>' for itself; put the whole in quotes: '{head}:{column}->DOCUMENT'"
    return (
        f"'{spelling}' names one column; expected those of the query and of the document, of {listed(read_columns(path))}; "
        f"write '{head}:{column}->DOCUMENT', in quotes"
    )


def _with_scheme(spelling: str, names: Iterable[str]) -> str | None:
    """Return the spelling with the part's name that its beginning is closest to: OpenAI:m → openai:m."""
    scheme, colon, rest = spelling.partition(":")
    closest = nearest(scheme.lower(), names, 0.8) if colon else None
    return f"{closest}:{rest}" if closest else None


def _folder(what: str, path: Path) -> str:
    names = sorted(entry.name for entry in islice(path.iterdir(), _MOST_ENTRIES))
    if not names:
        return f"the folder '{path}' is empty"
    unpacked_names = {name.removesuffix(".gz") for name in names}
    if what == "system" and {"corpus.jsonl", "queries.jsonl"} <= unpacked_names:
        return f"the folder '{path}' is a collection, and stands where a system was expected: give it with --on"
    tables = [name for name in names if table_format(path / name)]
    if what == "collection" and tables and not _SIGNS[what][0] & unpacked_names:
        named = f"'{path / tables[0]}'" if len(tables) == 1 else f"one of its tables, as '{path / tables[0]}'"
        return f"the folder '{path}' is not read as a collection; it holds {listed(names)}: name {named}"
    signs, needed = _SIGNS[what]
    lacks = ", ".join(sorted(needed - unpacked_names)) if signs & unpacked_names else f"all that makes a {what}"
    return f"the folder '{path}' lacks {lacks}; it holds {listed(names)}"


def _is_path(spelling: str) -> bool:
    return (
        "/" in spelling
        or "\\" in spelling
        or spelling.startswith("~")
        or bool(_ENDING.fullmatch(Path(spelling).suffix))
    )


def nearest_beside(path: Path) -> str:
    """Return a suggestion, " (did you mean 'X'?)": the file with the most similar name beside a missing one; "" if none is similar."""
    try:
        neighbours = [entry.name for entry in islice(path.parent.iterdir(), _MOST_ENTRIES)]
    except (OSError, ValueError):
        return ""
    closest = nearest(path.name, neighbours, cutoff=0.75)
    return f" (did you mean '{path.parent / closest}'?)" if closest else ""
