"""Papers: the files of a folder that are whole papers, each read as a work: its title, its authors, its abstract."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from evidense.auditing.references_of import NamedSource, Tell
from evidense.boundary.files import plain_name
from evidense.errors import AmbiguousName, InvalidInput, UnsafeInput
from evidense.parts.literature import PaperShelf
from evidense.searching.plans import IndexQuery
from evidense.study.documents import read_document
from evidense.values import Answer, ReadDocument, Reference

MOST_PAPERS = 200
"""Papers of a folder that are read."""
_LONG = 20
"""Words from which on a first paragraph may stand for an abstract: below are names and addresses."""
_MOST_PARAGRAPHS = 3
_BEGINS = re.compile(r"(?:abstract|summary)\b[\s.:—–-]*", re.IGNORECASE)
_ENDS = re.compile(r"(?:key ?words|index terms)\b", re.IGNORECASE)


def by_topic(source: NamedSource, shelf: PaperShelf, query: IndexQuery, tell: Tell) -> Answer:
    """Rank the works of a folder, its papers among them; what could not be read is named in the answer."""
    paths = shelf.papers(source.spelling)
    heads, unread = {}, []
    for n, path in enumerate(paths[:MOST_PAPERS], 1):
        tell(f"reading papers of {source.label}, {n:,} of {len(paths):,}")
        try:
            heads[path] = head_of(read_document(Path(path)), plain_name(Path(path)).stem)
        except (InvalidInput, UnsafeInput, AmbiguousName):
            unread.append(Path(path).name)
    answer = shelf.by_topic_with(query.query, query.limit, source.spelling, heads)
    return replace(answer, detail="; ".join(filter(None, [answer.detail, *_lost(answer, paths, unread)])))


def _lost(answer: Answer, paths: tuple[str, ...], unread: list[str]) -> Iterator[str]:
    n_over = len(paths) - MOST_PAPERS
    if (unread or n_over > 0) and not answer.detail:
        yield f"{len(answer.works):,}"
    if unread:
        yield f"could not be read: {', '.join(unread[:3])}{f' and {len(unread) - 3:,} more' if len(unread) > 3 else ''}"
    if n_over > 0:
        yield f"{n_over:,} papers beyond the first {MOST_PAPERS:,} were not read"


def head_of(document: ReadDocument, name: str) -> Reference:
    """Return what a paper says of itself; where its format marks no head, its title (else the name of its file) and its first paragraphs."""
    if document.head is not None and document.head.title:
        return document.head
    return Reference(name, title=document.title or name, fields={"abstract": abstract_of(document)})


def abstract_of(document: ReadDocument) -> str:
    """Return what stands under "Abstract", else the first long paragraph."""
    blocks = [block for block in document.blocks if block.kind != "title"]
    start = next((i for i, block in enumerate(blocks) if _BEGINS.match(block.span.quote)), None)
    if start is None:
        long = (b.span.quote for b in blocks if b.kind == "paragraph" and len(b.span.quote.split()) >= _LONG)
        return " ".join(next(long, "").split())
    said: list[str] = []
    for block in blocks[start : start + _MOST_PARAGRAPHS + 1]:
        text = _BEGINS.sub("", block.span.quote, count=1) if block is blocks[start] else block.span.quote
        if said and (block.kind != "paragraph" or _ENDS.match(text)):
            break
        said += [text] if text.strip() else []
    return " ".join(" ".join(said).split())
