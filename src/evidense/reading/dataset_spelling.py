"""Dataset spelling: parses how a user names a collection, `dataset[/subset][:direction][@split]` or `table:COLUMN→COLUMN[@split]`."""

import re
from dataclasses import dataclass
from pathlib import Path

from evidense.boundary.files import exists
from evidense.errors import InvalidInput

_DIRECTION = re.compile(r"^((t|i|it)2(t|i|it)|mixed|exact|cheap|views|items)$")
_ARROW = re.compile(r"\s*(?:→|->|=>)\s*")
_SPLIT = re.compile(r"^[A-Za-z0-9_.-]+$")


def expanded(spelling: str) -> Path:
    """Return a path with `~` expanded; an unknown home stays as it is written.

    >>> str(expanded("~\\0")) == "~\\0"
    True
    """
    try:
        return Path(spelling).expanduser()
    except (RuntimeError, ValueError):
        return Path(spelling)


@dataclass(frozen=True)
class DatasetSpelling:
    """The head of a spelling, with direction and split.

    >>> DatasetSpelling.parse("products.csv:t2i@test")
    DatasetSpelling(head='products.csv', direction='t2i', split='test', columns=None)
    >>> DatasetSpelling.parse("shop.csv:search term->title@test").columns
    ('search term', 'title')
    >>> DatasetSpelling.parse("a@b.csv") == DatasetSpelling("a", None, "b.csv")
    True
    """

    head: str
    direction: str | None = None
    """`t2i`: the queries are texts (t) and the documents pictures (i); `it` is both; `mixed`: the corpus holds both.

    Or a kind of training pairs: `exact`, `cheap`, `views`, `items`.
    """
    split: str | None = None
    columns: tuple[str, str] | None = None
    """The columns of a table that hold the query and the document, where the spelling names them."""

    @classmethod
    def parse(cls, spelling: str) -> "DatasetSpelling":
        """Parse a spelling; the path of an existing file keeps its '@' and ':'."""
        if exists(spelling):
            return cls(spelling)
        head, sign, split = spelling.rpartition("@")
        if not sign or not head or not _SPLIT.match(split):
            head, split = spelling, ""
        if not exists(head):
            if len(names := _ARROW.split(head)) == 2:
                before, colon, query = names[0].rpartition(":")
                if before and query and names[1]:
                    return cls(before, None, split or None, (query, names[1]))
            before, colon, direction = head.rpartition(":")
            if colon and before and _DIRECTION.match(direction):
                return cls(before, direction, split or None)
        return cls(head, None, split or None)

    @property
    def path(self) -> Path:
        """The head as a path."""
        return expanded(self.head)

    @property
    def name(self) -> str:
        """Canonical name: the last part of the path, with direction and split."""
        stem = self.path.resolve().name if exists(self.path) else self.head
        columns = f":{self.columns[0]}→{self.columns[1]}" if self.columns else ""
        return (
            stem + columns + (f":{self.direction}" if self.direction else "") + (f"@{self.split}" if self.split else "")
        )

    def refuse_direction(self, why: str) -> None:
        """Refuse a direction, for a dataset with only one.

        Raises:
            InvalidInput: a direction was given.
        """
        if self.direction:
            raise InvalidInput(
                f"'{self.head}:{self.direction}' gives the direction '{self.direction}'; {why}; leave it out"
            )

    def refuse_split(self, why: str) -> None:
        """Refuse a split, for a dataset without splits.

        Raises:
            InvalidInput: a split was given.
        """
        if self.split:
            raise InvalidInput(f"'{self.head}@{self.split}' names the split '{self.split}'; {why}; leave it out")
