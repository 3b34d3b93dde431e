"""Bibliographies: works of BibTeX, RIS, CSL-JSON and JSON lines, for sources that are files of the user."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evidense.boundary.documents import parsed
from evidense.boundary.files import Budget, plain_name, read_text
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput, MissingExtra
from evidense.sources._shapes import at, first, rows, text, year
from evidense.texts.identifiers import identifiers_of
from evidense.texts.letters import decode_latex
from evidense.texts.names import split_authors
from evidense.values import Work

SUFFIXES = (".bib", ".bibtex", ".ris", ".json", ".jsonl", ".ndjson")
_BUDGET = Budget(free_bytes=1 << 29)
_VENUES = ("journal", "journaltitle", "booktitle", "school", "institution", "publisher", "howpublished")
_OF_CSL = {"doi": "DOI", "url": "URL", "pmid": "PMID", "pmcid": "PMCID", "isbn": "ISBN", "eprint": "arxiv"}


def read_works(path: Path, source: str) -> list[Work]:
    """Return the works of a file.

    Raises:
        InvalidInput: it cannot be read, or is of another format.
        MissingExtra: the library for its format is not installed.
    """
    suffix = plain_name(path).suffix.lower()
    content = read_text(path, "BibTeX, RIS, CSL-JSON or JSON lines", _BUDGET)
    with foreign(str(path), "Expected BibTeX, RIS, CSL-JSON or JSON lines; correct the file."):
        if suffix in (".bib", ".bibtex"):
            return list(_bibtex(content, source))
        if suffix == ".ris":
            return list(_ris(content, source))
        if suffix == ".json":
            return [_row(row, source) for row in _listed(parsed(content, str(path)), path)]
        return list(_lines(content, path, source))


def _bibtex(content: str, source: str) -> Iterator[Work]:
    try:
        import bibtexparser
    except ImportError:
        raise MissingExtra.named("literature", "reading BibTeX", "bibtexparser") from None
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    library = bibtexparser.parse_string(content)
    doubled = [block.ignore_error_block for block in library.failed_blocks if hasattr(block, "ignore_error_block")]
    for entry in [*library.entries, *(block for block in doubled if hasattr(block, "entry_type"))]:
        fields = {field.key.lower(): _unquoted(str(field.value)) for field in entry.fields}
        yield work_of_fields(fields, entry.entry_type.lower(), source)


def work_of_fields(fields: Mapping[str, str], kind: str, source: str) -> Work:
    """Return the work that BibTeX's fields describe."""
    authors, _ = split_authors(fields.get("author", "") or fields.get("editor", ""))
    venue = first([decode_latex(fields.get(name, "")) for name in _VENUES])
    published = first([fields.get("year", ""), fields.get("date", "")])
    return Work(
        source, identifiers_of(fields), decode_latex(fields.get("title", "")), authors, year(published), venue, kind,
        abstract=fields.get("abstract", ""), url=fields.get("url", ""),
    )  # fmt: skip


def _unquoted(value: str) -> str:
    value = value.strip()
    is_enclosed = len(value) > 1 and (value[0], value[-1]) in (("{", "}"), ('"', '"'))
    return value[1:-1].strip() if is_enclosed else value


def _ris(content: str, source: str) -> Iterator[Work]:
    try:
        import rispy
    except ImportError:
        raise MissingExtra.named("literature", "reading RIS", "rispy") from None
    for entry in rispy.loads(content):
        urls = entry.get("urls") or []
        named = {"doi": text(entry, "doi"), "url": first([text(entry, "url"), *(str(url) for url in urls)])}
        authors = entry.get("authors") or entry.get("first_authors") or []
        titles = [text(entry, key) for key in ("title", "primary_title")]
        venues = [text(entry, key) for key in ("journal_name", "secondary_title", "alternate_title3", "publisher")]
        yield Work(
            source, identifiers_of(named), first(titles), tuple(str(author) for author in authors),
            year(first([text(entry, "year"), text(entry, "publication_year"), text(entry, "date")])), first(venues),
            text(entry, "type_of_reference").lower(), abstract=text(entry, "abstract"), url=named["url"],
        )  # fmt: skip


def _lines(content: str, path: Path, source: str) -> Iterator[Work]:
    for n, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        row = parsed(line, f"{path} line {n}")
        if not isinstance(row, dict):
            raise InvalidInput(f"'{path}' line {n} is no object; expected one work a line; correct that line")
        yield _row(row, source)


def _listed(value: Any, path: Path) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else at(value, "items") or at(value, "references")
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InvalidInput(f"'{path}' holds no list of works; expected CSL-JSON; export it again")
    return found


def _row(row: dict[str, Any], source: str) -> Work:
    """Read CSL-JSON, or our own form: title, authors (or author), year, venue, doi, url, eprint."""
    fields = {kind: text(row, kind) or text(row, csl) for kind, csl in _OF_CSL.items()}
    published = first(
        [
            text(row, "year"),
            text(row, "issued", "date-parts", 0, 0),
            text(row, "issued", "raw"),
            text(row, "issued", "literal"),
        ]
    )
    venue = first([text(row, "venue"), text(row, "container-title"), text(row, "event-title"), text(row, "publisher")])
    return Work(
        source, identifiers_of(fields), text(row, "title"), _authors(row), year(published), venue, text(row, "type").lower(),
        abstract=text(row, "abstract"), url=fields["url"],
    )  # fmt: skip


def _authors(row: dict[str, Any]) -> tuple[str, ...]:
    given = at(row, "authors")
    if isinstance(given, str):
        return split_authors(given)[0]
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        return tuple(name for name in given if name.strip())
    names = [_name(author) for author in rows(row, "author") or rows(row, "authors")]
    return tuple(name for name in names if name)


def _name(author: dict[str, Any]) -> str:
    family, given = text(author, "family"), text(author, "given")
    family = " ".join(part for part in (text(author, "non-dropping-particle"), family) if part)
    return (
        f"{family}, {given}"
        if family and given
        else first([family, text(author, "literal"), text(author, "name"), given])
    )
