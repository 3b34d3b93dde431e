"""CSL-JSON, as Zotero, Pandoc and Crossref write it: every item of the list."""

from dataclasses import dataclass
from pathlib import Path

from evidense.boundary.documents import parsed
from evidense.readers._bibliographies import bibliography_of
from evidense.readers._signs import format_of
from evidense.texts.bibliographies.csl import read_csl
from evidense.values import ReadDocument


@dataclass(frozen=True)
class CSLJSON:
    """Reads `.json` that holds CSL items."""

    name: str = "csl_json"
    suffixes: tuple[str, ...] = (".json",)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is JSON."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read every item.

        Raises:
            InvalidInput: it is no JSON, or holds no item.
        """
        place = str(path)
        read = bibliography_of(path, "a CSL-JSON file", "CSL item", lambda text: read_csl(parsed(text, place), place))
        return ReadDocument(self.name, references=read.references, mistakes=read.mistakes)


PART = CSLJSON()
