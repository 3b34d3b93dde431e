"""Files: sources that are files of the user, named by a path: read once a process into an index in memory."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from evidense.boundary.manifest import own_note, without_own
from evidense.errors import InvalidInput
from evidense.parts.literature import Offer, Wire
from evidense.sources._held import Held
from evidense.sources._part import SourcePart
from evidense.sources._topics import clean_term
from evidense.values import Answer, Reference, State, Work


@dataclass(frozen=True)
class StampedFiles:
    """Files as they are now: names with sizes and times, so that a changed one is read again."""

    paths: tuple[Path, ...]
    stamps: tuple[tuple[int, int], ...]
    n_own: int = 0
    """Folders below with results of Evidense, which are left out."""

    @classmethod
    def below(cls, path: Path, suffixes: Sequence[str], what: str) -> "StampedFiles":
        """Return a file, or every file of these endings in a folder, packed ones too.

        Raises:
            InvalidInput: there is none.
        """
        path = path.expanduser()
        endings = tuple(suffix + packing for suffix in suffixes for packing in ("", ".gz", ".bz2", ".xz", ".zst"))
        try:
            within = (
                sorted(p for p in path.rglob("*") if p.name.lower().endswith(endings) and p.is_file())
                if path.is_dir()
                else [path]
            )
            within, n_own = without_own(path, within) if path.is_dir() else (within, 0)
            stamps = tuple((p.stat().st_size, p.stat().st_mtime_ns) for p in within)
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"'{path}' cannot be read ({getattr(error, 'strerror', None) or error}); expected {what}; check the path"
            ) from None
        if not within:
            why = f" ({own_note(n_own)})" if n_own else ""
            raise InvalidInput(f"'{path}' holds no file that can be read{why}; expected {what}; name another folder")
        return cls(tuple(within), stamps, n_own)


Read = Callable[[Path, str], Sequence[Work]]


@lru_cache(maxsize=8)
def held(files: StampedFiles, source: str, read: Read) -> Held:
    """Read files into an index; the same files are read once a process."""
    return Held(source, [work for path in files.paths for work in read(path, source)])


class FileSource(SourcePart):
    """Works in files that the user has, named `name:PATH`. A part says how a file is read; the rest is here."""

    manners: None = None
    offers: frozenset[Offer] = frozenset({"identifiers", "title", "topic"})
    suffixes: tuple[str, ...]
    what: str
    """What the files are, in words: "XML files of the ACL Anthology"."""
    unnamed: tuple[State, str]
    """How it answers where no path is named, and why."""

    @abstractmethod
    def read(self, path: Path, source: str) -> Sequence[Work]:
        """Return the works of one file, which bear the name of the source.

        Raises:
            InvalidInput: it cannot be read.
        """

    def absence(self, reference: Reference) -> bool:
        """Say whether the files would hold a reference with these identifiers if the work existed: only then they answer "not there"."""
        return True

    def label(self, path: Path) -> str:
        """Return the name that answers from a path bear."""
        return self.name

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return how it is named."""
        return (f"{self.name}:PATH",)

    def recognises(self, spelling: str) -> bool:
        """Say whether its name was given, with or without a path."""
        return spelling == self.name or spelling.startswith(f"{self.name}:")

    def by_identifiers(self, references: Sequence[Reference], wire: Wire, spelling: str) -> Mapping[int, Answer]:
        """Look up references by their identifiers.

        Raises:
            InvalidInput: a file cannot be read.
        """
        if (index := self._index(spelling)) is None:
            return {i: self._silent("identifier") for i in range(len(references))}
        found = {i: index.by_identifier(reference) for i, reference in enumerate(references)}
        return {
            i: answer
            for i, answer in found.items()
            if answer is not None and (answer.state == "found" or self.absence(references[i]))
        }

    def by_title(self, reference: Reference, wire: Wire, spelling: str) -> Answer:
        """Look up one reference among all titles.

        Raises:
            InvalidInput: a file cannot be read.
        """
        index = self._index(spelling)
        return self._silent("title") if index is None else index.by_title(reference.title)

    def topic_query(self, facets: Sequence[Sequence[str]]) -> str:
        """Write the words of all terms: works are ranked by them."""
        return " ".join(dict.fromkeys(clean_term(term) for facet in facets for term in facet))

    def by_topic(self, query: str, limit: int, wire: Wire, spelling: str) -> Answer:
        """Rank the works of the files for the words of a query.

        Raises:
            InvalidInput: a file cannot be read.
        """
        if (index := self._index(spelling)) is None:
            return self._silent("topic")
        if not query.strip() or limit < 1:
            return Answer(index.source, "not asked", by="topic", detail="the query is empty")
        return index.by_topic(query, limit)

    def _index(self, spelling: str) -> Held | None:
        if not (rest := rest_of(self.name, spelling).strip()):
            return None
        return held(StampedFiles.below(Path(rest), self.suffixes, self.what), self.label(Path(rest)), self.read)

    def _silent(self, by: Literal["identifier", "title", "topic"]) -> Answer:
        state, detail = self.unnamed
        return Answer(self.name, state, by=by, detail=detail)


def rest_of(name: str, spelling: str) -> str:
    """Return what stands behind `name:` in a spelling; "" for the bare name."""
    return spelling.removeprefix(f"{name}:") if spelling != name else ""
