"""Catalogue: the page that shows each collection of pictures that is here: four pictures with their captions, its size, source and licence."""

from collections.abc import Sequence
from dataclasses import dataclass

import evidense
from evidense.report.comparison.readings import ShownItem
from evidense.report.comparison.sections import Fact
from evidense.report.rendering import assets, environment


@dataclass(frozen=True)
class CatalogueEntry:
    """One dataset of pictures."""

    name: str
    summary: str
    spellings: tuple[str, ...]
    """Examples of what can be opened."""
    missing: str = ""
    """Why it cannot be shown, and which command gets it; "" if it is here."""
    facts: Sequence[Fact] = ()
    pictures: Sequence[ShownItem] = ()


def catalogue_html(entries: Sequence[CatalogueEntry]) -> str:
    """Return the page."""
    return environment().get_template("catalogue.html.j2").render(entries=entries, version=evidense.__version__, **assets())  # fmt: skip
