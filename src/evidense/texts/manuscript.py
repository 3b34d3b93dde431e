"""Manuscript: a document's canonical text while a reader writes it, block by block; each block, sentence and citation gets its span."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from evidense.texts.canonical import Canonical, canonical, unseen
from evidense.texts.sentences import sentences
from evidense.values import Block, Citation, DocumentTable, Hidden, Span

BlockKind = Literal["title", "heading", "paragraph", "caption", "item", "table", "quote"]
_BETWEEN = "\n\n"


@dataclass
class Written:
    """One block as it stands in the manuscript."""

    canonical: Canonical
    start: int
    page: int | None = None

    def span(self, start: int, end: int) -> Span:
        """Return the span of places counted from the block's start."""
        return Span(self.start + start, self.start + end, self.canonical.text[start:end], self.page)

    def raw_span(self, raw_start: int, raw_end: int) -> Span:
        """Return the span of a stretch of the raw text that was written."""
        return self.span(self.canonical.place(raw_start), self.canonical.place(raw_end))


@dataclass
class Manuscript:
    """A canonical text under way. Blocks are divided by a blank line."""

    known_words: frozenset[str] = frozenset()
    section: str = ""
    """The heading that the next block stands under."""
    blocks: list[Block] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    tables: list[DocumentTable] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    n_written: int = 0

    @property
    def text(self) -> str:
        """Return what was written so far."""
        return _BETWEEN.join(self.pieces)

    def add(self, kind: BlockKind | None, raw: str, page: int | None = None) -> Written | None:
        """Write a block and return it; None where nothing of it can be seen. A heading begins a section.

        `kind` is None for a reference, which is no block: it has its own record.
        """
        self.hidden += [Hidden(quote, "zero width", page) for quote in unseen(raw)]
        text = canonical(raw, self.known_words)
        if not text.text:
            return None
        start = self.n_written + (len(_BETWEEN) if self.pieces else 0)
        self.pieces.append(text.text)
        self.n_written = start + len(text.text)
        written = Written(text, start, page)
        if kind == "heading":
            self.section = text.text
        if kind is not None:
            section = "" if kind in ("heading", "title") else self.section
            self.blocks.append(Block(kind, written.span(0, len(text.text)), section))
        return written

    def cite(self, written: Written, places: Sequence[tuple[int, tuple[str, ...]]]) -> None:
        """Note which sentences of a block cite: `places` holds (place in the block's raw text, keys)."""
        if not places:
            return
        keys_of: dict[Span, list[str]] = {}
        spans = sentences(written.canonical.text)
        for raw_place, keys in places:
            place = written.canonical.place(raw_place)
            sentence = next((span for span in spans if place <= span.end), spans[-1])
            keys_of.setdefault(sentence, []).extend(keys)
        self.citations += [
            Citation(written.span(sentence.start, sentence.end), tuple(dict.fromkeys(keys)))
            for sentence, keys in sorted(keys_of.items(), key=lambda pair: pair[0].start)
        ]


BRACKETS = re.compile(r"\[(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\]")
"""A citation by numbers: [3], [1, 4–6]."""


def numbers_of(citation: str) -> tuple[str, ...]:
    """Return the numbers of a citation, ranges written out.

    >>> numbers_of("1, 4–6")
    ('1', '4', '5', '6')
    """
    numbers: list[str] = []
    for piece in re.split(r"\s*[,;]\s*", citation):
        ends = [int(end) for end in re.findall(r"\d+", piece)]
        if ends and 0 <= ends[-1] - ends[0] < 100:
            numbers += [str(number) for number in range(ends[0], ends[-1] + 1)]
    return tuple(numbers)
