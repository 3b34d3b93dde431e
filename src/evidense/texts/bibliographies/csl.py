"""CSL-JSON: every item of a list, as Zotero, Pandoc and Crossref write it, and items of a plainer form."""

from collections.abc import Mapping
from typing import Any

from evidense.errors import InvalidInput
from evidense.texts.bibliographies.entries import Bibliography, year_of
from evidense.texts.identifiers import identifiers_of
from evidense.texts.loose_json import at, first, rows, text
from evidense.texts.names import split_authors
from evidense.values import Reference

_NAMING = frozenset(["title", "DOI", "doi", "URL", "url"])
"""Fields of which an item has at least one."""
_KINDS = {
    "article-journal": "article", "article-magazine": "article", "article": "misc", "paper-conference": "inproceedings", "chapter": "incollection",
    "thesis": "phdthesis", "report": "techreport", "post-weblog": "webpage", "post": "webpage",
}  # fmt: skip


def read_csl(value: Any, place: str) -> Bibliography:
    """Return the items of a list, or of `items` or `references` of an object; an object without these is one item.

    An item is CSL's, or has `title`, `authors` (a text or a list), `year`, `venue`, `doi`, `url`, `eprint`.

    Raises:
        InvalidInput: there is no list; the message names `place`.
    """
    if isinstance(value, Mapping):
        value = value.get("items", value.get("references", [value]))
    if not isinstance(value, list):
        raise InvalidInput(f"'{place}' holds no list. Expected a CSL-JSON file: a list of items; check the file.")
    references: list[Reference] = []
    mistakes: list[str] = []
    for number, item in enumerate(value, 1):
        if isinstance(item, dict) and _NAMING & item.keys():
            references.append(_reference(item, number))
        else:
            mistakes.append(f"item {number}: no title, DOI or URL; expected an item of CSL; it was left out")
    return Bibliography(tuple(references), tuple(mistakes))


def _reference(item: dict[str, Any], number: int) -> Reference:
    fields = {
        name: _written(value)
        for name, value in item.items()
        if not isinstance(value, dict | list) or name == "container-title"
    }
    fields["date"] = _date(item)
    venue = first([_text(item, name) for name in ("venue", "container-title", "event-title", "publisher")])
    names = {name.lower(): written for name, written in fields.items()} | {
        "journal": venue,
        "note": f"{fields.get('note', '')} {fields.get('archive_location', '')}",
    }
    kind = text(item, "type").lower()
    return Reference(
        _written(item.get("id")) or str(number), _KINDS.get(kind, kind or "misc"), _text(item, "title"), _authors(item), False,
        year_of(fields), venue, identifiers_of(names), fields,
    )  # fmt: skip


def _written(value: Any) -> str:
    """Return a value as it is written, on one line; of a list the first."""
    if isinstance(value, list):
        return _written(value[0]) if value else ""
    return "" if value is None or isinstance(value, Mapping) else " ".join(str(value).split())


def _text(item: dict[str, Any], name: str) -> str:
    """Return a field without markup; of a list the first."""
    return text(item, name) or text(item, name, 0)


def _date(item: dict[str, Any]) -> str:
    """Return the date: its parts, or what stands there as text."""
    parts = at(item, "issued", "date-parts", 0)
    if isinstance(parts, list) and parts:
        return "-".join(_written(part) for part in parts)
    return first([text(item, "issued", "raw"), text(item, "issued", "literal"), text(item, "date")])


def _authors(item: dict[str, Any]) -> tuple[str, ...]:
    given = at(item, "authors")
    if isinstance(given, str):
        return split_authors(given)[0]
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        return tuple(name for name in given if name.strip())
    people = rows(item, "author") or rows(item, "authors") or rows(item, "editor")
    return tuple(name for person in people if (name := _name(person)))


def _name(person: dict[str, Any]) -> str:
    family = " ".join(filter(None, (text(person, "non-dropping-particle"), text(person, "family"))))
    if not family:
        return first([text(person, "literal"), text(person, "name"), text(person, "given")])
    return ", ".join(filter(None, (family, text(person, "suffix"), text(person, "given"))))
