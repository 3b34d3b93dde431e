"""Public records of a synthesis: the claims and counts that it states of itself, from a folder of JSON files or one of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from evidense.auditing.public_records.beside import RECORDS, REPORT
from evidense.auditing.public_records.forms import BENCHMARKS, FILE_OF, FOLDER, form_of
from evidense.auditing.public_records.parsing import stated_in
from evidense.boundary.documents import parsed
from evidense.boundary.files import read_bytes
from evidense.boundary.manifest import is_plain
from evidense.boundary.strangers import foreign
from evidense.errors import EvidenseError, InvalidInput
from evidense.readers._bibliographies import is_inside
from evidense.readers._files import nothing_in
from evidense.readers._signs import format_of
from evidense.texts.bibliographies.csl import read_csl
from evidense.texts.canonical import vocabulary
from evidense.texts.loose_json import at, rows, text
from evidense.texts.manuscript import Manuscript
from evidense.values import ReadDocument, Reference, StatedRecords

WHAT = "a public record (JSON)"
MOST_FILES = 200
"""Files of scores on benchmarks that are read."""


@dataclass(frozen=True)
class PublicRecords:
    """Reads a public record and those beside it; claims become the text, sources the references."""

    name: str = "public_records"
    suffixes: tuple[str, ...] = (".json",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is JSON with the keys of a public record."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read a record, and the others of its folder; what cannot be read of these is a mistake.

        Raises:
            InvalidInput: it is no JSON, or states nothing.
        """
        data = {_name(path): read_bytes(path, WHAT)}
        raw, mistakes = {_name(path): parsed(data[_name(path)], str(path))}, list[str]()
        if not isinstance(raw[_name(path)], dict):
            raise InvalidInput(f"'{path}' holds no object. Expected {WHAT}; check the file.")
        with foreign(str(path), f"Expected {WHAT}; check the file."):
            _add_beside(path, data, raw, mistakes)
            document = _document(self.name, stated_in(raw, mistakes), raw, mistakes)
            stated = document.stated or StatedRecords()
            changed = [*_changed(path, stated, data), *_changed_report(path, stated)]
            above = _above(path, mistakes)
        if not document.text:
            raise nothing_in(path, "question or claim", mistakes)
        return replace(
            document, stated=replace(stated, changed=tuple(changed), raw={**raw, **above}), mistakes=tuple(mistakes)
        )


def _name(path: Path) -> str:
    return f"{BENCHMARKS}/{path.name}" if path.parent.name == BENCHMARKS else path.name


def _add_beside(path: Path, data: dict[str, bytes], raw: dict[str, Any], mistakes: list[str]) -> None:
    """Add the other records of the folder; one of the same form as the file itself is another report's."""
    own = form_of(raw[_name(path)])
    folder = path.parent.parent if path.parent.name == BENCHMARKS else path.parent
    named = [folder / file for form, file in FILE_OF.items() if form != own]
    for file in [*named, *sorted((folder / BENCHMARKS).glob("*.json"))[:MOST_FILES]]:
        if file == path or not file.is_file() or not is_inside(file, folder):
            continue
        try:
            name = _name(file)
            data[name] = read_bytes(file, WHAT)
            raw[name] = parsed(data[name], file.name)
        except EvidenseError as error:
            mistakes.append(" ".join(str(error).replace(str(file), file.name).split()))


def _above(path: Path, mistakes: list[str]) -> dict[str, Any]:
    """Return report.json and records.json of the folder above, where the records lie in a folder of a report."""
    folder = path.parent.parent if path.parent.name == BENCHMARKS else path.parent
    found: dict[str, Any] = {}
    for name in (REPORT, RECORDS) if folder.name == FOLDER else ():
        file = folder / name
        if file.is_file() and is_inside(file, folder.parent):
            try:
                found[name] = parsed(read_bytes(file, "a file of a report"), file.name)
            except EvidenseError as error:
                mistakes.append(" ".join(str(error).replace(str(file), file.name).split()))
    return found


def _document(form: str, stated: StatedRecords, raw: dict[str, Any], mistakes: list[str]) -> ReadDocument:
    manuscript = Manuscript(vocabulary(" ".join(claim.text for claim in stated.claims)))
    if stated.question:
        manuscript.add("title", stated.question)
    manuscript.add("heading", "Claims")
    claims = tuple(claim for claim in stated.claims if manuscript.add("item", claim.text))
    references = tuple(_references(raw, mistakes))
    states_nothing = not (claims or references or stated.counts or stated.tier or stated.gate or stated.dimensions)
    text = "" if states_nothing and not stated.question else manuscript.text
    return ReadDocument(
        form, text, stated.question, tuple(manuscript.blocks) if text else (), references, mistakes=tuple(mistakes), stated=replace(stated, claims=claims)
    )  # fmt: skip


def _references(raw: dict[str, Any], mistakes: list[str]) -> Iterator[Reference]:
    for name, record in raw.items():
        if form_of(record) != "source-list-v1" and name != FILE_OF["source-list-v1"]:
            continue
        for number, row in enumerate(rows(record, "sources"), 1):
            found = read_csl([at(row, "item")], name)
            key = text(row, "key") or text(row, "item", "id")
            mistakes += [f"{name}, source {number}: {mistake}" for mistake in found.mistakes]
            yield from (replace(reference, key=key or str(number)) for reference in found.references)


def _changed(path: Path, stated: StatedRecords, data: dict[str, bytes]) -> Iterator[str]:
    """Yield the records that differ from the manifest, or are not there."""
    folder = path.parent.parent if path.parent.name == BENCHMARKS else path.parent
    for name, sha in sorted(stated.files.items()):
        if not is_plain(name):
            yield f"{name[:60]}: no name of a file"
        elif name in data:
            if sha256(data[name]).hexdigest() != sha:
                yield f"{name} changed since"
        elif not (folder / name).is_file():
            yield f"{name} is missing"


def _changed_report(path: Path, stated: StatedRecords) -> Iterator[str]:
    """Yield the files of the report in the folder above that differ from the manifest; one that was not handed on is not missed."""
    folder = path.parent.parent
    for name, sha in sorted(stated.report_files.items()):
        file = folder / name
        if is_plain(name) and file.is_file() and is_inside(file, folder):
            try:
                is_same = sha256(read_bytes(file, "a file of a report")).hexdigest() == sha
            except EvidenseError:
                is_same = False
            if not is_same:
                yield f"../{name} changed since"


PART = PublicRecords()
