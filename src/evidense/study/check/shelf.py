"""Shelf: the works that `--in` names: a corpus in JSON lines, papers, bibliographies with abstracts, and folders of these."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from evidense import registry
from evidense.auditing.passages import SourceText
from evidense.boundary.manifest import own_note, without_own
from evidense.checking.library import LibraryWork
from evidense.errors import AmbiguousName, EvidenseError, InvalidInput, UnsafeInput
from evidense.study.check.corpus import is_lines, read_corpus
from evidense.study.check.order import CheckOrder
from evidense.texts.titles import title_key
from evidense.values import ReadDocument, Reference, Work

MOST_FILES = 10_000
"""Files of a folder that are looked at."""


@dataclass
class WorkShelf:
    """What was read."""

    works: list[LibraryWork] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What could not be read, or only in part, each with its file."""

    def leave_out(self, document: ReadDocument, file: Path) -> None:
        """Take a document that is checked off the shelf: every work with its text or its title."""
        key = title_key(document.title)
        others = [
            work
            for work in self.works
            if work.text.text != document.text and not (key and title_key(work.work.title) == key)
        ]
        if len(others) < len(self.works):
            self.remarks.append(f"{file.name} is among the works; it does not bear itself out and was left out")
        self.works = others


def shelf_of(order: CheckOrder) -> WorkShelf:
    """Read every work that an order names; a file of a folder that cannot be read is remarked on, one that is named is refused.

    Raises:
        InvalidInput: a named file that cannot be read, or no work with a text at all.
    """
    shelf = WorkShelf()
    for path in order.inside:
        if path.is_dir():
            files, n_own = without_own(path, list(_files(path)))
            for file in files:
                _try(file, shelf)
            shelf.remarks += [note] if (note := own_note(n_own)) else []
        else:
            _read(path, shelf)
    shelf.works = _named_once(shelf.works)
    if not shelf.works:
        named = ", ".join(f"'{path}'" for path in order.inside)
        more = f" ({shelf.remarks[0]})" if shelf.remarks else ""
        raise InvalidInput(
            f"{named} holds no text of a work{more}. Expected papers, a corpus, or abstracts; name others with --in"
        )
    return shelf


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder by name; hidden ones and links out of it are left alone."""
    found = sorted(p for p in islice(folder.rglob("*"), MOST_FILES) if p.is_file() and not p.is_symlink())
    yield from (p for p in found if not any(part.startswith(".") for part in p.relative_to(folder).parts))


def _try(file: Path, shelf: WorkShelf) -> None:
    try:
        _read(file, shelf)
    except (InvalidInput, UnsafeInput, AmbiguousName) as error:
        shelf.remarks.append(f"{file.name} was left out: {_short(error)}")


def _short(error: EvidenseError) -> str:
    words = " ".join(str(error).split())
    return words if len(words) <= 200 else f"{words[:200]}…"


def _read(file: Path, shelf: WorkShelf) -> None:
    if is_lines(file):
        shelf.works.extend(read_corpus(file))
        return
    document = registry.read(file)
    shelf.remarks.extend(f"{file.name}: {mistake}" for mistake in document.mistakes[:3])
    if document.text:
        work = _paper(file, document)
        shelf.works.append(work)
        if len(document.blocks) == 1 and len(document.text.split()) > 1_000:
            shelf.remarks.append(
                f"{file.name} is one paragraph without headings: its passages are named by their place alone"
            )
        return
    shelf.works.extend(
        _abstract(reference) for reference in document.references if reference.fields.get("abstract", "").strip()
    )


def _paper(file: Path, document: ReadDocument) -> LibraryWork:
    work = Work("file", title=document.title or file.stem)
    return LibraryWork(
        file.stem, work, SourceText.of_document(file.stem, document), document.references, document.citations, (file.name,), document.tables
    )  # fmt: skip


def _abstract(reference: Reference) -> LibraryWork:
    abstract = " ".join(reference.fields["abstract"].split())
    work = Work(
        "file",
        reference.identifiers,
        reference.title,
        reference.authors,
        reference.year,
        reference.venue,
        abstract=abstract,
    )
    return LibraryWork(reference.key, work, SourceText.of_abstract(reference.key, abstract))


def _named_once(works: Sequence[LibraryWork]) -> list[LibraryWork]:
    """Give each work a key of its own: a second `paper` becomes `paper 2`."""
    seen: dict[str, int] = {}
    named = []
    for work in works:
        n = seen[work.key] = seen.get(work.key, 0) + 1
        key = work.key if n == 1 else f"{work.key} {n}"
        named.append(work if n == 1 else replace(work, key=key, text=replace(work.text, name=key)))
    return named
