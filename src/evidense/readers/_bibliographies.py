"""Bibliographies: files of entries, beside what could not be read of them; shared by the readers of bibliographies and of LaTeX."""

from collections.abc import Callable
from pathlib import Path

from evidense.boundary.strangers import foreign
from evidense.readers._files import nothing_in, text_of
from evidense.texts.bibliographies.bibtex import read_bibtex
from evidense.texts.bibliographies.entries import Bibliography


def bibliography_of(path: Path, what: str, unit: str, read: Callable[[str], Bibliography]) -> Bibliography:
    """Return the references of a file, and its mistakes; `what` it is, and of which `unit`, in words.

    Raises:
        InvalidInput: it is empty, binary, or holds no reference.
        MissingExtra: the library for its format is not installed.
    """
    text, of_file = text_of(path, what)
    with foreign(str(path), f"Expected {what}; correct the file."):
        found = read(text)
    mistakes = (*of_file, *found.mistakes)
    if not found.references:
        raise nothing_in(path, unit, mistakes)
    return Bibliography(found.references, mistakes)


def bibtex_of(path: Path) -> Bibliography:
    """Return the references of a BibTeX file, and its mistakes.

    Raises:
        InvalidInput: it is empty, binary, or holds no entry.
        MissingExtra: bibtexparser is not installed.
    """
    return bibliography_of(path, "a BibTeX file", "BibTeX entry", read_bibtex)
