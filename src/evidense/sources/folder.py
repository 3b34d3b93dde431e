"""Folder: bibliographies of the user: BibTeX, RIS, CSL-JSON, or JSON lines with title, authors, year, venue, doi."""

from pathlib import Path

from evidense.sources._bibliographies import SUFFIXES, read_works
from evidense.sources._files import FileSource
from evidense.values import State, Work


class Folder(FileSource):
    """Files of works, searched without a network."""

    name: str = "folder"
    display_name: str = "folder"
    covers: str = "the works in these files"
    suffixes: tuple[str, ...] = SUFFIXES
    what: str = "BibTeX, RIS, CSL-JSON or JSON lines (.bib, .ris, .json, .jsonl)"
    unnamed: tuple[State, str] = ("not asked", "name its files: folder:PATH")

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
        return read_works(path, source)


PART = Folder()
