"""BibTeX: the entries of a text with their lines, beside broken, doubled and undefined ones."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidense.errors import MissingExtra
from evidense.texts.bibliographies.entries import BibEntry, Bibliography

_KEY = re.compile(r"@\s*\w+\s*[{(]\s*([^\s,={}\"]+)")
_MONTHS = dict(
    zip(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(),
        "January February March April May June July August September October November December".split(),
        strict=True,
    )
)
_OF_PARENT = frozenset(["year", "date", "publisher", "series", "editor"])
_NO_REFERENCE = frozenset(["comment", "preamble", "string", "xdata", "set", "control", "ieeetranbstctl"])


@dataclass
class _File:
    """What was read so far."""

    strings: dict[str, str] = field(default_factory=lambda: dict(_MONTHS))
    line_of_string: dict[str, int] = field(default_factory=dict)
    line_of_key: dict[str, int] = field(default_factory=dict)
    entries: list[BibEntry] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


def read_bibtex(text: str) -> Bibliography:
    """Return the entries of BibTeX.

    Raises:
        MissingExtra: bibtexparser is not installed.
    """
    file = _read(text)
    return Bibliography(tuple(entry.reference() for entry in _inherited(file.entries)), tuple(file.mistakes))


def _read(text: str) -> _File:
    file = _File()
    for block in _blocks(text):
        kind = type(block).__name__
        if kind == "DuplicateBlockKeyBlock" or kind == "DuplicateFieldKeyBlock":
            block = block.ignore_error_block
            kind = type(block).__name__
        if kind == "String":
            _note_string(file, block)
        elif kind == "Entry":
            _note_entry(file, block)
        elif kind == "ParsingFailedBlock":
            file.mistakes.append(_broken(block))
    return file


def _blocks(text: str) -> list[Any]:
    try:
        from bibtexparser.splitter import Splitter
    except ModuleNotFoundError:
        raise MissingExtra.named("literature", "reading BibTeX", "bibtexparser") from None
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it warns of is among the mistakes
    return list(Splitter(text).split().blocks)


def _note_string(file: _File, block: Any) -> None:
    key, line = block.key.lower(), block.start_line + 1
    if key in file.line_of_string:
        file.mistakes.append(
            f"line {line}: @string '{block.key}' is defined again (first on line {file.line_of_string[key]}); "
            "expected one definition; the later one holds from here on"
        )
    file.line_of_string[key] = line
    file.strings[key] = _value(file, block.value, line, block.key)


def _note_entry(file: _File, block: Any) -> None:
    line, key = block.start_line + 1, block.key.strip()
    if block.entry_type.lower() in _NO_REFERENCE:
        return
    if not key:
        file.mistakes.append(
            f"line {line}: an entry has no key; expected one after the brace; it is called 'line {line}'"
        )
        key = f"line {line}"
    elif key in file.line_of_key:
        file.mistakes.append(
            f"line {line}: the key '{key}' is used again (first on line {file.line_of_key[key]}); expected one entry a key; both were read"
        )
    file.line_of_key.setdefault(key, line)
    file.entries.append(BibEntry(key, block.entry_type.strip(), _fields(file, block, key), block.raw, line))


def _fields(file: _File, block: Any, key: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for one in block.fields:
        name, line = one.key.strip().lower(), one.start_line + 1
        if name in fields:
            file.mistakes.append(
                f"line {line}: '{key}' has the field '{name}' twice; expected it once; the first one holds"
            )
            continue
        fields[name] = _value(file, one.value, line, key)
    return fields


def _value(file: _File, raw: str, line: int, key: str) -> str:
    """Return a value without its quotes or braces; strings are put in, and pieces joined at `#`."""
    raw = raw.strip()
    if len(raw) > 1 and raw[0] == "{" and raw[-1] == "}" and "#" not in raw:
        return raw[1:-1].strip()
    return "".join(_piece(file, piece, line, key) for piece in _pieces(raw)).strip()


def _pieces(raw: str) -> Iterator[str]:
    """Divide a value at every `#` outside braces and quotes."""
    depth, is_quoted, begin = 0, False, 0
    for match in re.finditer(r'(?<!\\)[{}"#]', raw):
        mark = match[0]
        if mark in "{}":
            depth += 1 if mark == "{" else -1
        elif mark == '"' and depth == 0:
            is_quoted = not is_quoted
        elif mark == "#" and depth <= 0 and not is_quoted:
            yield raw[begin : match.start()].strip()
            begin = match.end()
    yield raw[begin:].strip()


def _piece(file: _File, piece: str, line: int, key: str) -> str:
    if len(piece) > 1 and (piece[0], piece[-1]) in (("{", "}"), ('"', '"')):
        return piece[1:-1]
    if not piece or piece.isdigit() or re.search(r"[\s{}\"\\]", piece):
        return piece
    if piece.lower() not in file.strings:
        file.mistakes.append(
            f"line {line}: '{key}' uses the string '{piece}', which is not defined; expected an @string before it; it was left out"
        )
    return file.strings.get(piece.lower(), "")


def _broken(block: Any) -> str:
    match = _KEY.match(block.raw or "")
    which = f"the entry '{match[1][:60]}'" if match else "an entry"
    reason = getattr(block.error, "abort_reason", "") or str(block.error)
    if "end of file" in reason or "Was still looking for" in reason:
        return f"line {block.start_line + 1}: {which} is not closed; expected as many '}}' as '{{'; it was left out"
    return f"line {block.start_line + 1}: {which} cannot be read ({' '.join(reason.split())[:160]}); it was left out"


def _inherited(entries: Iterable[BibEntry]) -> Iterator[BibEntry]:
    """Give entries with `crossref` what they lack of the entry that they name."""
    entries = list(entries)
    by_key = {entry.key.lower(): entry for entry in entries}
    for entry in entries:
        parent = by_key.get(entry.fields.get("crossref", "").strip().lower())
        yield entry if parent is None or parent is entry else _child(entry, parent.fields)


def _child(entry: BibEntry, of_parent: Mapping[str, str]) -> BibEntry:
    shared = {name: text for name, text in of_parent.items() if name in _OF_PARENT}
    if entry.kind.lower().startswith("software"):
        shared = dict(of_parent)  # a version has the title and authors of its software
    elif booktitle := of_parent.get("booktitle") or of_parent.get("title"):
        shared["booktitle"] = booktitle
    return BibEntry(entry.key, entry.kind, {**shared, **entry.fields}, entry.raw, entry.line)
