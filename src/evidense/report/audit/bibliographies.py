"""Bibliographies: the works that the references mean, as the indexes have them, in BibTeX and CSL-JSON."""

import re
from collections.abc import Iterator

from evidense.auditing.audited import Audit
from evidense.boundary.shown import shown_line
from evidense.records import Json
from evidense.values import Reference, Work

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}  # fmt: skip
_CSL_TYPES = {
    "article": "article-journal", "journal-article": "article-journal", "inproceedings": "paper-conference",
    "proceedings-article": "paper-conference", "book": "book", "incollection": "chapter", "book-chapter": "chapter", "phdthesis": "thesis",
    "preprint": "article", "posted-content": "article", "software": "software", "dataset": "dataset", "techreport": "report",
}  # fmt: skip
_BIBTEX_TYPES = re.compile(r"[a-z]+")


def bibtex(audit: Audit) -> str:
    """Return one entry for each reference whose work was found, its key kept, its fields as the best index has them."""
    return "\n".join(_entry(reference, work) for reference, work in _found(audit))


def csl_json(audit: Audit) -> list[dict[str, Json]]:
    """Return the same works for reference managers."""
    return [item_of(reference.key, reference.kind, work) for reference, work in _found(audit)]


def _found(audit: Audit) -> Iterator[tuple[Reference, Work]]:
    for audited in audit.references:
        if audited.decision.work is not None:
            yield audited.reference, audited.decision.work


def _entry(reference: Reference, work: Work) -> str:
    return entry_of(reference.key, reference.kind, work)


def entry_of(key: str, kind: str, work: Work) -> str:
    """Return the BibTeX entry of a work under a key."""
    kind = kind if _BIBTEX_TYPES.fullmatch(kind) else "misc"
    venue = (
        "journal" if kind == "article" else "booktitle" if kind in {"inproceedings", "incollection"} else "howpublished"
    )
    fields = {
        "title": f"{{{escaped(work.title)}}}", "author": " and ".join(escaped(name) for name in work.authors),
        "year": str(work.year or ""), venue: escaped(work.venue), "doi": escaped(work.identifiers.get("doi", "")),
        "eprint": escaped(work.identifiers.get("arxiv", "")), "archiveprefix": "arXiv" if work.identifiers.get("arxiv") else "",
    }  # fmt: skip
    rows = [f"  {name} = {{{value}}}," for name, value in fields.items() if value and value != "{}"]
    return "\n".join([f"@{kind}{{{safe_key(key)},", *rows, "}", ""])


def escaped(text: str) -> str:
    r"""Return text as the inside of a BibTeX value: braces and commands are letters, so that no value ends its entry.

    >>> escaped("50% of } \\input{x}")
    '50\\% of \\} \\textbackslash{}input\\{x\\}'
    """
    return "".join(_SPECIAL.get(letter, letter) for letter in shown_line(text))


def safe_key(key: str) -> str:
    """Return a key that can stand in an entry.

    >>> safe_key("smith, 2020}")
    'smith2020'
    """
    return re.sub(r"[\s,{}()\"'#%\\=~@\x00-\x1f\x7f]", "", shown_line(key)) or "unnamed"


def item_of(key: str, kind: str, work: Work) -> dict[str, Json]:
    """Return the CSL-JSON item of a work under a key; `kind` is what BibTeX calls it, for a work whose index has no name for it.

    >>> item_of("lee", "misc", Work("x", {"arxiv": "2001.09990"}, "Shade", ("Lee, Ara",), 2020))["issued"]
    {'date-parts': [[2020]]}
    """
    item: dict[str, Json] = {
        "id": key,
        "type": _CSL_TYPES.get(work.kind, _CSL_TYPES.get(kind, "document")),
        "title": work.title,
        "author": [_name(name) for name in work.authors],
    }
    arxiv = work.identifiers.get("arxiv", "")
    optional = {
        "container-title": work.venue, "DOI": work.identifiers.get("doi", ""), "number": f"arXiv:{arxiv}" if arxiv else "",
        "URL": work.url or (f"https://arxiv.org/abs/{arxiv}" if arxiv else ""), "PMID": work.identifiers.get("pmid", ""), "abstract": work.abstract,
    }  # fmt: skip
    item |= {name: value for name, value in optional.items() if value}
    if work.year:
        item["issued"] = {"date-parts": [[work.year]]}
    return item


def _name(name: str) -> dict[str, Json]:
    family, comma, given = name.partition(",")
    if comma:
        suffix, second, first = given.partition(",")
        parts = {"family": family, "suffix": suffix, "given": first} if second else {"family": family, "given": given}
        return {part: text.strip() for part, text in parts.items() if text.strip()}
    given, _, family = name.rpartition(" ")
    return {"family": family, "given": given} if given else {"literal": name}
