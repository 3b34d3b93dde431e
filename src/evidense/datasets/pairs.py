"""A table of pairs: CSV, TSV, JSONL or Parquet with `query,document` or `anchor,positive[,negative…]`."""

from collections.abc import Sequence

from evidense.reading.columns import ROLES, find, find_all, require, table_kind
from evidense.reading.pairing import Pairing
from evidense.reading.place import Place
from evidense.reading.splits import chosen_split
from evidense.reading.tables import Row, Table, read_table
from evidense.reading.training_pairs import graded_column, graded_pairs, pairs_of
from evidense.values import Collection, Item, Kind, Provenance, build
from evidense.values import Pairs as TrainingPairs


class Pairs:
    """`FILE[@split]`: each row says that a document is relevant to a query; all documents together are the corpus.

    The query stands in `query`, `question` or `anchor`; the document in `document`, `doc`, `passage`, `answer`, `positive` or `pos`. Columns
    `negative…` or `neg` hold documents judged 0, which enter the corpus. JSONL and Parquet may hold lists of positives and negatives.
    `gain`, `relevance`, `label` or `score` holds the judgement as a whole number (1 where there is no such column). `query_id` and `doc_id` give
    ids; without them equal texts are one item. `group` marks queries that are not independent, `split` is chosen by `@split`. Every other
    column is a column to slice by.
    """

    name = "pairs"
    kinds = frozenset[Kind]({"exact"})
    spellings: tuple[str, ...] = ("pairs.csv", "pairs.jsonl@test")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is a table of pairs (or one whose columns nobody knows, so that the error can say so)."""
        return table_kind(Place.parse(spelling).path) == "pairs"

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the pairs.

        Raises:
            InvalidInput: a column is missing, or rows hold mistakes (all of them, with their lines).
        """
        place = Place.parse(spelling)
        place.refuse_direction("pairs of texts go from query to document")
        table = chosen_split(read_table(place.path), place.split)
        require(table.columns, table.path, "query", "document")
        reader = _Reader(table)
        for row in table.rows:
            reader.read(row)
        return (build(reader.pairing.draft(place.name, Provenance(source=str(place.path), notes=reader.notes()))),)

    def pairs(self, spelling: str) -> TrainingPairs:
        """Return the pairs to train on: where a column says how similar each is (`similarity`, a `score` or `label` of .0 to 1), with that target.

        Raises:
            InvalidInput: as `open`, or a similarity that is none.
        """
        place = Place.parse(spelling)
        table = chosen_split(read_table(place.path), place.split)
        column = graded_column(table)
        return graded_pairs(table, place.name, column) if column else pairs_of(self.open(spelling)[0], "exact")


class _Reader:
    """Which column plays which role, and what the rows have said so far."""

    def __init__(self, table: Table) -> None:
        self.pairing = Pairing(str(table.path), mistakes=list(table.mistakes))
        self.query, self.query_id, self.doc_id, self.gain, self.group = (
            find(table.columns, role) for role in ("query", "query id", "document id", "gain", "group")
        )
        self.positives, self.negatives = find_all(table.columns, "document"), find_all(table.columns, "negative")
        known = {self.query, self.query_id, self.doc_id, self.gain, self.group, *self.positives, *self.negatives}
        self.columns = [name for name in table.columns if name not in known]

    def notes(self) -> tuple[str, ...]:
        """Say that similarities are no judgements."""
        name = find(self.columns, "similarity")
        return (f"the column '{name}' is no judgement: every row counts as relevant",) if name else ()

    def read(self, row: Row) -> None:
        """Take one row."""
        query = row.text(self.query)
        positives = [text for name in self.positives for text in _texts(row, name)]
        gain = _gain(row, self.gain, self.pairing.mistakes)
        for what, texts in (("query", [query]), ("document", positives or [""])):
            if not all(text.strip() for text in texts):
                self.pairing.mistakes.append(
                    f"{row.place}: the {what} is empty; expected some text; fill it or remove the row"
                )
                return
        columns = {name: text for name in self.columns if (text := row.text(name)) and _scalar(row.cells.get(name))}
        query_id = self.pairing.query(
            Item(row.text(self.query_id), query), row.place, group=row.text(self.group), columns=columns
        )
        for text in positives:
            self.pairing.judge(query_id, self.pairing.document(Item(row.text(self.doc_id), text), row.place), gain)
        for text in [text for name in self.negatives for text in _texts(row, name) if text.strip()]:
            self.pairing.judge(query_id, self.pairing.document(Item("", text), row.place), 0)


def _texts(row: Row, column: str) -> Sequence[str]:
    value = row.cells.get(column)
    if isinstance(value, list):
        return [str(one).strip() for one in value]
    return [row.text(column)] if value is not None else []


def _scalar(value: object) -> bool:
    return not isinstance(value, list | dict | bytes)


def _gain(row: Row, column: str | None, mistakes: list[str]) -> int:
    if column is None:
        return 1
    text = row.text(column)
    try:
        number = float(text)
    except ValueError:
        number = 0.5
    if number != int(number):
        mistakes.append(
            f"{row.place}: '{text}' in the column '{column}' is no whole number; expected a judgement 0, 1, 2 …; "
            f"correct it, or rename the column if it is none ({', '.join(ROLES['gain'])} hold judgements; to train on similarities, "
            "evidense train --objective cosine)"
        )
        return 0
    return int(number)


PART = Pairs()
