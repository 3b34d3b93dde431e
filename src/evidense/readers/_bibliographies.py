"""Bibliographies: files of entries, beside what could not be read of them; shared by the readers of bibliographies, LaTeX and Markdown."""

from collections.abc import Callable, Iterable
from pathlib import Path

from evidense.boundary.strangers import foreign
from evidense.errors import EvidenseError
from evidense.readers._files import nothing_in, text_of
from evidense.texts.bibliographies.bibtex import read_bibtex
from evidense.texts.bibliographies.entries import Bibliography
from evidense.values import Reference


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


def bibtex_beside(path: Path, names: Iterable[str], mistakes: list[str]) -> list[Reference]:
    """Return the references of the .bib files that a paper names, and note what is wrong with them; files outside its folder are not read."""
    references: list[Reference] = []
    for name in names:
        file = path.parent / (name if name.endswith(".bib") else f"{name}.bib")
        if not is_inside(file, path.parent):
            mistakes.append(
                f"the bibliography '{name}' is outside the paper's folder; expected a file in it; it was not read"
            )
            continue
        try:
            found = bibtex_of(file)
        except EvidenseError as error:
            mistakes.append(f"the bibliography '{name}': {error}")
            continue
        references += found.references
        mistakes += [f"{file.name} {mistake}" for mistake in found.mistakes]
    return references


def is_inside(file: Path, folder: Path) -> bool:
    """Say whether a file is in a folder, links followed."""
    try:
        return file.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False
