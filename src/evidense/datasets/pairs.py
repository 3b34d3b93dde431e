"""A table of pairs: CSV, TSV, JSONL or Parquet with `query,document` or `anchor,positive[,negative…]`."""

from evidense.errors import InvalidInput
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.pairing import Pairing
from evidense.reading.splits import chosen_split
from evidense.reading.tables.columns import find, find_all, renamed, require, table_kind
from evidense.reading.tables.rows import DataRow, DataTable, read_table
from evidense.reading.tables.typed import noted
from evidense.reading.training_pairs import graded_column, graded_pairs, pairs_of
from evidense.values import Collection, Item, Kind, Pairs, Provenance, build


class PairTable:
    """`FILE[:QUERY->DOCUMENT][@split]`: each row says that a document is relevant to a query. The documents of all rows are the corpus.

    CSV and TSV may be as Excel writes them: semicolons, UTF-8 with its mark, "Unicode text" (UTF-16, a .txt).
    `shop.csv:search_term->product_title` names the two columns. Else the query is in `query`, `question` or `anchor`; the
    document is in `document`, `doc`, `passage`, `answer`, `positive` or `pos`. Columns `negative…` or `neg` hold documents with
    judgement 0, which belong to the corpus. JSONL and Parquet may hold lists of positives and negatives. `gain`, `relevance`,
    `label` or `score` holds the judgement as a whole number (1 without such a column). `query_id` and `doc_id` hold ids; without
    them, equal texts are one item. Null and NaN are empty cells, and are skipped in lists. A number is read as it is written (an
    id 1.0 as 1). Any other value in place of a text, an id or a judgement is refused. `group` marks queries that are not
    independent. `@split` selects rows by the column `split`. Results can be sliced by every other column.
    """

    name = "pairs"
    kinds = frozenset[Kind]({"exact"})
    spellings: tuple[str, ...] = ("pairs.csv", "pairs.jsonl@test", "shop.csv:search_term->product_title")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is a table of pairs, or one with unknown columns (`open` then explains what is missing)."""
        spelled = DatasetSpelling.parse(spelling)
        return table_kind(spelled.path, spelled.columns) == "pairs"

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the pairs.

        Raises:
            InvalidInput: a column is missing, or rows hold mistakes (all are listed with their lines).
        """
        spelled = DatasetSpelling.parse(spelling)
        spelled.refuse_direction("pairs of texts go from query to document")
        table = _table(spelled)
        require(table.columns, table.path, "query", "document")
        reader = _PairTableReader(table)
        for row in table.rows:
            with noted(reader.pairing.mistakes):
                reader.read(row)
        return (build(reader.pairing.draft(spelled.name, Provenance(source=str(spelled.path), notes=reader.notes()))),)

    def pairs(self, spelling: str) -> Pairs:
        """Return training pairs. A column of similarities (`similarity`, or a `score` or `label` from .0 to 1) gives their targets.

        Raises:
            InvalidInput: as `open`; or a similarity is not a number from 0 to 1.
        """
        spelled = DatasetSpelling.parse(spelling)
        table = _table(spelled)
        column = graded_column(table)
        return graded_pairs(table, spelled.name, column) if column else pairs_of(self.open(spelling)[0], "exact")


def _table(spelled: DatasetSpelling) -> DataTable:
    return renamed(chosen_split(read_table(spelled.path), spelled.split), spelled.columns)


class _PairTableReader:
    """Reads rows into a pairing; knows the role of each column."""

    def __init__(self, table: DataTable) -> None:
        self.pairing = Pairing(str(table.path), mistakes=list(table.mistakes))
        self.how_read = table.notes
        self.query, self.query_id, self.doc_id, self.gain, self.group = (
            find(table.columns, role) for role in ("query", "query id", "document id", "gain", "group")
        )
        self.positives, self.negatives = find_all(table.columns, "document"), find_all(table.columns, "negative")
        known = {self.query, self.query_id, self.doc_id, self.gain, self.group, *self.positives, *self.negatives}
        self.columns = dict.fromkeys(name for name in table.columns if name not in known)

    def notes(self) -> tuple[str, ...]:
        """Return notes: how the table was read, and that similarities are no judgements."""
        name = find(list(self.columns), "similarity")
        unjudged = (f"the column '{name}' is no judgement: every row counts as relevant",) if name else ()
        return (*self.how_read, *unjudged)

    def read(self, row: DataRow) -> None:
        """Add one row to the pairing.

        Raises:
            InvalidInput: a cell is empty, or its value does not fit the column.
        """
        query = row.text(self.query)
        positives = [text for name in self.positives for text in row.texts(name)]
        negatives = [text for name in self.negatives for text in row.texts(name) if text]
        gain = row.gain(self.gain)
        ids = row.id(self.query_id), row.id(self.doc_id)
        for what, texts in (("query", [query]), ("document", positives or [""])):
            if not all(texts):
                raise InvalidInput(f"{row.place}: the {what} is empty; expected some text; fill it or remove the row")
        columns = {name: text for name in row.cells if name in self.columns and (text := row.slice(name))}
        query_id = self.pairing.query(Item(ids[0], query), row.place, group=row.id(self.group), columns=columns)
        for text in positives:
            self.pairing.judge(query_id, self.pairing.document(Item(ids[1], text), row.place), gain)
        for text in negatives:
            self.pairing.judge(query_id, self.pairing.document(Item("", text), row.place), 0)


PART = PairTable()
