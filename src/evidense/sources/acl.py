"""ACL Anthology: its XML files, where the user has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.boundary.files import Budget, read_bytes
from evidense.errors import InvalidInput
from evidense.fetching.bodies import xml_root
from evidense.parts.literature import Offer, Wire
from evidense.sources._held import Files, Held, answers_of, held, rest_of
from evidense.sources._shapes import kept, year
from evidense.texts.identifiers import normal_doi
from evidense.values import Answer, Notice, Reference, Work

_UNNAMED = "name its files: acl:PATH (the folder data/xml of the Anthology)"


@dataclass(frozen=True)
class Acl:
    """The Anthology of the Association for Computational Linguistics."""

    name: str = "acl"
    covers: str = "papers of the ACL Anthology, from the user's files"
    offers: frozenset[Offer] = frozenset({"identifiers", "title", "retractions"})
    manners: None = None
    spellings: tuple[str, ...] = ("acl:PATH",)

    def recognises(self, spelling: str) -> bool:
        """Say whether its name was given, with or without a path."""
        return spelling == self.name or spelling.startswith("acl:")

    def by_identifiers(self, references: Sequence[Reference], wire: Wire, spelling: str) -> Mapping[int, Answer]:
        """Look up references by Anthology id or DOI; what the Anthology cannot hold gets no answer.

        Raises:
            InvalidInput: a file cannot be read.
        """
        if (index := _index(spelling)) is None:
            return {}
        found = answers_of(index, references)
        return {i: a for i, a in found.items() if a.state == "found" or "acl" in references[i].identifiers}

    def by_title(self, reference: Reference, wire: Wire, spelling: str) -> Answer:
        """Look up one reference among all titles.

        Raises:
            InvalidInput: a file cannot be read.
        """
        index = _index(spelling)
        return (
            Answer(self.name, "not asked", by="title", detail=_UNNAMED)
            if index is None
            else index.by_title(reference.title)
        )

    def full_text(self, work: Work, wire: Wire, spelling: str) -> Answer:
        """Say that it holds no texts."""
        return Answer(self.name, "not asked", detail="it holds no full texts")


def _index(spelling: str) -> Held | None:
    rest = rest_of("acl", spelling)
    return (
        held(Files.below(Path(rest), (".xml",), "XML files of the ACL Anthology"), "acl", read_volumes)
        if rest
        else None
    )


def read_volumes(path: Path, source: str) -> list[Work]:
    """Return the papers of one collection of the Anthology.

    Raises:
        InvalidInput: it is no such file.
    """
    try:
        root = xml_root(read_bytes(path, "an XML file of the ACL Anthology", Budget()))
    except ValueError as error:
        raise InvalidInput(
            f"'{path}' is not well-formed XML ({str(error)[:120]}); expected a file of the ACL Anthology; download it again"
        ) from None
    collection = root.get("id", "")
    if root.tag != "collection" or not collection:
        raise InvalidInput(
            f"'{path}' begins with <{str(root.tag)[:40]}>; expected <collection id=…> of the ACL Anthology; name another file"
        )
    return [
        _work(paper, volume, collection, source) for volume in root.iter("volume") for paper in volume.iter("paper")
    ]


def _work(paper: Any, volume: Any, collection: str, source: str) -> Work:
    own = (
        f"{volume.get('id', '')}.{paper.get('id', '')}"
        if collection[:1].isdigit()
        else f"{volume.get('id', '')}{paper.get('id', ''):0>3}"
    )
    acl = _text(paper, "url") or f"{collection}-{own}"
    names = [f"{_text(a, 'last')}, {_text(a, 'first')}".strip(", ") for a in paper.iter("author")]
    retracted = paper.find("retracted")
    notices = (
        ()
        if retracted is None
        else (Notice("retraction", retracted.get("date", ""), " ".join("".join(retracted.itertext()).split())),)
    )
    return Work(
        source, kept(acl=acl, doi=normal_doi(_text(paper, "doi"))), _text(paper, "title"), tuple(name for name in names if name),
        year(_text(volume.find("meta"), "year")), _text(volume.find("meta"), "booktitle"), "proceedings-article", {}, notices,
        _text(paper, "abstract"), url=f"https://aclanthology.org/{acl}",
    )  # fmt: skip


def _text(element: Any, tag: str) -> str:
    found = None if element is None else element.find(tag)
    return "" if found is None else " ".join("".join(found.itertext()).split())


PART = Acl()
