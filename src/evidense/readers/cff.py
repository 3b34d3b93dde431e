"""CITATION.cff: the references of a Citation File Format file, and its preferred citation."""

from dataclasses import dataclass
from pathlib import Path

from evidense.readers._bibliographies import bibliography_of
from evidense.readers._signs import format_of
from evidense.texts.bibliographies.cff import read_cff
from evidense.values import ReadDocument


@dataclass(frozen=True)
class CFF:
    """Reads `CITATION.cff`."""

    name: str = "cff"
    suffixes: tuple[str, ...] = (".cff",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file has this name, or begins as such a file does."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read `references` and `preferred-citation`.

        Raises:
            InvalidInput: it is no YAML, or holds no reference.
            UnsafeInput: it is huge, or unfolds to something huge.
            MissingExtra: PyYAML is not installed.
        """
        place = str(path)
        read = bibliography_of(path, "a CITATION.cff", "reference", lambda text: read_cff(text, place))
        return ReadDocument(self.name, references=read.references, mistakes=read.mistakes)


PART = CFF()
