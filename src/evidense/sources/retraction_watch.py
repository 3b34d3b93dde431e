"""Retraction Watch: its table of retractions, corrections and expressions of concern, as Crossref publishes it."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from evidense.boundary.files import Budget, read_bytes
from evidense.errors import InvalidInput
from evidense.parts.literature import Manners, Offer, Request, Wire
from evidense.sources._files import rest_of
from evidense.sources._part import SourcePart
from evidense.sources._shapes import kept, year
from evidense.texts.identifiers import normal_doi
from evidense.values import Answer, Notice, Reference, Work
from evidense.values.literature import Relation

_RELATIONS: dict[str, Relation] = {
    "retraction": "retraction",
    "correction": "correction",
    "expression of concern": "concern",
}
_COLUMNS = ("Title", "RetractionDate", "RetractionDOI", "OriginalPaperDOI", "RetractionNature", "Reason")
_MANNERS = Manners("https://gitlab.com/crossref/retraction-watch-data/-/raw/main", 1.0, 1)


@dataclass(frozen=True)
class Table:
    """The table: identifier of the original paper → the work with its notices; when and what was read."""

    works: Mapping[str, Work]
    said: str
    """sha256, number of notices, date of the latest."""
    blobs: tuple[str, ...] = field(default=())


class RetractionWatch(SourcePart):
    """Notices about works; it says nothing about whether a work exists."""

    name: str = "retraction_watch"
    display_name: str = "Retraction Watch"
    covers: str = "retractions, corrections, expressions of concern"
    offers: frozenset[Offer] = frozenset({"retractions"})
    manners: Manners = _MANNERS

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return how it is named: the table of the network, or one in a file."""
        return (self.name, f"{self.name}:FILE.csv")

    def recognises(self, spelling: str) -> bool:
        """Say whether its name was given, with or without a file."""
        return spelling == self.name or spelling.startswith(f"{self.name}:")

    def by_identifiers(self, references: Sequence[Reference], wire: Wire, spelling: str) -> Mapping[int, Answer]:
        """Return the notices about references; one without a notice gets no answer.

        Raises:
            InvalidInput: the file cannot be read.
        """
        wanted = {i: keys for i, reference in enumerate(references) if (keys := _keys(reference))}
        if not wanted:
            return {}
        table = self._table(wire, spelling)
        if isinstance(table, Answer):
            return dict.fromkeys(wanted, table)
        found = {i: next((table.works[key] for key in keys if key in table.works), None) for i, keys in wanted.items()}
        return {
            i: Answer(self.name, "found", (work,), "identifier", table.said, table.blobs)
            for i, work in found.items()
            if work is not None
        }

    def by_title(self, reference: Reference, wire: Wire, spelling: str) -> Answer:
        """Say that it is asked by identifier only."""
        return Answer(self.name, "not asked", by="title", detail="it is asked by identifier only")

    def _table(self, wire: Wire, spelling: str) -> Table | Answer:
        if rest := rest_of(self.name, spelling):
            data = read_bytes(Path(rest).expanduser(), "the CSV of Retraction Watch", Budget(free_bytes=1 << 28))
            if isinstance(table := _read(data, ""), str):
                raise InvalidInput(f"'{rest}' {table}; expected the CSV of Retraction Watch; download it again")
            return table
        reply = wire.ask(Request(self.name, "retraction_watch.csv", expects="csv"), self.manners)
        if reply.state != "found":
            state = "blocked" if reply.state == "not there" else reply.state
            return Answer(
                self.name, state, by="identifier", detail=reply.detail, blobs=(reply.blob,) if reply.blob else ()
            )
        table = _read(reply.body, reply.blob)
        return (
            table
            if isinstance(table, Table)
            else Answer(self.name, "blocked", by="identifier", detail=f"its table {table}")
        )


@lru_cache(maxsize=2)
def _read(data: bytes, blob: str) -> Table | str:
    """Read the table; return what is wrong where it is none."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8", "replace").removeprefix("\ufeff"), newline=""))
    try:
        if lacking := [column for column in _COLUMNS if column not in (rows.fieldnames or ())]:
            return f"lacks the columns {', '.join(lacking)}"
        works: dict[str, Work] = {}
        n, latest = 0, ""
        for row in rows:
            relation = _RELATIONS.get((row["RetractionNature"] or "").strip().lower())
            if relation is not None:
                n, latest = n + 1, max(latest, _date(row["RetractionDate"]))
                _add(works, row, relation)
    except csv.Error as error:
        return f"cannot be read ({error})"
    said = f"sha256 {hashlib.sha256(data).hexdigest()[:16]}, {n:,} notices, the latest of {latest or 'an unknown day'}"
    return Table(works, said, (blob,) if blob else ())


def _add(works: dict[str, Work], row: Mapping[str, str], relation: Relation) -> None:
    doi, pmid = normal_doi(row["OriginalPaperDOI"] or ""), (row.get("OriginalPaperPubMedID") or "").strip()
    pmid = pmid if pmid.isdigit() and int(pmid) else ""
    reason = "; ".join(part.strip(" +") for part in (row["Reason"] or "").split(";") if part.strip(" +"))
    notice = Notice(relation, _date(row["RetractionDate"]), reason, normal_doi(row["RetractionDOI"] or ""))
    for key in [f"doi:{doi}"] * bool(doi) + [f"pmid:{pmid}"] * bool(pmid):
        before = works.get(key)
        works[key] = Work(
            "retraction_watch", kept(doi=doi, pmid=pmid), row["Title"] or "",
            tuple(name.strip() for name in (row.get("Author") or "").split(";") if name.strip()),
            year(_date(row.get("OriginalPaperDate") or "")), row.get("Journal") or "", "",
            notices=(*(before.notices if before else ()), notice),
        )  # fmt: skip


def _date(text: str | None) -> str:
    """Return `12/31/2024 0:00` as 2024-12-31; "" for anything else."""
    parts = (text or "").split(" ")[0].split("/")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts) or len(parts[2]) != 4:
        return ""
    return f"{parts[2]}-{int(parts[0]):02d}-{int(parts[1]):02d}"


def _keys(reference: Reference) -> list[str]:
    return [f"{kind}:{reference.identifiers[kind]}" for kind in ("doi", "pmid") if reference.identifiers.get(kind)]


PART = RetractionWatch()
