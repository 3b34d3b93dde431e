"""A table of items: CSV, TSV, JSONL or Parquet with `id,title,image,category`, or `filepath,text`: texts ↔ pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.reading.columns import find, require, table_kind
from evidense.reading.pairing import Pairing
from evidense.reading.place import Place
from evidense.reading.splits import chosen_split
from evidense.reading.tables import Row, Table, read_table
from evidense.values import Collection, Item, Picture, Provenance, build


class Catalogue:
    """`FILE:XtoY` with X and Y of t = the row's text, i = its picture, it = all that it has (text, picture, or both).

    `t2i` asks with texts for pictures, `i2t` the other way round: relevant is the same row; rows without one of the two are
    left out, and a note says so. Without a direction it is `t2i` (`t2t` where no column holds pictures). Every other
    direction (`t2t`, `i2i`, `it2it`, `t2it` …) asks for the other rows of the same `category`; the row itself is dropped from
    its own ranking. Pictures are paths relative to the table, or bytes in Parquet. The column `group` marks rows that
    belong together; every other column is a column to slice by. `@split` chooses by a column `split`.
    """

    name = "catalogue"
    spellings: tuple[str, ...] = ("products.csv:t2i", "products.csv:it2it", "captions.csv:i2t@test")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is a table whose columns are those of a catalogue."""
        return table_kind(Place.parse(spelling).path) == "catalogue"

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the rows.

        Raises:
            InvalidInput: a column is missing, or rows hold mistakes (all of them, with their lines).
        """
        place = Place.parse(spelling)
        table = chosen_split(read_table(place.path), place.split)
        direction = place.direction or ("t2i" if find(table.columns, "picture") else "t2t")
        shape = _Shape.of(table, direction)
        pairing = Pairing(str(table.path), mistakes=list(table.mistakes))
        notes = shape.same_category(pairing) if shape.by_category else shape.same_row(pairing)
        name = Place(place.head, direction, place.split).name
        provenance = Provenance(source=str(place.path), labels=shape.labels, notes=notes)
        return (build(pairing.draft(name, provenance, drop_self_matches=shape.by_category)),)


@dataclass(frozen=True)
class _Shape:
    """Which column plays which role, and the direction."""

    table: Table
    asked: str
    wanted: str
    text: str | None
    picture: str | None
    category: str | None

    @classmethod
    def of(cls, table: Table, direction: str) -> "_Shape":
        asked, _, wanted = direction.partition("2")
        shape = cls(table, asked, wanted, *(find(table.columns, role) for role in ("title", "picture", "category")))
        letters = {"t": ["title"], "i": ["picture"], "it": []}
        needed = {*letters[asked], *letters[wanted], *(["category"] if shape.by_category else [])}
        require(table.columns, table.path, *sorted(needed))
        return shape

    @property
    def by_category(self) -> bool:
        return {self.asked, self.wanted} != {"t", "i"}

    @property
    def labels(self) -> str:
        return "structural: rows of one category" if self.by_category else "structural: text and picture of one row"

    def same_row(self, pairing: Pairing) -> tuple[str, ...]:
        """Ask with one half of each row for its other half."""
        n_left_out = 0
        for row in self.table.rows:
            row_id = row.text(find(self.table.columns, "item id"))
            query, document = self.item(row, self.asked, "", pairing), self.item(row, self.wanted, row_id, pairing)
            if query is None or document is None:
                n_left_out += 1
                continue
            query_id = pairing.query(query, row.place, group=self.group(row), columns=dict(self.slices(row)))
            pairing.judge(query_id, pairing.document(document, row.place), 1)
        return (f"{n_left_out:,} rows without text or without picture were left out",) if n_left_out else ()

    def same_category(self, pairing: Pairing) -> tuple[str, ...]:
        """Ask with each row for the other rows of its category."""
        members: dict[str, list[str]] = {}
        queries: list[tuple[str, str]] = []
        for number, row in enumerate(self.table.rows, 1):
            item_id = row.text(find(self.table.columns, "item id")) or f"r{number}"
            query, document = (
                self.item(row, self.asked, item_id, pairing),
                self.item(row, self.wanted, item_id, pairing),
            )
            if document is not None:
                members.setdefault(row.text(self.category), []).append(pairing.document(document, row.place))
            if query is not None and row.text(self.category):
                queries.append(
                    (
                        pairing.query(query, row.place, group=self.group(row), columns=dict(self.slices(row))),
                        row.text(self.category),
                    )
                )
        for query_id, category in queries:
            for doc_id in members.get(category, []):
                if doc_id != query_id:
                    pairing.judge(query_id, doc_id, 1)
        return ("relevant are the other rows of the same category; a row is dropped from its own ranking",)

    def item(self, row: Row, what: str, item_id: str, pairing: Pairing) -> Item | None:
        """Return the text, the picture or both of a row; None where it has nothing of that."""
        text = row.text(self.text) or None if "t" in what else None
        picture = self.picture_of(row, pairing) if "i" in what else None
        return Item(item_id, text, picture) if text is not None or picture is not None else None

    def picture_of(self, row: Row, pairing: Pairing) -> Picture | None:
        value: Any = row.cells.get(self.picture) if self.picture else None
        if isinstance(value, dict):
            value = value.get("bytes") or value.get("path")
        if isinstance(value, bytes):
            return Picture(value)
        if not value or not str(value).strip():
            return None
        path = Path(self.table.path).parent / str(value).strip()
        if path.is_file():
            return Picture(path)
        pairing.mistakes.append(
            f"{row.place}: there is no picture '{value}' beside the table; expected a file under {path.parent}; "
            "correct the path"
        )
        return None

    def group(self, row: Row) -> str:
        return row.text(find(self.table.columns, "group"))

    def slices(self, row: Row) -> Iterator[tuple[str, str]]:
        known = {self.text, self.picture, *(find(self.table.columns, role) for role in ("item id", "group", "split"))}
        return ((name, row.text(name)) for name in self.table.columns if name not in known and row.text(name))


PART = Catalogue()
