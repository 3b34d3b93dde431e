"""TEI, as GROBID writes it: text by sections, citing sentences, the list of references."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput
from evidense.readers._signs import format_of
from evidense.readers._xml import CitingFlow, entity, plain_text, xml_tree
from evidense.texts.bibliographies.entries import year_of
from evidense.texts.identifiers import identifiers_of
from evidense.texts.manuscript import BlockKind, Manuscript
from evidense.texts.printed import printed
from evidense.values import ReadDocument, Reference

WHAT = "a TEI document"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_BLOCKS: Mapping[str, BlockKind] = {
    "head": "heading", "p": "paragraph", "item": "item", "quote": "quote", "figDesc": "caption", "row": "table", "formula": "paragraph",
}  # fmt: skip


@dataclass(frozen=True)
class TEI:
    """Reads TEI XML."""

    name: str = "tei"
    suffixes: tuple[str, ...] = (".tei", ".xml")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is XML that begins with TEI."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read a document.

        Raises:
            InvalidInput: it is no well-formed XML, or no TEI.
            UnsafeInput: it defines entities.
            MissingExtra: lxml is not installed.
        """
        root = xml_tree(path, WHAT)
        if root.tag not in ("TEI", "TEI.2", "teiCorpus"):
            raise InvalidInput(f"'{path}' begins with <{root.tag}>. Expected {WHAT} (<TEI>); check the file.")
        with foreign(str(path), f"Expected {WHAT}; correct the file."):
            return _document(self.name, root)


def _document(name: str, root: Any) -> ReadDocument:
    entries = [
        entry for entry in root.iter("biblStruct", "bibl") if next(entry.iterancestors("listBibl"), None) is not None
    ]
    order = {entry.get(_ID, ""): number for number, entry in enumerate(entries, 1)}
    manuscript = Manuscript()
    title = plain_text(next(root.iterfind("teiHeader//titleStmt/title"), None))
    manuscript.add("title", title)
    if (abstract := next(root.iter("abstract"), None)) is not None:
        manuscript.add("heading", "Abstract")
        _write(manuscript, abstract, order)
    for body in root.iterfind("text/body"):
        _write(manuscript, body, order)
    if entries:
        manuscript.add("heading", "References")
    references = tuple(_reference(manuscript, entry, number) for number, entry in enumerate(entries, 1))
    licence = next(
        (text for element in root.iter("licence") if (text := element.get("target") or plain_text(element))), ""
    )
    return ReadDocument(
        name, manuscript.text, title, tuple(manuscript.blocks), references, tuple(manuscript.citations), tuple(manuscript.hidden), licence=licence[:200]
    )  # fmt: skip


def _write(manuscript: Manuscript, element: Any, order: Mapping[str, int]) -> None:
    for child in element:
        if child.tag in _BLOCKS:
            flow = CitingFlow()
            _flatten(child, flow, order)
            if written := manuscript.add(_BLOCKS[child.tag], flow.text):
                manuscript.cite(written, flow.places)
        elif isinstance(child.tag, str) and child.tag not in ("listBibl", "teiHeader"):
            _write(manuscript, child, order)


def _flatten(element: Any, flow: CitingFlow, order: Mapping[str, int]) -> None:
    flow.write(element.text)
    for child in element:
        if not isinstance(child.tag, str):
            flow.write(entity(child))
        elif child.tag == "ref" and child.get("type") == "bibr":
            keys = tuple(target.lstrip("#") for target in (child.get("target") or "").split())
            flow.cite(keys, plain_text(child), order)
        else:
            flow.write(" " if child.tag in ("lb", "cell", "s") and flow.n_written else "")
            _flatten(child, flow, order)
        flow.write(child.tail)


def _reference(manuscript: Manuscript, entry: Any, number: int) -> Reference:
    raw = plain_text(
        next((note for note in entry.iter("note") if note.get("type") == "raw_reference"), None)
    ) or " ".join(filter(None, (plain_text(child) for child in entry)))
    written = manuscript.add(None, raw)
    span = written.span(0, len(written.canonical.text)) if written else None
    key = entry.get(_ID) or str(number)
    article, book = entry.find("analytic"), entry.find("monogr")
    titles = [plain_text(part.find("title")) if part is not None else "" for part in (article, book)]
    if not any(titles):
        return printed(raw, key, span)
    fields = dict(_fields(entry))
    title, venue = titles if titles[0] else (titles[1], "")
    people = tuple(_people(article if article is not None and article.find("author") is not None else book))
    return Reference(
        key, "article" if titles[0] else "book", title, people, False, year_of(fields), venue, identifiers_of(fields | {"journal": venue}),
        fields, raw, entry.sourceline, span,
    )  # fmt: skip


def _fields(entry: Any) -> Iterator[tuple[str, str]]:
    for date in entry.iter("date"):
        yield "date", date.get("when") or plain_text(date)
    for number in entry.iter("idno"):
        kind = (number.get("type") or "").lower()
        yield {"arxiv": "arxiv", "pmc": "pmcid"}.get(kind, kind or "note"), plain_text(number)
    for link in entry.iter("ptr", "ref"):
        if link.get("target", "").startswith("http"):
            yield "url", link.get("target")


def _people(part: Any) -> Iterator[str]:
    for author in part.iterfind("author") if part is not None else ():
        person = author.find("persName")
        if person is None:
            yield plain_text(author)
            continue
        given = " ".join(plain_text(name) for name in person.iterfind("forename"))
        yield ", ".join(filter(None, (plain_text(person.find("surname")), given))) or plain_text(person)


PART = TEI()
