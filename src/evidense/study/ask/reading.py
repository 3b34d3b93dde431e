"""Reading: the texts of works that passed screening: full texts where a source has them, else abstracts; what is not their own word is set aside."""

from collections.abc import Sequence

from evidense.auditing.passages import SourceText
from evidense.checking.own_words import own_words
from evidense.report.ask.told import AskedWork, ReadAs, SetAside
from evidense.report.search.bibliography import keys_of
from evidense.searching.hits import Hit
from evidense.study.audit.library import Library
from evidense.values import ReadDocument


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
    shelf, left_out = own_words(key, hit.work, whole, document if read_as == "full text" else None, (hit.name,))
    hidden = [SetAside(key, h.quote, f"hidden: {h.reason}") for h in (document.hidden if document is not None else ())]
    aside = [*hidden, *(SetAside(key, span.quote, why) for span, why in left_out)]
    kind: ReadAs = "full text" if read_as == "full text" else "abstract"
    return AskedWork(hit, key, kind, shelf=shelf, whole=whole, aside=tuple(aside))
