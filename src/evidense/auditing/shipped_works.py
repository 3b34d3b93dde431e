"""Shipped works: records, abstracts and quotations that come with Evidense, so that the seed report is audited without a network."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from evidense.auditing.passages import Part, SourceText
from evidense.texts.titles import title_key
from evidense.values import Answer, Reference, Work

SOURCE = "shipped"
DISPLAY_NAME = "records shipped with Evidense"


@dataclass(frozen=True)
class ShippedWork:
    """One work that ships."""

    work: Work
    text: SourceText
    """Its abstract and the sentences quoted from it."""

    @property
    def identifier(self) -> str:
        """Return the identifier that quotes name it by: `arxiv:2505.07166`."""
        return self.text.name

    @property
    def surnames(self) -> tuple[str, ...]:
        """Return the last names of its authors."""
        return tuple(author.split()[-1] for author in self.work.authors)

    @property
    def published(self) -> str:
        """Return where it was published; "" where only the preprint is known."""
        return str(self.work.published_as.get("venue", ""))


@cache
def shipped_works() -> tuple[ShippedWork, ...]:
    """Return every work that ships."""
    raw = json.loads(files("evidense.auditing").joinpath("shipped", "works.json").read_text(encoding="utf-8"))
    return tuple(_work(entry) for entry in raw["works"])


def shipped_for(reference: Reference) -> ShippedWork | None:
    """Return the shipped work that a reference means, by its identifier or its title; None where none is."""
    for shipped in shipped_works():
        theirs = {**shipped.work.identifiers, "doi": shipped.work.published_as.get("doi", "")}
        if any(value and reference.identifiers.get(name) == value for name, value in theirs.items()):
            return shipped
        if reference.title and title_key(reference.title) == title_key(shipped.work.title):
            return shipped
    return None


def shipped_answer(reference: Reference) -> Answer | None:
    """Return what the shipped records say of a reference; None where they do not hold it, which says nothing."""
    shipped = shipped_for(reference)
    return (
        None
        if shipped is None
        else Answer(SOURCE, "found", (shipped.work,), "identifier" if reference.identifiers else "title")
    )


def _work(entry: Mapping[str, Any]) -> ShippedWork:
    published = next((v for v in entry["versions"] if v["venue"] != "arXiv"), None)
    published_as = {k: str(v) for k, v in (published or {}).items() if v} | (
        {"year": str(entry["year"])} if published else {}
    )
    if "anthology" in published_as:
        published_as["acl"] = published_as.pop("anthology")
    identifier = str(entry["id"])
    work = Work(
        SOURCE, {"arxiv": identifier.removeprefix("arxiv:")}, entry["title"], tuple(entry["authors"]), entry["year"], "arXiv", "preprint",
        published_as, abstract=entry["abstract"], licence=entry["licence"], url=f"https://arxiv.org/abs/{identifier.removeprefix('arxiv:')}",
    )  # fmt: skip
    return ShippedWork(work, _text(identifier, entry["abstract"], entry.get("quotes", ())))


def _text(name: str, abstract: str, quotes: Sequence[Mapping[str, Any]]) -> SourceText:
    text, parts = abstract, [Part("abstract", 0, len(abstract))]
    for quote in quotes:
        text += "\n\n"
        parts.append(Part(quote["section"], len(text), len(text) + len(quote["text"]), quote.get("n", 0)))
        text += quote["text"]
    return SourceText(name, text, tuple(parts))
