"""Bibliographies: works of BibTeX, RIS, CSL-JSON and JSON lines, for sources that are files of the user."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidense.boundary.documents import parsed
from evidense.boundary.files import Budget, plain_name, read_text
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput
from evidense.texts.bibliographies.bibtex import read_bibtex
from evidense.texts.bibliographies.csl import read_csl
from evidense.texts.bibliographies.entries import Bibliography
from evidense.texts.bibliographies.ris import read_ris
from evidense.texts.loose_json import first
from evidense.values import Reference, Work

SUFFIXES = (".bib", ".bibtex", ".ris", ".json", ".jsonl", ".ndjson")
_WHAT = "BibTeX, RIS, CSL-JSON or JSON lines"
_BUDGET = Budget(free_bytes=1 << 29)


def read_bibliography(path: Path) -> Bibliography:
    """Return the references of a file; of one that is broken in places, those that can be read, and what cannot.

    Raises:
        InvalidInput: it cannot be read, is of another format, or is broken everywhere.
        MissingExtra: the library for its format is not installed.
    """
    content = read_text(path, _WHAT, _BUDGET).replace("\r\n", "\n").replace("\r", "\n")
    with foreign(str(path), f"Expected {_WHAT}; correct the file."):
        read = _read(content, path)
    if read.mistakes and not read.references:
        raise InvalidInput.all_of(f"'{path}' holds no work that can be read", read.mistakes)
    return read


def _read(content: str, path: Path) -> Bibliography:
    suffix = plain_name(path).suffix.lower()
    if suffix in (".bib", ".bibtex"):
        return read_bibtex(content)
    if suffix == ".ris":
        return read_ris(content)
    return read_csl(parsed(content, str(path)) if suffix == ".json" else list(_lines(content, path)), str(path))


def _lines(content: str, path: Path) -> Iterator[Any]:
    for n, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        row = parsed(line, f"{path} line {n}")
        if not isinstance(row, dict):
            raise InvalidInput(f"'{path}' line {n} is no object; expected one work a line; correct that line")
        yield row


def work_of(reference: Reference, source: str) -> Work:
    """Return what an entry says of its work."""
    fields = reference.fields
    return Work(
        source, reference.identifiers, reference.title, reference.authors, reference.year, reference.venue, reference.kind,
        abstract=fields.get("abstract", ""), url=first([reference.identifiers.get("url", ""), fields.get("url", ""), fields.get("URL", "")]),
    )  # fmt: skip
