"""Own words: what a work says itself; sentences that report others, and orders to whoever reads by machine, are blank."""

from collections.abc import Iterator, Sequence

from evidense.auditing.aside import is_order, reports_others
from evidense.auditing.passages import Part, SourceText
from evidense.checking.library import LibraryWork
from evidense.texts.sentences import sentences
from evidense.values import ReadDocument, Span, Work


def own_words(
    key: str, work: Work, whole: SourceText, document: ReadDocument | None, names: Sequence[str] = ()
) -> tuple[LibraryWork, list[tuple[Span, str]]]:
    """Return a work with its own words, and what was blanked, each with its reason. `document` is the full text; None of an abstract."""
    cited = [citation.sentence for citation in document.citations] if document is not None else []
    left_out = list(_aside(whole, cited))
    text = without(whole, [span for span, _ in left_out])
    if document is None:
        return LibraryWork(key, work, text, names=tuple(names)), left_out
    references, citations = (document.references, document.citations) if cited else ((), ())
    return LibraryWork(key, work, text, references, citations, tuple(names), document.tables), left_out


def _aside(text: SourceText, cited: Sequence[Span]) -> Iterator[tuple[Span, str]]:
    """Yield the sentences that are not a work's own word, in order."""
    for part in text.parts:
        for found in sentences(text.text[part.start : part.end]):
            span = Span(part.start + found.start, part.start + found.end, found.quote)
            is_cited = any(c.start < span.end and c.end > span.start for c in cited)
            if is_order(span.quote):
                yield span, "an order to readers by machine"
            elif reports_others(span.quote, is_cited):
                yield span, "reports others"


def without(text: SourceText, spans: Sequence[Span]) -> SourceText:
    """Return a text with stretches blank; places still count the characters of the whole.

    >>> without(SourceText.of_abstract("a", "It helps. They say no. It lasts."), [Span(10, 22, "They say no.")]).text
    'It helps.              It lasts.'
    """
    blank = text.text
    for span in spans:
        blank = f"{blank[: span.start]}{' ' * (span.end - span.start)}{blank[span.end :]}"
    parts = [piece for part in text.parts for piece in _around(part, spans) if blank[piece.start : piece.end].strip()]
    return SourceText(text.name, blank, tuple(parts))


def _around(part: Part, spans: Sequence[Span]) -> Iterator[Part]:
    """Yield what is left of a part between stretches, so that no window of sentences spans one."""
    start = part.start
    for span in sorted((s for s in spans if s.start < part.end and s.end > part.start), key=lambda s: s.start):
        yield Part(part.section, start, span.start, part.first)
        start = span.end
    yield Part(part.section, start, part.end, part.first)
