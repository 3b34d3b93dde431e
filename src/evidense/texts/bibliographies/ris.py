"""RIS: every record of a text with its line, those beside broken ones too."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evidense.boundary.strangers import reason
from evidense.errors import MissingExtra
from evidense.texts.bibliographies.entries import Bibliography, year_of
from evidense.texts.identifiers import identifiers_of
from evidense.values import Reference

_BEGIN = re.compile(r"^TY {1,2}- ?", re.MULTILINE)
_END = re.compile(r"^ER {1,2}-", re.MULTILINE)
_KINDS = {
    "JOUR": "article", "EJOUR": "article", "MGZN": "article", "CONF": "inproceedings", "CPAPER": "inproceedings", "CHAP": "incollection", "BOOK": "book",
    "THES": "phdthesis", "RPRT": "techreport", "COMP": "software", "ELEC": "webpage", "WEB": "webpage", "BLOG": "webpage", "DATA": "dataset",
    "UNPB": "unpublished", "PAT": "patent", "STAND": "standard",
}  # fmt: skip
_VENUES = (
    "journal_name",
    "alternate_title3",
    "secondary_title",
    "alternate_title2",
    "name_of_database_journal",
    "tertiary_title",
    "publisher",
)


def read_ris(text: str) -> Bibliography:
    """Return the records of RIS.

    Raises:
        MissingExtra: rispy is not installed.
    """
    references: list[Reference] = []
    mistakes: list[str] = []
    for line, record in _records(text, mistakes):
        references += [
            _reference(fields, record, line, len(references) + 1) for fields in _fields(record, line, mistakes)
        ]
    return Bibliography(tuple(references), tuple(mistakes))


def _records(text: str, mistakes: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each record with its first line; one that is not closed ends where the next one begins."""
    begins = [match.start() for match in _BEGIN.finditer(text)]
    line, place = 1, 0
    for begin, following in zip(begins, [*begins, len(text)][1:], strict=True):
        line, place = line + text.count("\n", place, begin), begin
        end = _END.search(text, begin, following)
        if end is None:
            mistakes.append(
                f"line {line}: a record has no end; expected a line 'ER  - '; it was read up to the next one"
            )
        yield line, text[begin : end.start() if end else following].rstrip()


def _fields(record: str, line: int, mistakes: list[str]) -> list[Mapping[str, Any]]:
    try:
        import rispy
    except ModuleNotFoundError:
        raise MissingExtra.named("literature", "reading RIS", "rispy") from None
    try:
        return list(rispy.loads(f"{record}\nER  - \n"))
    except Exception as error:
        mistakes.append(f"line {line}: a record cannot be read ({reason(error)}); it was left out")
        return []


def _reference(record: Mapping[str, Any], raw: str, line: int, number: int) -> Reference:
    fields = {
        name: "; ".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in record.items()
    }
    urls = record.get("urls") or [record.get("url", "")]
    names = {
        "doi": fields.get("doi", ""), "url": str(urls[0]), "isbn": fields.get("issn", "") if record.get("type_of_reference") == "BOOK" else "",
        "note": fields.get("notes", ""), "year": fields.get("year") or fields.get("publication_year") or fields.get("date", ""),
        "pmid": fields.get("accession_number", "") if "pubmed" in fields.get("name_of_database", "").lower() else "",
        "journal": next((fields[name] for name in _VENUES if fields.get(name)), ""),
    }  # fmt: skip
    authors = record.get("authors") or record.get("first_authors") or record.get("secondary_authors") or ()
    return Reference(
        fields.get("id") or str(number), _KINDS.get(str(record.get("type_of_reference", "")), "misc"),
        fields.get("title") or fields.get("primary_title", ""), tuple(map(str, authors)), False, year_of(names), names["journal"],
        identifiers_of(names), fields, raw, line,
    )  # fmt: skip
