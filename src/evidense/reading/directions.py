"""Directions: texts as queries for pictures (`t2i`), or pictures as queries for texts (`i2t`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evidense.errors import InvalidInput
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.pairing import Pairing
from evidense.values import Item

Direction = Literal["t2i", "i2t"]


@dataclass(frozen=True)
class Pair:
    """A text and a picture that belong together; each item has its own id."""

    text: Item
    picture: Item
    place: str
    """Place of the pair in the input, for messages."""
    group: str = ""
    text_columns: Mapping[str, str] | None = None
    picture_columns: Mapping[str, str] | None = None
    document_group: str = ""
    """Split key of the document side."""

    def enter(self, pairing: Pairing, direction: Direction) -> None:
        """Add the pair as query and relevant document, in this direction."""
        looks_for_pictures = direction == "t2i"
        query, document = (self.text, self.picture) if looks_for_pictures else (self.picture, self.text)
        columns = self.text_columns if looks_for_pictures else self.picture_columns
        query_id = pairing.query(query, self.place, group=self.group, columns=columns)
        pairing.judge(query_id, pairing.document(document, self.place, group=self.document_group), 1)


def placed(spelling: str, name: str) -> DatasetSpelling:
    """Parse `name[/subset][:direction][@split]`, with or without `name:` in front; the head of the result is the subset.

    >>> placed("icons/solid:i2t@test", "icons"), placed("t2i", "icons")
    (DatasetSpelling(head='solid', direction='i2t', split='test', columns=None), DatasetSpelling(head='', direction='t2i', split=None, columns=None))
    """
    spelled = DatasetSpelling.parse(spelling or name)
    if spelled.direction is None and (direction := DatasetSpelling.parse(f"{name}:{spelled.head}").direction):
        spelled = DatasetSpelling("", direction, spelled.split)
    head, slash, subset = spelled.head.partition("/")
    return replace(
        spelled, head=subset if head == name else spelled.head.removeprefix("/") if not slash else spelled.head
    )


def direction_of(spelled: DatasetSpelling, others: Sequence[str] = ()) -> Direction:
    """Return the requested direction, `t2i` by default.

    `others` are directions that the caller handles itself; the message names them.

    Raises:
        InvalidInput: the direction is neither of the two.
    """
    match spelled.direction or "t2i":
        case "t2i":
            return "t2i"
        case "i2t":
            return "i2t"
    raise InvalidInput(
        f"the direction '{spelled.direction}' does not exist here; expected t2i (texts look for pictures) or "
        f"{' or '.join(['i2t', *others])}; correct it"
    )
