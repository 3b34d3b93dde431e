"""Folder: bibliographies of the user (BibTeX, RIS, CSL-JSON, JSON lines), and PDF, JATS and TEI files as the texts of works."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from evidense.boundary.files import plain_name
from evidense.boundary.manifest import own_note
from evidense.errors import InvalidInput
from evidense.parts.literature import Offer, Wire
from evidense.sources._bibliographies import SUFFIXES, read_bibliography, work_of
from evidense.sources._files import FileSource, StampedFiles, rest_of
from evidense.sources._held import Held
from evidense.texts.titles import title_key
from evidense.values import Answer, Reference, State, Work

TEXTS = (".pdf", ".nxml", ".xml", ".tei")
_NO_WORK = "no bibliography and no paper that could be read is in it; name another: folder:PATH"
_LOST = "left out"
"""How a mistake ends by which something is missing."""


class Folder(FileSource):
    """StampedFiles of works, searched without a network."""

    name: str = "folder"
    display_name: str = "folder"
    covers: str = "the works in these files"
    offers: frozenset[Offer] = frozenset({"identifiers", "title", "topic", "full text"})
    suffixes: tuple[str, ...] = (*SUFFIXES, *TEXTS)
    what: str = (
        "BibTeX, RIS, CSL-JSON or JSON lines (.bib, .ris, .json, .jsonl), or texts of works (.pdf, .nxml, .xml, .tei)"
    )
    unnamed: tuple[State, str] = ("not asked", "no bibliography is in it; name one: folder:PATH")

    def recognises(self, spelling: str) -> bool:
        """Say whether it is `folder:PATH`."""
        return bool(spelling.startswith("folder:") and spelling.removeprefix("folder:").strip())

    def label(self, path: Path) -> str:
        """Return `folder:` with the name of a folder, or of a file without its ending."""
        name = path.name or path.resolve().name
        return f"folder:{name.split('.')[0] or name}"

    def read(self, path: Path, source: str) -> list[Work]:
        """Return the works of one file.

        Raises:
            InvalidInput: it cannot be read.
        """
        return [work_of(reference, source) for reference in read_bibliography(path).references]

    def full_text(self, work: Work, wire: Wire, spelling: str) -> Answer:
        """Return the files that may hold the text of a work: those that its entry names, else all that no entry names.

        Raises:
            InvalidInput: a file cannot be read.
        """
        shelf = self._shelf(spelling)
        named = shelf.named(work) if shelf else ()
        files = named or (shelf.unnamed if shelf else ())
        if not files:
            return Answer(self.name, "not asked", detail="it holds no text of this work")
        return Answer(self.name, "found", by="identifier" if named else "title", files=files)

    def papers(self, spelling: str) -> tuple[str, ...]:
        """Return the texts of works; none where no folder is named.

        Raises:
            InvalidInput: a file cannot be read.
        """
        shelf = self._shelf(spelling)
        return tuple(map(str, shelf.texts)) if shelf else ()

    def by_topic_with(self, query: str, limit: int, spelling: str, heads: Mapping[str, Reference]) -> Answer:
        """Rank the works of the bibliographies, which take missing abstracts from the texts that are theirs, and the other texts as works of their own.

        Raises:
            InvalidInput: a file cannot be read.
        """
        shelf = self._shelf(spelling)
        works = shelf.with_papers(heads) if shelf else []
        if not works:
            return Answer(self.name, "not asked", by="topic", detail=_NO_WORK)
        if not query.strip() or limit < 1:
            return Answer(self.name, "not asked", by="topic", detail="the query is empty")
        return Held(works[0].source, works).by_topic(query, limit)

    def flaws(self, spelling: str) -> tuple[str, ...]:
        """Return what of the bibliographies could not be read, each with its file and line."""
        shelf = self._shelf(spelling)
        return shelf.flaws if shelf else ()

    def _index(self, spelling: str) -> Held | None:
        """Return the works; None where there are none: texts alone say of no work that it is not there."""
        shelf = self._shelf(spelling)
        return shelf.index if shelf and shelf.index.works else None

    def _shelf(self, spelling: str) -> "_Shelf | None":
        if not (rest := rest_of(self.name, spelling).strip()):
            return None
        is_folder = Path(rest).expanduser().is_dir()
        return _shelf(StampedFiles.below(Path(rest), self.suffixes, self.what), self.label(Path(rest)), is_folder)


@dataclass(frozen=True)
class _Shelf:
    """The works of a folder, and its texts."""

    index: Held
    file_names: tuple[frozenset[str], ...]
    """For each work how its entry names the file of its text."""
    texts: tuple[Path, ...]
    flaws: tuple[str, ...]

    @property
    def unnamed(self) -> tuple[str, ...]:
        """Return the texts that no entry names."""
        taken = frozenset[str]().union(*self.file_names)
        return tuple(str(path) for path in self.texts if not _names(path) & taken)

    def named(self, work: Work) -> tuple[str, ...]:
        """Return the texts that the entries of a work name."""
        pairs = zip(self.index.works, self.file_names, strict=True)
        names = frozenset[str]().union(*(of_entry for other, of_entry in pairs if _is_same(work, other)))
        return tuple(str(path) for path in self.texts if _names(path) & names)

    def with_papers(self, heads: Mapping[str, Reference]) -> list[Work]:
        """Return the works of the entries, each with an abstract if its text has one, then the papers that belong to no entry."""
        left = dict(heads)
        works = []
        for work, names in zip(self.index.works, self.file_names, strict=True):
            own = [
                path for path, head in heads.items() if _names(Path(path)) & names or _is_same(work, work_of(head, ""))
            ]
            for path in own:
                left.pop(path, None)
            abstracts = (heads[path].fields.get("abstract", "") for path in own)
            works.append(work if work.abstract else replace(work, abstract=next(filter(None, abstracts), "")))
        return works + [work_of(head, self.index.source) for head in left.values()]


@lru_cache(maxsize=8)
def _shelf(files: StampedFiles, source: str, is_folder: bool) -> _Shelf:
    """Read a folder; the same files are read once a process. JSON that is no bibliography is left out of a folder, unless nothing else is there."""
    texts = tuple(path for path in files.paths if plain_name(path).suffix.lower() in TEXTS)
    works: list[Work] = []
    names: list[frozenset[str]] = []
    flaws = [note] if (note := own_note(files.n_own)) else []
    for path in (path for path in files.paths if path not in texts):
        try:
            read = read_bibliography(path)
        except InvalidInput as error:
            if not is_folder or len(files.paths) == 1 or plain_name(path).suffix.lower() != ".json":
                raise
            flaws.append(f"{path.name} is no CSL-JSON ({_first_line(error)}); it was {_LOST}")
            continue
        works += [work_of(reference, source) for reference in read.references]
        names += [_named_by(reference) for reference in read.references]
        flaws += [f"{path.name} {mistake}" for mistake in read.mistakes if mistake.endswith(_LOST)]
        flaws += [] if read.references else [f"{path.name} holds no work that could be read"]
    return _Shelf(Held(source, works), tuple(names), texts, tuple(flaws))


def _first_line(error: InvalidInput) -> str:
    return str(error).partition("\n")[0][:160].rstrip(" .:")


def _named_by(reference: Reference) -> frozenset[str]:
    """Return how an entry names the file of its text: its key, and the names in its field `file`, without their folders."""
    return frozenset([reference.key.lower(), *_file_names(reference.fields.get("file", ""))])


def _file_names(field: str) -> tuple[str, ...]:
    r"""Return the file names of a `file` field as Zotero and JabRef write it.

    >>> _file_names(r"Full Text:files/12/Smith - Owls.pdf:application/pdf;:C\:/papers/b.PDF:PDF"), _file_names("owls.pdf")
    (('smith - owls.pdf', 'b.pdf'), ('owls.pdf',))
    """
    return tuple(name.lower() for name in re.findall(r"[^/\\:;]+\.(?:pdf|xml|nxml|tei)\b", field, re.IGNORECASE))


def _names(path: Path) -> frozenset[str]:
    """Return how an entry may name a file: its name, or its stem as the entry's key."""
    return frozenset([path.name.lower(), plain_name(path).stem.lower()])


def _is_same(work: Work, other: Work) -> bool:
    shared = set(work.identifiers.items()) & set(other.identifiers.items())
    return bool(shared) or (bool(other.title) and title_key(work.title) == title_key(other.title))


PART = Folder()
