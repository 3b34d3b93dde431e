"""Library: the texts of cited works: records that ship, full texts of indexes, the user's own files, else abstracts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from evidense import registry
from evidense.auditing.audited import AuditedReference
from evidense.auditing.passages import SourceText
from evidense.auditing.references_of import NamedSource, Tell, tell_nobody
from evidense.auditing.shipped_works import SOURCE, shipped_for
from evidense.boundary.files import plain_name
from evidense.boundary.scratch import Scratch
from evidense.errors import AmbiguousName, InvalidInput, UnsafeInput
from evidense.parts import Wire
from evidense.store import Store
from evidense.study.documents import read_document
from evidense.texts.titles import compare_titles, title_key
from evidense.values import Answer, ReadDocument, Work

MOST_FILES = 200
"""Files that no entry names are read at most, to compare their titles with those of cited works."""


@dataclass(frozen=True)
class ReadText:
    """The text of a work, and the document where it is a full text that was read."""

    text: SourceText
    document: ReadDocument | None = None


@dataclass(frozen=True)
class Library:
    """Where the texts of works come from."""

    sources: Sequence[NamedSource]
    wire: Wire
    store: Store
    tell: Tell = tell_nobody
    unread: dict[str, list[str]] = field(default_factory=dict)
    """Label of a source → what of its texts could not be read."""
    _read: dict[str, ReadDocument | None] = field(default_factory=dict)
    """Path → the user's file as it was read; None where it cannot be."""

    def text(self, audited: AuditedReference) -> ReadText | None:
        """Return the full text of the work that a reference means, else its longest abstract; None where there is none."""
        key, meant = audited.reference.key, audited.decision.work
        if any(answer.source == SOURCE for answer in audited.answers) and (shipped := shipped_for(audited.reference)):
            return ReadText(shipped.text)
        if meant is None:
            return None
        works = _same(meant, audited)
        if document := self.document(meant, works):
            return ReadText(SourceText.of_document(key, document), document)
        abstract = " ".join(max((work.abstract for work in works), key=len, default="").split())
        return ReadText(SourceText.of_abstract(key, abstract)) if abstract else None

    def document(self, meant: Work, records: Sequence[Work]) -> ReadDocument | None:
        """Return the full text of a work as it was read; None where no source has one. `records` are what indexes say of it."""
        for source in self._full_texts:
            mine = next((work for work in records if work.source == source.label), meant if source.is_local else None)
            if mine is not None and (document := self._document(source, mine)):
                return document
        return None

    @cached_property
    def _full_texts(self) -> list[NamedSource]:
        """Return the sources that have texts, the user's own files first."""
        return sorted((s for s in self.sources if "full text" in s.part.offers), key=lambda s: not s.is_local)

    def _document(self, source: NamedSource, work: Work) -> ReadDocument | None:
        """Return a full text; None where there is none, or it cannot be read: the abstract then stands for it."""
        answer = source.part.full_text(work, self.wire, source.spelling)
        if answer.state != "found":
            return None
        return self._of_files(source, answer, work) if answer.files else self._of_blob(answer)

    def _of_files(self, source: NamedSource, answer: Answer, work: Work) -> ReadDocument | None:
        """Return the first of the user's files that can be read and, where no entry names it, bears the work's title."""
        for n, path in enumerate(answer.files[:MOST_FILES], 1):
            if path not in self._read:
                self.tell(f"reading texts of {source.label}, {n:,} of {len(answer.files):,}")
                self._read[path] = self._document_of(source, Path(path))
            document = self._read[path]
            if (
                document
                and document.text
                and (
                    answer.by != "title"
                    or compare_titles(work.title, document.title or plain_name(Path(path)).stem)[0] == "same"
                )
            ):
                return document
        return None

    def _document_of(self, source: NamedSource, path: Path) -> ReadDocument | None:
        try:
            return read_document(path)
        except (InvalidInput, UnsafeInput, AmbiguousName) as error:
            said = str(error).replace(f"'{path}'", f"'{path.name}'")
            self.unread.setdefault(source.label, []).append(" ".join(said.split()))
            return None

    def _of_blob(self, answer: Answer) -> ReadDocument | None:
        if not answer.blobs:
            return None
        with Scratch() as folder:
            (folder / "text").write_bytes(self.store.blob(answer.blobs[0]))
            try:
                document = registry.read(folder / "text")
            except (InvalidInput, UnsafeInput, AmbiguousName):
                return None
        return document if document.text else None


def _same(meant: Work, audited: AuditedReference) -> list[Work]:
    """Return the works of all answers that are the one that is meant: those that share an identifier, or the title."""
    return [
        work
        for answer in audited.answers
        for work in answer.works
        if title_key(work.title) == title_key(meant.title)
        or set(work.identifiers.items()) & set(meant.identifiers.items())
    ]
