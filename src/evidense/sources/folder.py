"""Folder: bibliographies of the user: BibTeX, RIS, CSL-JSON, or JSON lines with title, authors, year, venue, doi."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.parts.literature import Offer, Wire
from evidense.sources._bibliographies import SUFFIXES, read_works
from evidense.sources._held import Files, Held, answers_of, held, rest_of
from evidense.values import Answer, Reference, Work

_WHAT = "BibTeX, RIS, CSL-JSON or JSON lines (.bib, .ris, .json, .jsonl)"


@dataclass(frozen=True)
class Folder:
    """Files of works, searched without a network."""

    name: str = "folder"
    covers: str = "the works in these files"
    offers: frozenset[Offer] = frozenset({"identifiers", "title"})
    manners: None = None
    spellings: tuple[str, ...] = ("folder:PATH",)

    def recognises(self, spelling: str) -> bool:
        """Say whether it is `folder:PATH`."""
        return spelling.startswith("folder:") and bool(spelling.removeprefix("folder:").strip())

    def by_identifiers(self, references: Sequence[Reference], wire: Wire, spelling: str) -> Mapping[int, Answer]:
        """Look up references by DOI, arXiv id and others.

        Raises:
            InvalidInput: a file cannot be read.
        """
        return answers_of(_index(spelling), references)

    def by_title(self, reference: Reference, wire: Wire, spelling: str) -> Answer:
        """Look up one reference among all titles.

        Raises:
            InvalidInput: a file cannot be read.
        """
        return _index(spelling).by_title(reference.title)

    def full_text(self, work: Work, wire: Wire, spelling: str) -> Answer:
        """Say that it holds no texts."""
        return Answer(work.source, "not asked", detail="it holds no full texts")


def _index(spelling: str) -> Held:
    rest = rest_of("folder", spelling).strip()
    if not rest:
        raise InvalidInput(f"'{spelling}' names no path; expected folder:PATH; complete it")
    path = Path(rest)
    return held(Files.below(path, SUFFIXES, _WHAT), f"folder:{label_of(path)}", read_works)


def label_of(path: Path) -> str:
    """Return the name of a folder, or of a file without its ending."""
    name = path.name or path.resolve().name
    return name.split(".")[0] or name


PART = Folder()
