"""Labels: losses.csv, the queries to look at, with a column that the next run reads back."""

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from evidense.boundary.files import read_text
from evidense.boundary.shown import shown, shown_line
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput
from evidense.records import Json
from evidense.report.contents import Contents
from evidense.report.texts import Excerpt, cut, excerpts

LABEL = "label wrong?"
HEAD = ("collection", "query_id", "system", "query", "relevant document", "system's first document", "delta", LABEL)
_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_YES, _NO = {"yes", "y", "x", "1", "true", "ja", "oui"}, {"no", "n", "0", "false"}
_ADVICE = "Expected a losses.csv that a report wrote, with every quote closed; save it as CSV UTF-8."
MOST = 100
"""Rows of one comparison, at most."""


def inert(text: str) -> str:
    """Return a cell that no spreadsheet runs as a formula; `live` undoes it.

    >>> inert("=1+1"), inert("a=b"), inert("'=1")
    ("'=1+1", 'a=b', "''=1")
    """
    return f"'{text}" if _DANGEROUS.match(text) else text


def live(cell: str) -> str:
    """Return the text that `inert` made a cell of.

    >>> live(inert("@x")), live(inert("plain"))
    ('@x', 'plain')
    """
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell) else cell


def table(rows: Iterable[Iterable[Json]], *, mark: bool = True) -> bytes:
    """Return rows as CSV; texts are inert and made visible, numbers stay numbers. `mark`: with the mark of UTF-8, by which spreadsheets know it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    cell = cache(lambda text: inert(shown(text)))  # the same ids and names stand in many rows
    writer.writerows(
        [cell(value) if isinstance(value, str) else "" if value is None else value for value in row] for row in rows
    )
    return out.getvalue().encode("utf-8-sig" if mark else "utf-8", errors="replace")


def losses(contents: Contents, labels: Mapping[tuple[str, str], str]) -> bytes:
    """Return losses.csv; labels that were made before are kept, also of queries that are no longer among the losses."""
    rows = [row for system, collection in contents.verdicts for row in _rows(contents, system, collection, labels)]
    written = {(row[0], row[1]) for row in rows}
    rows += [(c, q, "", "", "", "", "", label) for (c, q), label in sorted(labels.items()) if (c, q) not in written]
    return table([HEAD, *rows])


def _rows(
    contents: Contents, system: str, collection: str, labels: Mapping[tuple[str, str], str]
) -> list[tuple[Json, ...]]:
    lost = sorted(
        (e for e in excerpts(contents, system, collection) if e["delta"] < 0),
        key=lambda e: (e["delta"], str(e["query_id"])),
    )
    return [(collection, str(e["query_id"]), system, cut(e.get("query")), _first_text(e.get("relevant")), _text(e.get("system_first")), e["delta"],
             labels.get((collection, str(e["query_id"])), "")) for e in lost[:MOST]]  # fmt: skip


def _first_text(relevant: Iterable[Excerpt] | None) -> str:
    return _text(next(iter(relevant or ()), None))


def _text(document: Excerpt | None) -> str:
    return cut(document.get("text")) or str(document["doc_id"]) if document else ""


def read_labels(path: Path) -> dict[tuple[str, str], str]:
    """Read the labels back: (collection, query_id) → 'yes' or 'no'; rows left empty are not in it.

    A file that a spreadsheet saved with semicolons or tabs is read as well.

    Raises:
        InvalidInput: it cannot be read, lacks a column, or holds a label that is neither yes nor no.
    """
    rows = _read(path)
    missing = [name for name in ("collection", "query_id", LABEL) if name not in (rows.fieldnames or ())]
    if missing:
        named = ", ".join(repr(m) for m in missing)
        raise InvalidInput(
            f"'{path}' has no column {named}; expected a losses.csv that a report wrote; fill the last column of one"
        )
    labels: dict[tuple[str, str], str] = {}
    mistakes: list[str] = []
    with foreign(str(path), _ADVICE):
        for line, row in enumerate(rows, 2):
            if None in row:  # more cells than columns: a label would be read from another column
                mistakes.append(
                    f"row {line}: more cells than columns; expected {len(rows.fieldnames or ())}; quote cells that hold the separator"
                )
            elif wrong := _take(labels, row):
                mistakes.append(f"row {line}: {wrong}")
    if mistakes:
        raise InvalidInput.all_of(str(path), mistakes)
    return labels


def _take(labels: dict[tuple[str, str], str], row: Mapping[str, str | None]) -> str | None:
    """Take the label of one row; return what is wrong with it."""
    word = (row[LABEL] or "").strip().lower()
    if not word:
        return None
    if word not in _YES | _NO:
        return f"{LABEL} is '{shown_line((row[LABEL] or '')[:MOST])}'; expected yes, no, or nothing"
    key = live(row["collection"] or ""), live(row["query_id"] or "")
    label = "yes" if word in _YES else "no"
    if labels.setdefault(key, label) == label:
        return None
    return f"the query '{shown_line(key[1])}' is labelled yes and no; expected one answer, for all systems alike"


def carries_all(path: Path) -> bool:
    """Say whether everything that people added to a losses.csv is carried over: it has our columns and no others, or is not there."""
    if os.path.islink(path) or not os.path.isfile(path):  # of os.path: a name that no disk can hold is no file
        return not os.path.lexists(path)
    return sorted(_read(path).fieldnames or ()) == sorted(HEAD)


def _read(path: Path) -> "csv.DictReader[str]":
    content = read_text(path, "a losses.csv that a report wrote")
    first = content.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    with foreign(str(path), _ADVICE):
        _ = rows.fieldnames  # reads the first line
    return rows
