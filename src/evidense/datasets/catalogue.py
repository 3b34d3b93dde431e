"""A table of items: CSV, TSV, JSONL or Parquet with `id,title,image,category`, or `filepath,text`: texts ↔ pictures."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evidense.errors import InvalidInput
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.pairing import Pairing
from evidense.reading.splits import chosen_split
from evidense.reading.tables.columns import find, require, table_kind
from evidense.reading.tables.rows import DataRow, DataTable, read_table
from evidense.reading.tables.typed import noted
from evidense.values import Collection, Item, Picture, Provenance, build

MOST_JUDGEMENTS = 10_000_000
"""Most judgements from categories; n rows of one category make n × (n - 1) of them."""


class Catalogue:
    """`FILE:X2Y`, where X and Y say what queries and documents are: t = text, i = picture, it = text, picture, or both.

    In `t2i`, texts look for pictures; in `i2t`, pictures look for texts. The relevant document is that of the same row; rows without one
    of the two are left out, and a note says so. Without a direction, `t2i` is read (`t2t` if no column holds pictures). In every other
    direction (`t2t`, `i2i`, `it2it`, `t2it` …) the other rows of the same `category` are relevant; the row itself is dropped from its own
    ranking. Pictures are paths relative to the table, or bytes in Parquet. The column `group` marks rows that belong together. Results can
    be sliced by every other column. `@split` selects rows by the column `split`.
    """

    name = "catalogue"
    spellings: tuple[str, ...] = ("products.csv:t2i", "products.csv:it2it", "captions.csv:i2t@test")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is a table with the columns of a catalogue."""
        spelled = DatasetSpelling.parse(spelling)
        return table_kind(spelled.path, spelled.columns) == "catalogue"

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the rows.

        Raises:
            InvalidInput: a column is missing, or rows hold mistakes (all are listed with their lines).
        """
        spelled = DatasetSpelling.parse(spelling)
        table = chosen_split(read_table(spelled.path), spelled.split)
        direction = spelled.direction or ("t2i" if find(table.columns, "picture") else "t2t")
        shape = _Shape.of(table, direction)
        pairing = Pairing(str(table.path), mistakes=list(table.mistakes))
        notes = (*table.notes, *(shape.same_category(pairing) if shape.by_category else shape.same_row(pairing)))
        name = DatasetSpelling(spelled.head, direction, spelled.split).name
        provenance = Provenance(source=str(spelled.path), labels=shape.labels, notes=notes)
        return (build(pairing.draft(name, provenance, drop_self_matches=shape.by_category)),)


@dataclass(frozen=True)
class _Shape:
    """The role of each column, and the direction."""

    table: DataTable
    asked: str
    wanted: str
    text: str | None
    picture: str | None
    category: str | None

    @classmethod
    def of(cls, table: DataTable, direction: str) -> "_Shape":
        query_kind, _, document_kind = direction.partition("2")
        shape = cls(
            table, query_kind, document_kind, *(find(table.columns, role) for role in ("title", "picture", "category"))
        )
        letters = {"t": ["title"], "i": ["picture"], "it": []}
        needed = {*letters[query_kind], *letters[document_kind], *(["category"] if shape.by_category else [])}
        require(table.columns, table.path, *sorted(needed))
        return shape

    @property
    def by_category(self) -> bool:
        return {self.asked, self.wanted} != {"t", "i"}

    @property
    def labels(self) -> str:
        return "structural: rows of one category" if self.by_category else "structural: text and picture of one row"

    @cached_property
    def item_id(self) -> str | None:
        return find(self.table.columns, "item id")

    @cached_property
    def group(self) -> str | None:
        return find(self.table.columns, "group")

    @cached_property
    def others(self) -> frozenset[str]:
        """Columns to slice by."""
        known = {self.text, self.picture, self.item_id, self.group, find(self.table.columns, "split")}
        return frozenset(name for name in self.table.columns if name not in known)

    def same_row(self, pairing: Pairing) -> tuple[str, ...]:
        """Add pairs in which one half of a row looks for its other half; return notes."""
        n_left_out = 0
        for row in self.table.rows:
            with noted(pairing.mistakes):
                query, document = self.item(row, self.asked, ""), self.item(row, self.wanted, row.id(self.item_id))
                if query is None or document is None:
                    n_left_out += 1
                    continue
                query_id = self.ask(row, query, pairing)
                pairing.judge(query_id, pairing.document(document, row.place), 1)
        return (f"{n_left_out:,} rows without text or without picture were left out",) if n_left_out else ()

    def same_category(self, pairing: Pairing) -> tuple[str, ...]:
        """Add queries that look for the other rows of their category; return notes."""
        members: dict[str, list[str]] = {}
        queries: list[tuple[str, str]] = []
        for number, row in enumerate(self.table.rows, 1):
            with noted(pairing.mistakes):
                item_id, category = row.id(self.item_id) or f"r{number}", row.text(self.category)
                query, document = self.item(row, self.asked, item_id), self.item(row, self.wanted, item_id)
                if document is not None:
                    members.setdefault(category, []).append(pairing.document(document, row.place))
                if query is not None and category:
                    queries.append((self.ask(row, query, pairing), category))
        _refuse_too_many(sum(len(members.get(category, ())) for _, category in queries), self.table)
        for query_id, category in queries:
            for doc_id in members.get(category, []):
                if doc_id != query_id:
                    pairing.judge(query_id, doc_id, 1)
        return ("relevant are the other rows of the same category; a row is dropped from its own ranking",)

    def ask(self, row: DataRow, query: Item, pairing: Pairing) -> str:
        """Add the query of a row and return its id."""
        columns = {name: value for name in row.cells if name in self.others and (value := row.slice(name))}
        return pairing.query(query, row.place, group=row.id(self.group), columns=columns)

    def item(self, row: DataRow, what: str, item_id: str) -> Item | None:
        """Return the text, the picture or both of a row; None if it has none of them."""
        text = row.text(self.text) or None if "t" in what else None
        picture = self.picture_of(row) if "i" in what else None
        return Item(item_id, text, picture) if text is not None or picture is not None else None

    def picture_of(self, row: DataRow) -> Picture | None:
        """Return the picture of a row: from bytes, from the hub's {bytes, path}, or from a path beside the table."""
        value: Any = row.cells.get(self.picture) if self.picture else None
        if isinstance(value, dict):
            value = value.get("bytes") or value.get("path")
        if isinstance(value, bytes):
            return Picture(value)
        name = DataRow(row.place, {str(self.picture): value}).text(self.picture)
        if not name:
            return None
        path = Path(self.table.path).parent / name
        if path.is_file():
            return Picture(path)
        raise InvalidInput(
            f"{row.place}: there is no picture '{name}' beside the table; expected a file under {path.parent}; correct the path"
        )


def _refuse_too_many(n_judgements: int, table: DataTable) -> None:
    if n_judgements > MOST_JUDGEMENTS:
        raise InvalidInput(
            f"{table.path}: its categories make {n_judgements:,} judgements; expected at most {MOST_JUDGEMENTS:,}; "
            "take narrower categories or fewer rows"
        )


PART = Catalogue()
