"""DBLP: its search stands behind a proof of work since 2026; a dump of its records is read where the user has one."""

from collections.abc import Iterator
from html.entities import name2codepoint
from pathlib import Path
from typing import Any

from evidense.boundary.files import Budget, opened
from evidense.boundary.strangers import foreign
from evidense.errors import MissingExtra
from evidense.sources._files import FileSource
from evidense.sources._shapes import year
from evidense.texts.identifiers import identifiers_of
from evidense.texts.loose_json import first
from evidense.values import Reference, State, Work

_RECORDS = ("article", "inproceedings", "incollection", "book", "phdthesis", "mastersthesis")
_BUDGET = Budget(free_bytes=1 << 34)


class Dblp(FileSource):
    """The bibliography of computer science."""

    name: str = "dblp"
    display_name: str = "DBLP"
    covers: str = "computer science, from the user's dump"
    suffixes: tuple[str, ...] = (".xml",)
    what: str = "a dump of DBLP (dblp.xml.gz)"
    unnamed: tuple[State, str] = ("blocked", "it asks for a proof of work since 2026; give its dump: dblp:PATH")

    def absence(self, reference: Reference) -> bool:
        """It holds one field only: what it lacks may exist."""
        return False

    def read(self, path: Path, source: str) -> list[Work]:
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
