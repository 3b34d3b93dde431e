"""Directions: texts look for pictures (`t2i`), or pictures for texts (`i2t`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evidense.errors import InvalidInput
from evidense.reading.pairing import Pairing
from evidense.reading.place import Place
from evidense.values import Item

Direction = Literal["t2i", "i2t"]


@dataclass(frozen=True)
class Pair:
    """A text and a picture that belong together; both items have ids of their own."""

    text: Item
    picture: Item
    place: str
    """Where the pair stands, for messages."""
    group: str = ""
    text_columns: Mapping[str, str] | None = None
    picture_columns: Mapping[str, str] | None = None
    document_group: str = ""
    """Key that splits are made by, of the side that is found."""

    def enter(self, pairing: Pairing, direction: Direction) -> None:
        """Judge the one relevant to the other, in this direction."""
        looks_for_pictures = direction == "t2i"
        query, document = (self.text, self.picture) if looks_for_pictures else (self.picture, self.text)
        columns = self.text_columns if looks_for_pictures else self.picture_columns
        query_id = pairing.query(query, self.place, group=self.group, columns=columns)
        pairing.judge(query_id, pairing.document(document, self.place, group=self.document_group), 1)


def placed(spelling: str, name: str) -> Place:
    """Take `name[/subset][:direction][@split]` apart, also where `name:` was taken off before; the head is then the subset.

    >>> placed("icons/solid:i2t@test", "icons"), placed("t2i", "icons")
    (Place(head='solid', direction='i2t', split='test'), Place(head='', direction='t2i', split=None))
    """
    place = Place.parse(spelling or name)
    if place.direction is None and (direction := Place.parse(f"{name}:{place.head}").direction):
        place = Place("", direction, place.split)
    head, slash, subset = place.head.partition("/")
    return replace(place, head=subset if head == name else place.head.removeprefix("/") if not slash else place.head)


def direction_of(place: Place, others: Sequence[str] = ()) -> Direction:
    """Return the direction that was asked for; texts look for pictures unless somebody says otherwise.

    `others` are further ones that the caller has dealt with, for the message.

    Raises:
        InvalidInput: another direction than these two.
    """
    match place.direction or "t2i":
        case "t2i":
            return "t2i"
        case "i2t":
            return "i2t"
    raise InvalidInput(
        f"the direction '{place.direction}' does not exist here; expected t2i (texts look for pictures) or "
        f"{' or '.join(['i2t', *others])}; correct it"
    )
