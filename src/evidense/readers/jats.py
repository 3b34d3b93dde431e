"""JATS articles, as PubMed Central has them: text by sections, citing sentences, the list of references, the licence."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput
from evidense.readers._jats_head import head_of
from evidense.readers._signs import format_of
from evidense.readers._xml import CitingFlow, entity, plain_text, xml_tree
from evidense.texts.bibliographies.entries import year_of
from evidense.texts.identifiers import identifiers_of
from evidense.texts.manuscript import BlockKind, Manuscript
from evidense.texts.printed import printed
from evidense.texts.tables.grids import MOST_COLUMNS, MOST_ROWS, RawCell, spanned, write_rows
from evidense.values import ReadDocument, Reference, Span

WHAT = "a JATS article (.nxml)"
_BLOCKS: Mapping[str, BlockKind] = {
    "p": "paragraph", "title": "heading", "disp-quote": "quote", "verse-group": "quote", "disp-formula": "paragraph", "def": "paragraph", "attrib": "paragraph",
}  # fmt: skip
_INNER = frozenset(
    [
        "list",
        "table-wrap",
        "fig",
        "disp-quote",
        "boxed-text",
        "supplementary-material",
        "fig-group",
        "table-wrap-group",
        "def-list",
    ]
)
"""What may stand within a paragraph and is a block of its own."""
_SKIPPED = frozenset(
    [
        "tex-math",
        "object-id",
        "graphic",
        "media",
        "ref-list",
        "alternatives-graphic",
        "fn-group",
        "contrib-group",
        "sec-meta",
        "glossary",
    ]
)
_CITATIONS = ("element-citation", "mixed-citation", "citation", "nlm-citation")
_LICENCE = re.compile(
    r"creativecommons\.org/(?:licenses/(?P<kind>[a-z-]+)(?:/(?P<version>[\d.]+))?|(?P<zero>publicdomain/zero))",
    re.IGNORECASE,
)
_FIELDS = ("volume", "issue", "fpage", "lpage", "publisher-name", "publisher-loc", "edition", "conf-name", "comment")


@dataclass(frozen=True)
class JATS:
    """Reads `.nxml`."""

    name: str = "jats"
    suffixes: tuple[str, ...] = (".nxml",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is XML that begins with a JATS article."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read an article.

        Raises:
            InvalidInput: it is no well-formed XML, or holds no article.
            UnsafeInput: it defines entities.
            MissingExtra: lxml is not installed.
        """
        root = xml_tree(path, WHAT)
        article = root if root.tag == "article" else next(root.iter("article"), None)
        if article is None:
            raise InvalidInput(f"'{path}' holds no <article>. Expected {WHAT}; check the file.")
        with foreign(str(path), f"Expected {WHAT}; correct the file."):
            return _document(self.name, article)


@dataclass
class _Article:
    manuscript: Manuscript
    order: Mapping[str, int]
    """Key of a reference → its place in the list."""


def _document(name: str, article: Any) -> ReadDocument:
    refs = [ref for ref in article.iter("ref") if next(ref.iterancestors("sub-article", "response"), None) is None]
    reading = _Article(Manuscript(), {ref.get("id", ""): number for number, ref in enumerate(refs, 1)})
    title = article.find("front/article-meta/title-group/article-title")
    if title is not None:
        reading.manuscript.add("title", _flow(reading, title).text)
    for abstract in article.iterfind("front/article-meta/abstract"):
        if abstract.find("title") is None:
            reading.manuscript.add("heading", "Abstract")
        _write(reading, abstract)
    for place in ("body", "back", "floats-group", "floats-wrap"):
        for element in article.iterfind(place):
            _write(reading, element)
    if refs:
        reading.manuscript.add(
            "heading", plain_text(next(iter(article.iter("ref-list"))).find("title")) or "References"
        )
    references = tuple(_reference(reading.manuscript, ref, number) for number, ref in enumerate(refs, 1))
    manuscript = reading.manuscript
    return ReadDocument(
        name, manuscript.text, plain_text(title), tuple(manuscript.blocks), references, tuple(manuscript.citations),
        tuple(manuscript.hidden), licence=_licence(article), tables=tuple(manuscript.tables), head=head_of(article),
    )  # fmt: skip


def _write(reading: _Article, element: Any) -> None:
    """Write the blocks in an element, in order."""
    for child in element:
        tag = child.tag
        if not isinstance(tag, str) or tag in _SKIPPED:
            continue
        if tag in ("table-wrap", "fig"):
            _write_float(reading, child)
        elif tag in _BLOCKS and tag != "disp-quote":
            _write_block(reading, _BLOCKS[tag], child)
        elif tag == "disp-quote" or tag == "list-item":
            for inner in child:
                if inner.tag == "p":
                    _write_block(reading, "quote" if tag == "disp-quote" else "item", inner)
                else:
                    _write(reading, [inner])
        else:
            _write(reading, child)


def _write_block(reading: _Article, kind: BlockKind, element: Any) -> None:
    """Write a block; what stands in it as a block of its own follows it."""
    flow = _flow(reading, element)
    if written := reading.manuscript.add(kind, flow.text):
        reading.manuscript.cite(written, flow.places)
    for child in element.iter(*_INNER):
        if next(child.iterancestors(*_INNER, "p"), None) is element:
            _write(reading, [child])


def _write_float(reading: _Article, element: Any) -> None:
    """Write the caption of a figure or table, and the rows of a table."""
    flow = CitingFlow()
    for child in (element.find("label"), element.find("caption")):
        if child is not None:
            flow.write(" " if flow.n_written else "")
            _flatten(reading, child, flow)
    if written := reading.manuscript.add("caption", flow.text):
        reading.manuscript.cite(written, flow.places)
    for table in element.iter("table"):
        rows = (_cells(row) for row in table.iter("tr") if next(row.iterancestors("table")) is table)
        write_rows(reading.manuscript, rows, written.span(0, len(written.canonical.text)) if written else None)
    for note in element.iterfind("table-wrap-foot"):
        for paragraph in note.iter("p"):
            _write_block(reading, "paragraph", paragraph)


def _cells(row: Any) -> list[RawCell]:
    is_head = row.getparent().tag == "thead"
    return [
        RawCell(
            plain_text(cell), spanned(cell.get("rowspan"), MOST_ROWS), spanned(cell.get("colspan"), MOST_COLUMNS), is_head or cell.tag == "th"
        )
        for cell in row.iterchildren("td", "th")
    ]  # fmt: skip


def _flow(reading: _Article, element: Any) -> CitingFlow:
    flow = CitingFlow()
    _flatten(reading, element, flow)
    return flow


def _flatten(reading: _Article, element: Any, flow: CitingFlow, is_raised: bool = False) -> None:
    """Write the text of an element without the blocks in it; numbers of citations that stand above the line are noted, not written."""
    if not is_raised:
        flow.write(element.text)
    for child in element:
        tag = child.tag
        if not isinstance(tag, str):
            flow.write(entity(child))
        elif tag == "xref" and child.get("ref-type", "bibr") == "bibr":
            keys = tuple((child.get("rid") or "").split())
            is_above = is_raised or child.find("sup") is not None
            flow.cite(keys, "" if is_above else plain_text(child), reading.order)
        elif (
            tag == "sup"
            and next(child.iter("xref"), None) is not None
            and next(child.iter("xref")).get("ref-type") == "bibr"
        ):
            _flatten(reading, child, flow, is_raised=True)
        elif tag not in _INNER and tag not in _SKIPPED and tag != "fn":
            if tag in ("break", "p", "title", "label") and flow.n_written:
                flow.write(" ")
            _flatten(reading, child, flow, is_raised)
        if is_raised:
            flow.between = child.tail or ""
        else:
            flow.write(child.tail)


def _reference(manuscript: Manuscript, ref: Any, number: int) -> Reference:
    citation = next((found for tag in _CITATIONS if (found := ref.find(f".//{tag}")) is not None), ref)
    raw = " ".join(_spaced(citation).split())
    written = manuscript.add(None, raw)
    span = written.span(0, len(written.canonical.text)) if written else None
    key = ref.get("id") or str(number)
    if next(citation.iter("article-title", "chapter-title", "source"), None) is None:
        return _unstructured(citation, raw, key, span)
    title = next(
        (
            text
            for tag in ("article-title", "chapter-title", "source")
            if (text := plain_text(citation.find(f".//{tag}")))
        ),
        "",
    )
    source = plain_text(citation.find(".//source"))
    fields = dict(_fields(citation))
    kind = (citation.get("publication-type") or citation.get("citation-type") or "misc").lower()
    return Reference(
        key, {"journal": "article", "other": "misc", "web": "webpage", "conf-proc": "inproceedings"}.get(kind, kind), title,
        tuple(_authors(citation)), next(citation.iter("etal"), None) is not None, year_of(fields), source if source != title else "",
        identifiers_of(fields), {"title": title, **fields}, raw, ref.sourceline, span,
    )  # fmt: skip


def _unstructured(citation: Any, raw: str, key: str, span: Span | None) -> Reference:
    """Read a reference that is one printed text."""
    read = printed(raw, key, span)
    identifiers = {**read.identifiers, **identifiers_of(dict(_fields(citation)))}
    return Reference(
        key, read.kind, read.title, read.authors, read.has_more_authors, read.year, read.venue, identifiers, {}, raw, citation.sourceline, span
    )  # fmt: skip


def _spaced(citation: Any) -> str:
    """Return a citation's text; where its elements stand side by side without a space, one is put between them."""
    is_mixed = any(text and text.strip() for text in (citation.text, *(child.tail for child in citation)))
    return plain_text(citation) if is_mixed else " ".join(filter(None, (_named(child) for child in citation)))


def _named(child: Any) -> str:
    names = (
        [_name(name) for name in child.iter("name", "string-name")]
        if child.tag in ("person-group", "name", "string-name")
        else []
    )
    return ", ".join(names) if names else plain_text(child)


def _fields(citation: Any) -> Iterator[tuple[str, str]]:
    for tag in ("source", "year", *_FIELDS):
        if text := plain_text(citation.find(f".//{tag}")):
            yield "journal" if tag == "source" else tag, text
    for identifier in citation.iter("pub-id", "article-id"):
        kind = identifier.get("pub-id-type", "")
        if kind in ("doi", "pmid", "pmcid", "arxiv", "isbn"):
            yield kind, plain_text(identifier)
    for link in citation.iter("ext-link", "uri"):
        target = link.get("{http://www.w3.org/1999/xlink}href") or plain_text(link)
        yield ("doi", target) if "doi.org/" in target or target.startswith("10.") else ("url", target)


def _authors(citation: Any) -> Iterator[str]:
    groups = [
        group for group in citation.iter("person-group") if group.get("person-group-type", "author") in ("author", "")
    ]
    for holder in groups or [citation]:
        for person in holder.iter("name", "string-name", "collab"):
            if groups or next(person.iterancestors("person-group"), None) is None:
                yield plain_text(person) if person.tag == "collab" else _name(person)


def _name(person: Any) -> str:
    surname, given, suffix = (plain_text(person.find(tag)) for tag in ("surname", "given-names", "suffix"))
    if not surname:
        return given or plain_text(person)
    return ", ".join(filter(None, (surname, suffix, given)))


def _licence(article: Any) -> str:
    """Return the licence: a Creative Commons one by its short name, another in its first words."""
    for licence in article.iterfind("front/article-meta/permissions/license"):
        targets = " ".join(
            [*licence.attrib.values(), *(" ".join(e.attrib.values()) for e in licence.iter()), plain_text(licence)]
        )
        if match := _LICENCE.search(targets):
            return "CC0" if match["zero"] else f"CC {match['kind'].upper()} {match['version'] or ''}".strip()
        return plain_text(licence)[:200]
    return ""


PART = JATS()
