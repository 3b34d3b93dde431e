"""Pairing: turns pairs of query and document into a draft, merging equal queries and equal documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from evidense.errors import InvalidInput
from evidense.values import Draft, Item, Provenance

SEVERAL = "(several)"
"""Value of a column for a query whose rows have different values."""


@dataclass
class Pairing:
    """Collects items, judgements and mistakes row by row; `draft` returns them.

    An item without an id gets one from its content, so that equal texts are one item. An item with an id keeps it; the same id
    must always mean the same content.
    """

    subject: str
    """Name of the input in messages."""
    shares: str = ""
    """What the groups name, as in `Collection`."""
    join_groups: bool = True
    """Whether two groups become one if a query is in both; otherwise the query stays in its first group."""
    mistakes: list[str] = field(default_factory=list)
    _queries: "_Side" = field(default_factory=lambda: _Side("query", "q"))
    _documents: "_Side" = field(default_factory=lambda: _Side("document", "d"))
    _qrels: dict[str, dict[str, int]] = field(default_factory=dict)
    _groups: dict[str, str] = field(default_factory=dict)
    _joined: dict[str, str] = field(default_factory=dict)
    _doc_groups: dict[str, str] = field(default_factory=dict)
    _columns: dict[str, dict[str, str]] = field(default_factory=dict)
    _n_softened: int = 0

    def query(self, item: Item, place: str, *, group: str = "", columns: Mapping[str, str] | None = None) -> str:
        """Add a query and return its id. Groups that share a query become one group."""
        query_id = self._queries.take(item, place, self.mistakes)
        for name, value in (columns or {}).items():
            values = self._columns.setdefault(name, {})
            values[query_id] = value if values.get(query_id, value) == value else SEVERAL
        if group:
            first, other = self._group(self._groups.setdefault(query_id, group)), self._group(group)
            if first != other and self.join_groups:
                self._joined[other] = first
        return query_id

    def document(self, item: Item, place: str, *, group: str = "") -> str:
        """Add a document and return its id. Its group is its split key; the first one counts."""
        doc_id = self._documents.take(item, place, self.mistakes)
        if group:
            self._doc_groups.setdefault(doc_id, group)
        return doc_id

    def judge(self, query_id: str, doc_id: str, gain: int) -> None:
        """Add a judgement; of two for one pair, the higher counts."""
        gains = self._qrels.setdefault(query_id, {})
        if doc_id in gains and gains[doc_id] != gain:
            self._n_softened += 1
        gains[doc_id] = max(gain, gains.get(doc_id, gain))

    def draft(self, name: str, provenance: Provenance, *, drop_self_matches: bool = False) -> Draft:
        """Return the collected items, judgements and mistakes as a draft."""
        return Draft(
            name=name,
            queries=list(self._queries.items.values()),
            corpus=list(self._documents.items.values()),
            qrels=self._qrels,
            groups={query_id: self._group(group) for query_id, group in self._groups.items()},
            columns=self._columns,
            doc_groups=self._doc_groups,
            provenance=replace(provenance, notes=(*provenance.notes, *self._notes())),
            drop_self_matches=drop_self_matches,
            shares=self.shares,
            source=self.subject,
            query_place=self._queries.place,
            document_place=self._documents.place,
            mistakes=self.mistakes,
        )

    def _group(self, name: str) -> str:
        passed = []
        while name in self._joined:
            passed.append(name)
            name = self._joined[name]
        self._joined.update(dict.fromkeys(passed, name))  # the next look is short, however long the chain was
        return name

    def _notes(self) -> list[str]:
        several = sum(sum(gain > 0 for gain in gains.values()) > 1 for gains in self._qrels.values())
        return [
            *(
                [f"{several:,} queries have several relevant documents; none of them counts as a miss"]
                if several
                else []
            ),
            *(
                [
                    f"{n:,} pairs whose document repeats another's were merged with it"
                    for n in [self._documents.n_equal]
                    if n
                ]
            ),
            *(
                [f"{self._n_softened:,} pairs were judged twice and differently; the higher judgement stands"]
                if self._n_softened
                else []
            ),
        ]


class _Side:
    """Items of one side in order of appearance."""

    def __init__(self, what: str, letter: str) -> None:
        self.items: dict[str, Item] = {}
        self.n_equal = 0
        self._what, self._letter = what, letter
        self._places: list[str] = []
        self._keys: dict[str, str] = {}
        self._by_content: dict[str, str] = {}

    def place(self, row: int) -> str:
        return self._places[row]

    def take(self, item: Item, place: str, mistakes: list[str]) -> str:
        try:
            key = item.content_key() if item.picture is not None else f"t{item.text}"
        except InvalidInput as error:
            mistakes.append(f"{place}: {error}")
            return item.id
        if item.id:
            if self._keys.setdefault(item.id, key) != key:
                mistakes.append(
                    f"{place}: the {self._what} id '{item.id}' stands for other content than before; expected one content "
                    "an id; rename it"
                )
            item_id = item.id
        else:
            item_id = self._by_content.setdefault(key, f"{self._letter}{len(self._by_content) + 1}")
            self.n_equal += item_id in self.items
        if item_id not in self.items:
            self.items[item_id] = item if item.id else replace(item, id=item_id)
            self._places.append(place)
        return item_id
