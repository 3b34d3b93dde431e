"""BibTeX and BibLaTeX files: every entry with its line, those beside broken, doubled or undefined ones too."""

from dataclasses import dataclass
from pathlib import Path

from evidense.readers._bibliographies import bibtex_of
from evidense.readers._signs import format_of
from evidense.values import ReadDocument


@dataclass(frozen=True)
class BibTeX:
    """Reads `.bib`."""

    name: str = "bibtex"
    suffixes: tuple[str, ...] = (".bib", ".bibtex")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is BibTeX."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read every entry.

        Raises:
            InvalidInput: it is empty, binary, or holds no entry.
            MissingExtra: bibtexparser is not installed.
        """
        read = bibtex_of(path)
        return ReadDocument(self.name, references=read.references, mistakes=read.mistakes)


PART = BibTeX()
