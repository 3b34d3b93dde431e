"""CITATION.cff: the references and the preferred citation of a Citation File Format file, each with its line."""

from dataclasses import replace
from typing import Any

from evidense.boundary.strangers import reason
from evidense.errors import InvalidInput, MissingExtra, UnsafeInput
from evidense.texts.bibliographies.csl import read_csl
from evidense.texts.bibliographies.entries import Bibliography
from evidense.texts.loose_json import at, first, rows, text
from evidense.values import Reference

MOST_CHARACTERS = 1_000_000
_KINDS = {
    "article": "article-journal", "conference-paper": "inproceedings", "data": "dataset", "database": "dataset", "report": "techreport",
    "generic": "misc", "website": "webpage", "software-code": "software", "software-container": "software", "software-executable": "software",
    "software-virtual-machine": "software",
}  # fmt: skip
_VENUES = (("journal",), ("conference", "name"), ("collection-title",), ("institution", "name"), ("publisher", "name"))
_DATES = ("year", "date-published", "date-released", "year-original")


def read_cff(content: str, place: str) -> Bibliography:
    """Return the entries of `references`, and `preferred-citation`; what a file describes, mostly software, is none of them.

    Raises:
        InvalidInput: it is no YAML, or no mapping.
        UnsafeInput: it is larger than a million characters, or a part of it stands for another (`&`, `*`), by which a small file unfolds to a huge one.
        MissingExtra: PyYAML is not installed.
    """
    if len(content) > MOST_CHARACTERS:
        raise UnsafeInput(
            f"'{place}' has {len(content):,} characters. Expected at most {MOST_CHARACTERS:,}; split its references."
        )
    lines: dict[int, int] = {}
    value = _plain(_root(content, place), lines)
    if not isinstance(value, dict):
        raise InvalidInput(f"'{place}' is no CITATION.cff. Expected keys, cff-version first; correct the file.")
    given = value.get("references")
    preferred = value.get("preferred-citation")
    entries = [*(given if isinstance(given, list) else []), *([preferred] if preferred else [])]
    references: list[Reference] = []
    mistakes: list[str] = []
    for number, entry in enumerate(entries, 1):
        key = "preferred-citation" if entry is preferred else str(number)
        read = read_csl([_item(entry, key)] if isinstance(entry, dict) else [entry], place)
        references += [replace(reference, line=lines.get(id(entry))) for reference in read.references]
        if read.mistakes:
            at_line = f"line {lines[id(entry)]}" if id(entry) in lines else f"reference {number}"
            mistakes.append(f"{at_line}: no title, doi or url; expected a reference of CFF; it was left out")
    return Bibliography(tuple(references), tuple(mistakes))


def _item(entry: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a reference of CFF as an item of CSL."""
    kind = text(entry, "type").lower()
    named = {text(one, "type"): text(one, "value") for one in reversed(rows(entry, "identifiers"))}
    item: dict[str, Any] = {
        "id": key,
        "type": _KINDS.get(kind, kind),
        "title": text(entry, "title"),
        "author": [_person(one) for one in rows(entry, "authors") or rows(entry, "editors")],
        "issued": {"raw": first([text(entry, name) for name in _DATES])},
        "container-title": first([text(entry, *path) for path in _VENUES]),
        "DOI": text(entry, "doi") or named.get("doi", ""),
        "URL": first([text(entry, "url"), named.get("url", ""), text(entry, "repository-code")]),
        "ISBN": text(entry, "isbn"),
        "note": f"{named.get('other', '')} {text(entry, 'notes')}",
    }
    return {name: value for name, value in item.items() if value}


def _person(given: dict[str, Any]) -> dict[str, Any]:
    names = {
        "family": "family-names", "given": "given-names", "non-dropping-particle": "name-particle", "suffix": "name-suffix", "literal": "name",
    }  # fmt: skip
    return {name: text(given, key) for name, key in names.items() if at(given, key)}


def _root(content: str, place: str) -> Any:
    """Return the node of a YAML document; every value is the text that stands there."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise MissingExtra.named("literature", "reading CITATION.cff", "PyYAML") from None

    class Loader(yaml.BaseLoader):  # type: ignore[misc]
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1
                raise UnsafeInput(f"'{place}', line {line}, stands for another part of it (*). Expected it written out; write it so.")  # fmt: skip
            return super().compose_node(parent, index)

    try:
        return yaml.compose(content, Loader=Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}," if mark else ""
        why = getattr(error, "problem", None) or reason(error)
        raise InvalidInput(f"'{place}'{where} is no YAML ({why}). Expected a CITATION.cff; correct the file.") from None


def _plain(node: Any, lines: dict[int, int]) -> Any:
    """Return texts, lists and mappings of a node; note the line of each mapping under its `id`."""
    if node is None or isinstance(node.value, str):
        return "" if node is None else node.value
    if node.id == "sequence":
        return [_plain(one, lines) for one in node.value]
    value = {str(_plain(key, {})): _plain(one, lines) for key, one in node.value}
    lines[id(value)] = node.start_mark.line + 1
    return value
