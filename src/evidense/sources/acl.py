"""ACL Anthology: its XML files, where the user has them."""

from pathlib import Path
from typing import Any

from evidense.boundary.files import Budget, read_bytes
from evidense.errors import InvalidInput
from evidense.fetching.bodies import xml_root
from evidense.parts.literature import Offer
from evidense.sources._files import FileSource
from evidense.sources._shapes import kept, year
from evidense.texts.identifiers import normal_doi
from evidense.values import Notice, Reference, State, Work


class Acl(FileSource):
    """The Anthology of the Association for Computational Linguistics."""

    name: str = "acl"
    display_name: str = "ACL Anthology"
    covers: str = "papers of the ACL Anthology, from the user's files"
    offers: frozenset[Offer] = frozenset({"identifiers", "title", "topic", "retractions"})
    suffixes: tuple[str, ...] = (".xml",)
    what: str = "XML files of the ACL Anthology"
    unnamed: tuple[State, str] = ("not asked", "name its files: acl:PATH (the folder data/xml of the Anthology)")

    def absence(self, reference: Reference) -> bool:
        """It holds nothing but its own papers: a DOI of another publisher may exist."""
        return "acl" in reference.identifiers

    def read(self, path: Path, source: str) -> list[Work]:
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
