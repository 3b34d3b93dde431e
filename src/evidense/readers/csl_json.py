"""CSL-JSON, as Zotero, Pandoc and Crossref write it: every item of the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.boundary.documents import parsed
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput
from evidense.readers._entries import year_of
from evidense.readers._files import nothing_in, text_of
from evidense.readers._signs import format_of
from evidense.texts.identifiers import identifiers_of
from evidense.values import ReadDocument, Reference

WHAT = "a CSL-JSON file"
_KINDS = {
    "article-journal": "article", "article-magazine": "article", "article": "misc", "paper-conference": "inproceedings", "chapter": "incollection",
    "thesis": "phdthesis", "report": "techreport", "post-weblog": "webpage", "post": "webpage",
}  # fmt: skip


@dataclass(frozen=True)
class CSLJSON:
    """Reads `.json` that holds CSL items."""

    name: str = "csl_json"
    suffixes: tuple[str, ...] = (".json",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is JSON."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read every item.

        Raises:
            InvalidInput: it is no JSON, or holds no item.
        """
        text, mistakes = text_of(path, WHAT)
        value = parsed(text, str(path))
        if isinstance(value, Mapping):
            value = value.get("items", value.get("references", [value]))
        if not isinstance(value, list):
            raise InvalidInput(f"'{path}' holds no list. Expected {WHAT}: a list of items; check the file.")
        references = []
        with foreign(str(path), f"Expected {WHAT}; correct the file."):
            for number, item in enumerate(value, 1):
                if isinstance(item, Mapping) and ("title" in item or "DOI" in item or "URL" in item):
                    references.append(_reference(item, number))
                else:
                    mistakes.append(f"item {number}: no title, DOI or URL; expected an item of CSL; it was left out")
        if not references:
            raise nothing_in(path, "CSL item", mistakes)
        return ReadDocument(self.name, references=tuple(references), mistakes=tuple(mistakes))


def _reference(item: Mapping[str, Any], number: int) -> Reference:
    fields = {
        name: _text(value)
        for name, value in item.items()
        if not isinstance(value, (dict, list)) or name == "container-title"
    }
    issued = item.get("issued")
    fields["date"] = _date(issued if isinstance(issued, Mapping) else {})
    venue = _text(item.get("container-title")) or _text(item.get("event-title")) or _text(item.get("publisher"))
    names = {name.lower(): text for name, text in fields.items()} | {
        "journal": venue,
        "note": f"{fields.get('note', '')} {fields.get('archive_location', '')}",
    }
    people = item.get("author") or item.get("editor")
    authors = [_name(person) for person in people if isinstance(person, Mapping)] if isinstance(people, list) else []
    kind = _text(item.get("type"))
    return Reference(
        _text(item.get("id")) or str(number), _KINDS.get(kind, kind or "misc"), _text(item.get("title")),
        tuple(name for name in authors if name), False, year_of(fields), venue, identifiers_of(names), fields,
    )  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    return "" if value is None or isinstance(value, Mapping) else " ".join(str(value).split())


def _date(issued: Mapping[str, Any]) -> str:
    """Return the date: its parts, or what stands there as text."""
    parts = issued.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts else ()
    if isinstance(first, list) and first:
        return "-".join(_text(part) for part in first)
    return _text(issued.get("raw")) or _text(issued.get("literal"))


def _name(person: Mapping[str, Any]) -> str:
    if literal := _text(person.get("literal")) or _text(person.get("name")):
        return literal
    family = " ".join(filter(None, (_text(person.get("non-dropping-particle")), _text(person.get("family")))))
    return ", ".join(filter(None, (family, _text(person.get("suffix")), _text(person.get("given")))))


PART = CSLJSON()
