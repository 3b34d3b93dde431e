"""Reading: the texts of works that passed screening: full texts where a source has them, else abstracts; what is not their own word is set aside."""

from collections.abc import Iterator, Sequence

from evidense.auditing.aside import is_order, reports_others
from evidense.auditing.passages import Part, SourceText
from evidense.checking.library import LibraryWork
from evidense.report.ask.told import AskedWork, ReadAs, SetAside
from evidense.report.search.bibliography import keys_of
from evidense.searching.hits import Hit
from evidense.study.audit.library import Library
from evidense.texts.sentences import sentences
from evidense.values import ReadDocument, Span


def read_all(hits: Sequence[Hit], texts: Library) -> list[AskedWork]:
    """Read each work; one without a text or an abstract is not retrieved."""
    return [
        read_work(hit, key, texts.document(hit.work, hit.records)) for hit, key in zip(hits, keys_of(hits), strict=True)
    ]


def read_work(hit: Hit, key: str, document: ReadDocument | None) -> AskedWork:
    """Return a work with its own words, and with what was set aside."""
    abstract = " ".join(hit.work.abstract.split())
    if document is not None and document.text:
        whole, read_as = SourceText.of_document(key, document), "full text"
    else:
        whole, read_as = SourceText.of_abstract(key, abstract), "abstract" if abstract else ""
    if not read_as:
        return AskedWork(hit, key, "", outcome="not retrieved", reason="no text and no abstract is at hand")
    cited = [c.sentence for c in document.citations] if document is not None and read_as == "full text" else []
    left_out = list(_aside(whole, cited))
    shelf = LibraryWork(
        key, hit.work, without(whole, [span for span, _ in left_out]), document.references if cited and document else (),
        document.citations if cited and document else (), (hit.name,),
    )  # fmt: skip
    hidden = [SetAside(key, h.quote, f"hidden: {h.reason}") for h in (document.hidden if document is not None else ())]
    aside = [*hidden, *(SetAside(key, span.quote, why) for span, why in left_out)]
    kind: ReadAs = "full text" if read_as == "full text" else "abstract"
    return AskedWork(hit, key, kind, shelf=shelf, whole=whole, aside=tuple(aside))


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
