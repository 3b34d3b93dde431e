"""Labels: losses.csv, the queries to look at, with a column that the next run reads back."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from evidense.boundary.shown import shown
from evidense.errors import InvalidInput
from evidense.records import Json
from evidense.report.contents import Contents
from evidense.report.texts import Excerpt, cut, excerpts

LABEL = "label wrong?"
HEAD = ("collection", "query_id", "system", "query", "relevant document", "system's first document", "delta", LABEL)
_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_YES, _NO = {"yes", "y", "x", "1", "true", "ja", "oui"}, {"no", "n", "0", "false"}
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


def table(rows: Iterable[Iterable[Json]]) -> bytes:
    """Return rows as CSV that spreadsheets open (UTF-8 with its mark); texts are inert and made visible, numbers stay numbers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows(
        [inert(shown(value)) if isinstance(value, str) else "" if value is None else value for value in row]
        for row in rows
    )
    return out.getvalue().encode("utf-8-sig", errors="replace")


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
    found: dict[tuple[str, str], str] = {}
    mistakes: list[str] = []
    for line, row in enumerate(rows, 2):
        word = (row[LABEL] or "").strip().lower()
        if word and word not in _YES | _NO:
            mistakes.append(f"row {line}: {LABEL} is '{row[LABEL]}'; expected yes, no, or nothing")
        elif word:
            key = live(row["collection"] or ""), live(row["query_id"] or "")
            label = "yes" if word in _YES else "no"
            if found.setdefault(key, label) != label:
                mistakes.append(
                    f"row {line}: the query '{key[1]}' is labelled yes and no; expected one answer, for all systems alike"
                )
    if mistakes:
        raise InvalidInput.all_of(str(path), mistakes)
    return found


def _read(path: Path) -> "csv.DictReader[str]":
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"'{path}' cannot be read ({error}); expected a losses.csv in UTF-8; save it as CSV UTF-8"
        ) from None
    first = content.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    return csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter)
