"""Entries: a Reference made of the fields of a bibliography's entry, under the names that BibTeX has for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from evidense.texts.identifiers import identifiers_of
from evidense.texts.letters import decode_latex
from evidense.texts.names import split_authors
from evidense.values import Reference

VENUES = ("journal", "journaltitle", "booktitle", "maintitle", "school", "institution", "publisher", "howpublished")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")


@dataclass(frozen=True)
class Bibliography:
    """The references of a text, and what in it could not be read, each with its place in words."""

    references: tuple[Reference, ...]
    mistakes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BibEntry:
    """One entry as its file has it."""

    key: str
    kind: str
    fields: Mapping[str, str]
    """Field names in lower case; values without their outer braces or quotes."""
    raw: str = ""
    line: int | None = None

    def reference(self) -> Reference:
        """Return it as a Reference: names are split before LaTeX is decoded."""
        people = self.fields.get("author") or self.fields.get("editor", "")
        authors, has_more = split_authors(people.replace("\\relax ", ""))
        title = decode_latex(self.fields.get("title", ""))
        if subtitle := decode_latex(self.fields.get("subtitle", "")):
            title = f"{title}: {subtitle}"
        venue = next((decode_latex(self.fields[name]) for name in VENUES if self._names_venue(name)), "")
        return Reference(
            self.key, _kind(self.kind), title, authors, has_more, year_of(self.fields), venue,
            identifiers_of(self.fields), dict(self.fields), self.raw, self.line,
        )  # fmt: skip

    def _names_venue(self, name: str) -> bool:
        """Say whether a field holds a venue: an address under which something was published is none."""
        value = self.fields.get(name, "")
        return bool(value) and not (name == "howpublished" and re.search(r"https?://", value))


def _kind(text: str) -> str:
    kind = text.lower()
    if kind.startswith("software"):
        return "software"
    return {"www": "webpage", "online": "webpage", "electronic": "webpage", "data": "dataset", "": "misc"}.get(
        kind, kind
    )


def year_of(fields: Mapping[str, str]) -> int | None:
    """Return the year of an entry; None where it has none, or a word such as "forthcoming".

    >>> year_of({"date": "2019-05-01"}), year_of({"year": "in press"})
    (2019, None)
    """
    for name in ("year", "date", "issued", "eventdate"):
        if match := _YEAR.search(fields.get(name, "")):
            return int(match[1])
    return None
