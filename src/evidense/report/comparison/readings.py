"""Readings: the queries where two systems differ most, as a page shows them: the query, what is relevant, what each ranked first."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidense.boundary.numerals import plain, signed
from evidense.records import Json
from evidense.report.texts import Excerpt, cut, picture


@dataclass(frozen=True)
class ShownItem:
    """A document or query as the page shows it."""

    doc_id: str
    text: str
    picture: str
    status: str


@dataclass(frozen=True)
class Reading:
    """One query worth reading."""

    query: ShownItem
    delta: str
    values: str
    tone: str
    relevant: list[ShownItem]
    base_first: ShownItem | None
    system_first: ShownItem | None

    @property
    def is_pictured(self) -> bool:
        """Say whether it shows a picture: then its documents stand side by side."""
        firsts = (one for one in (self.base_first, self.system_first) if one)
        return any(one.picture for one in (self.query, *self.relevant, *firsts))


@dataclass(frozen=True)
class Limits:
    """How much of the texts is shown, so that a page stays below its size."""

    characters: int
    n_readings: int
    pictures: bool = True


def reading(excerpt: Excerpt, limits: Limits) -> Reading:
    """Return a query as the page shows it."""
    delta = float(excerpt["delta"])
    return Reading(
        query=ShownItem(
            str(excerpt["query_id"]),
            cut(excerpt.get("query"), limits.characters),
            picture(excerpt) if limits.pictures else "",
            "",
        ),
        delta=signed(delta),
        values=f"{plain(excerpt['base_value'])} → {plain(excerpt['system_value'])}",
        tone="harms" if delta < 0 else "helps",
        relevant=[_shown(d, limits, _ranks(d)) for d in excerpt.get("relevant") or ()],
        base_first=_first(excerpt.get("base_first"), limits),
        system_first=_first(excerpt.get("system_first"), limits),
    )


def _shown(document: Mapping[str, Json], limits: Limits, status: str) -> ShownItem:
    thumbnail = picture(document) if limits.pictures else ""
    return ShownItem(str(document["doc_id"]), cut(document.get("text"), limits.characters), thumbnail, status)


def _ranks(document: Mapping[str, Json]) -> str:
    base, system = (f"rank {r}" if (r := document.get(key)) else "not found" for key in ("rank_base", "rank_system"))
    return f"{base} → {system}"


def _first(document: Mapping[str, Json] | None, limits: Limits) -> ShownItem | None:
    if not document:
        return None
    gain = document.get("gain")
    judged = "unjudged" if gain is None else "relevant" if gain > 0 else "judged not relevant"
    seeds = f", in {document['n_first']} of {document['n_seeds']} seeds" if "n_seeds" in document else ""
    return _shown(document, limits, judged + seeds)
