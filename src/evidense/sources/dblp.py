"""DBLP: its search stands behind a proof of work since 2026; a dump of its records is read where the user has one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.entities import name2codepoint
from pathlib import Path
from typing import Any

from evidense.boundary.files import Budget, opened
from evidense.boundary.strangers import foreign
from evidense.errors import MissingExtra
from evidense.parts.literature import Offer, Wire
from evidense.sources._held import Files, Held, answers_of, held, rest_of
from evidense.sources._shapes import year
from evidense.texts.identifiers import identifiers_of
from evidense.texts.loose_json import first
from evidense.values import Answer, Reference, Work

_BLOCKED = "it asks for a proof of work since 2026; give its dump: dblp:PATH"
_RECORDS = ("article", "inproceedings", "incollection", "book", "phdthesis", "mastersthesis")
_BUDGET = Budget(free_bytes=1 << 34)


@dataclass(frozen=True)
class Dblp:
    """The bibliography of computer science."""

    name: str = "dblp"
    covers: str = "computer science, from the user's dump"
    offers: frozenset[Offer] = frozenset({"identifiers", "title"})
    manners: None = None
    spellings: tuple[str, ...] = ("dblp:PATH",)

    def recognises(self, spelling: str) -> bool:
        """Say whether its name was given, with or without a dump."""
        return spelling == self.name or spelling.startswith("dblp:")

    def by_identifiers(self, references: Sequence[Reference], wire: Wire, spelling: str) -> Mapping[int, Answer]:
        """Look up references in the dump; one that it lacks gets no answer. Without a dump: blocked.

        Raises:
            InvalidInput: the dump cannot be read.
        """
        if (index := _index(spelling)) is None:
            return {i: Answer(self.name, "blocked", by="identifier", detail=_BLOCKED) for i in range(len(references))}
        return {i: a for i, a in answers_of(index, references).items() if a.state == "found"}

    def by_title(self, reference: Reference, wire: Wire, spelling: str) -> Answer:
        """Look up one reference among the titles of the dump. Without a dump: blocked.

        Raises:
            InvalidInput: the dump cannot be read.
        """
        index = _index(spelling)
        return (
            Answer(self.name, "blocked", by="title", detail=_BLOCKED)
            if index is None
            else index.by_title(reference.title)
        )

    def full_text(self, work: Work, wire: Wire, spelling: str) -> Answer:
        """Say that it holds no texts."""
        return Answer(self.name, "not asked", detail="it holds no full texts")


def _index(spelling: str) -> Held | None:
    rest = rest_of("dblp", spelling)
    return held(Files.below(Path(rest), (".xml",), "a dump of DBLP (dblp.xml.gz)"), "dblp", read_dump) if rest else None


def read_dump(path: Path, source: str) -> list[Work]:
    """Return the records of a dump, read as a stream; its named letters are resolved without its DTD.

    Raises:
        InvalidInput: it is no dump of DBLP.
        MissingExtra: lxml is not installed.
    """
    try:
        from lxml import etree
    except ImportError:
        raise MissingExtra.named("literature", "reading a dump of DBLP", "lxml") from None
    works = []
    with (
        foreign(str(path), "Expected a dump of DBLP; download it again."),
        opened(path, "a dump of DBLP", _BUDGET) as file,
    ):
        options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
        for _, element in etree.iterparse(file, tag=_RECORDS, **options):
            works.append(_work(element, source))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return works


def _work(element: Any, source: str) -> Work:
    addresses = [_text(ee) for ee in element.iter("ee")]
    fields = {"doi": first([a for a in addresses if "doi.org" in a]), "url": first(addresses)}
    fields |= {name: _of(element, name) for name in ("volume", "journal")}
    return Work(
        source, identifiers_of(fields), _of(element, "title").rstrip("."), tuple(_text(author) for author in element.iter("author")),
        year(_of(element, "year")), first([_of(element, "journal"), _of(element, "booktitle"), _of(element, "school"), _of(element, "publisher")]),
        str(element.tag), url=f"https://dblp.org/rec/{element.get('key', '')}",
    )  # fmt: skip


def _of(element: Any, tag: str) -> str:
    found = element.find(tag)
    return "" if found is None else _text(found)


def _text(element: Any) -> str:
    return " ".join("".join(_letters(element)).split())


def _letters(element: Any) -> Iterator[str]:
    """Yield the text below an element; an entity such as &uuml; is its letter."""
    yield element.text or "" if isinstance(element.tag, str) else ""
    for child in element:
        if isinstance(child.tag, str):
            yield from _letters(child)
        elif hasattr(child, "name"):
            yield chr(name2codepoint.get(str(child.name), 0xFFFD))
        yield child.tail or ""


PART = Dblp()
