"""JATS heads: what an article says of itself: title, authors, year, journal, identifiers, abstract."""

from typing import Any

from evidense.readers._xml import plain_text
from evidense.texts.identifiers import identifiers_of
from evidense.values import Reference

_IDENTIFIERS = {"doi": "doi", "pmid": "pmid", "pmc": "pmcid", "pmcid": "pmcid"}
_OTHER_ABSTRACTS = ("graphical", "teaser", "key-points", "toc")


def head_of(article: Any) -> Reference | None:
    """Return what the head of an article says; None where it has none."""
    meta = article.find("front/article-meta")
    if meta is None:
        return None
    title = " ".join(plain_text(meta.find("title-group/article-title")).split())
    venue = plain_text(article.find("front/journal-meta//journal-title"))
    fields = {"title": title, "abstract": _abstract(meta)}
    identifiers = identifiers_of({_IDENTIFIERS[kind]: text for kind, text in _ids(meta) if kind in _IDENTIFIERS})
    return Reference(
        "",
        "article",
        title,
        tuple(_authors(meta)),
        year=_year(meta),
        venue=venue,
        identifiers=identifiers,
        fields=fields,
    )


def _ids(meta: Any) -> list[tuple[str, str]]:
    found = ((one.get("pub-id-type", ""), plain_text(one).strip()) for one in meta.findall("article-id"))
    return [(kind, f"PMC{text}" if kind == "pmc" and text.isdigit() else text) for kind, text in found]


def _authors(meta: Any) -> list[str]:
    names = []
    for one in meta.findall("contrib-group/contrib"):
        surname = plain_text(one.find("name/surname"))
        given = plain_text(one.find("name/given-names"))
        name = f"{surname}, {given}" if given else surname
        if name := name or plain_text(one.find("collab")):
            names.append(" ".join(name.split()))
    return names


def _year(meta: Any) -> int | None:
    """Return the first year in which it was published."""
    years = [plain_text(one).strip() for one in meta.findall("pub-date/year")]
    return min((int(year) for year in years if year.isdecimal() and len(year) == 4), default=None)


def _abstract(meta: Any) -> str:
    """Return the paragraphs of the abstract, without its headings."""
    said = [one for one in meta.findall("abstract") if one.get("abstract-type", "") not in _OTHER_ABSTRACTS]
    return " ".join(" ".join(plain_text(p).split()) for one in said[:1] for p in one.iter("p"))
