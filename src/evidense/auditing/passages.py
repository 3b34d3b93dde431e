"""Passages: for each statement the closest passage of its sources, by BM25 and an encoder over windows of sentences, aligned word by word."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evidense.auditing.alignment import NO_TEXT, Alignment, align
from evidense.auditing.kinds import kind_of
from evidense.auditing.losses import losses
from evidense.auditing.statements import Quote, TracedStatement
from evidense.compute.search.bm25 import Bm25Index
from evidense.compute.search.vector_index import Embed, VectorIndex
from evidense.texts.sentences import sentences
from evidense.texts.squeezed import Squeezed
from evidense.texts.tokens import tokens, words_and_numbers
from evidense.values import ReadDocument, Span

LONGEST = 3
"""Sentences of a window."""
CANDIDATES = 12
"""Windows that are aligned for a statement, of each way of searching."""
MAX_TOKENS = 500
"""A window or a statement with more words and signs is cut there before it is aligned."""


@dataclass(frozen=True)
class Part:
    """A stretch of a source under one heading."""

    section: str
    start: int
    end: int
    first: int | None = None
    """The number of its first sentence in the section, from 1; 0: unknown; None: counted on from the part before."""


@dataclass(frozen=True)
class SourceText:
    """The text of a source that statements may come from."""

    name: str
    """The key that the document cites it by, or an identifier: `arxiv:2505.07166`."""
    text: str
    parts: tuple[Part, ...]

    @classmethod
    def of_document(cls, name: str, document: ReadDocument) -> "SourceText":
        """Return the running text of a document: paragraphs, items, captions, quotations and tables."""
        kept = [block for block in document.blocks if block.kind not in ("title", "heading")]
        return cls(name, document.text, tuple(Part(b.section, b.span.start, b.span.end) for b in kept))

    @classmethod
    def of_abstract(cls, name: str, abstract: str) -> "SourceText":
        """Return an abstract."""
        return cls(name, abstract, (Part("abstract", 0, len(abstract)),) if abstract.strip() else ())


@dataclass(frozen=True)
class Window:
    """A few sentences of a source."""

    source: str
    section: str
    number: int
    span: Span
    length: int


@dataclass(frozen=True)
class _Located:
    window: Window
    alignment: Alignment


class Passages:
    """All windows of some sources, ready to be searched."""

    def __init__(self, sources: Sequence[SourceText], embed: Embed | None = None) -> None:
        self.sources = {source.name: source for source in sources if source.parts}
        self._windows = [window for source in self.sources.values() for window in windows(source)]
        self._dense = VectorIndex([window.span.quote for window in self._windows], embed) if embed else None
        self._squeezed = {name: Squeezed(source.text) for name, source in self.sources.items()}

    def statement(self, place: Span, cites: Sequence[str] = (), among: Sequence[str] = ()) -> TracedStatement:
        """Return a statement beside its closest passage.

        `among` names the sources that it may come from; without it, every source.
        """
        text = " ".join(place.quote.split())
        names = [name for name in (among or self.sources) if name in self.sources]
        located = self._closest(text, names)
        kind, known = kind_of(text), next(iter(cites or among), "")
        if located is None:
            return TracedStatement(text, place, kind, known, None, NO_TEXT, (), tuple(cites))
        window, alignment = located.window, located.alignment
        if alignment.kind == "NOT LOCATED":
            return TracedStatement(text, place, kind, known, None, alignment, (), tuple(cites))
        quote = Quote(window.span, window.source, window.section, window.number or None)
        return TracedStatement(text, place, kind, window.source, quote, alignment, losses(alignment), tuple(cites))

    def _closest(self, text: str, names: Sequence[str]) -> _Located | None:
        """Return the window that shares most with a statement; of equal ones the first."""
        found = [*self._copies(text, names), *(self._windows[i] for i in self._candidates(text, names))]
        located = [_Located(window, align(_short(text), _short(window.span.quote))) for window in dict.fromkeys(found)]
        return max(located, key=_rank, default=None) if located or not names else _Located(
            Window(names[0], "", 0, Span(0, 0, ""), 0), Alignment("NOT LOCATED", 0.0)
        )  # fmt: skip

    def _copies(self, text: str, names: Sequence[str]) -> Iterator[Window]:
        """Yield the sentences that hold a literal copy, however many they are."""
        for name in names:
            if place := self._squeezed[name].find(text):
                yield _around(
                    self.sources[name], [w for w in self._windows if w.source == name and w.length == 1], *place
                )

    def _candidates(self, text: str, names: Sequence[str]) -> list[int]:
        asked = set(names)
        wanted = np.array([window.source in asked for window in self._windows], dtype=bool)
        rankings = [self._bm25.scores(text)]
        if self._dense is not None and len(self._windows):
            rankings.append(self._dense.scores(text))
        chosen: dict[int, None] = {}
        for scores in rankings:
            order = np.argsort(-np.where(wanted, scores, -np.inf), kind="stable")[:CANDIDATES]
            chosen.update(dict.fromkeys(int(i) for i in order if wanted[i] and (len(rankings) > 1 or scores[i] > 0)))
        return list(chosen)

    @cached_property
    def _bm25(self) -> Bm25Index:
        return Bm25Index([window.span.quote for window in self._windows], words_and_numbers)


def windows(source: SourceText) -> Iterator[Window]:
    """Yield every run of one to three sentences of a part; sentences are numbered through each section."""
    n_of_section: dict[str, int] = {}
    for part in source.parts:
        spans = [
            Span(part.start + s.start, part.start + s.end, s.quote)
            for s in sentences(source.text[part.start : part.end])
        ]
        before = n_of_section.get(part.section, 0) if part.first is None else part.first - 1
        n_of_section[part.section] = before + len(spans)
        for i in range(len(spans)):
            number = 0 if part.first == 0 else before + i + 1
            for length in range(1, min(LONGEST, len(spans) - i) + 1):
                start, end = spans[i].start, spans[i + length - 1].end
                yield Window(source.name, part.section, number, Span(start, end, source.text[start:end]), length)


def _around(source: SourceText, singles: Sequence[Window], start: int, end: int) -> Window:
    """Return the sentences that a stretch of a source touches."""
    touched = [w for w in singles if w.span.start < end and w.span.end > start]
    begin = min([w.span.start for w in touched] or [start])
    close = max([w.span.end for w in touched] or [end])
    first = touched[0] if touched else None
    span = Span(begin, close, source.text[begin:close])
    return Window(source.name, first.section if first else "", first.number if first else 0, span, len(touched))


def _rank(located: _Located) -> tuple[bool, float]:
    return located.alignment.kind != "NOT LOCATED", located.alignment.similarity


def _short(text: str) -> str:
    found = tokens(text)
    return text if len(found) <= MAX_TOKENS else text[: found[MAX_TOKENS - 1].end]


def trace(
    document: ReadDocument, sources: Mapping[str, SourceText], embed: Embed | None = None
) -> tuple[TracedStatement, ...]:
    """Return every statement of a document beside the closest passage of its sources.

    The statements of a paper are its citing sentences, each beside what it cites; those of a report its claims, or else its
    sentences, beside every source. `sources` are by the keys of the references.
    """
    passages = Passages(list(sources.values()), embed)
    names = {key: source.name for key, source in sources.items()}
    if document.citations:
        return tuple(
            passages.statement(c.sentence, c.keys, [names.get(key, key) for key in c.keys]) for c in document.citations
        )
    return tuple(passages.statement(span) for span in claims_of(document))


def claims_of(document: ReadDocument) -> list[Span]:
    """Return the claims of a report: the items under a heading that announces claims, else the sentences of its paragraphs."""
    items = [block.span for block in document.blocks if block.kind == "item"]
    listed = [
        b.span for b in document.blocks
        if b.kind == "item" and any(word in b.section.lower() for word in ("claim", "finding", "statement", "conclusion"))
    ]  # fmt: skip
    if listed or items:
        return listed or items
    found = []
    for block in document.blocks:
        if block.kind == "paragraph":
            for s in sentences(block.span.quote):
                if len(s.quote.split()) >= 5:
                    found.append(Span(block.span.start + s.start, block.span.start + s.end, s.quote, block.span.page))
    return found
