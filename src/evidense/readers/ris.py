"""RIS files, as reference managers export them: every record with its line."""

from dataclasses import dataclass
from pathlib import Path

from evidense.readers._bibliographies import bibliography_of
from evidense.readers._signs import format_of
from evidense.texts.bibliographies.ris import read_ris
from evidense.values import ReadDocument


@dataclass(frozen=True)
class RIS:
    """Reads `.ris`."""

    name: str = "ris"
    suffixes: tuple[str, ...] = (".ris",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file begins with a record of RIS."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read every record.

        Raises:
            InvalidInput: it is empty, or holds no record.
            MissingExtra: rispy is not installed.
        """
        read = bibliography_of(path, "an RIS file", "RIS record", read_ris)
        return ReadDocument(self.name, references=read.references, mistakes=read.mistakes)


PART = RIS()
