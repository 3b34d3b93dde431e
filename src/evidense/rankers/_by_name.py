"""Rankers that are opened by their name alone and have no options."""

from typing import ClassVar, Generic, TypeVar

from evidense.errors import InvalidInput
from evidense.parts import Ranker
from evidense.values import Spelling

AnyRanker = TypeVar("AnyRanker", bound=Ranker)


class ByNamePart(Generic[AnyRanker]):
    """Opens one ranker by its name."""

    name: ClassVar[str]
    spellings: ClassVar[tuple[str, ...]]

    def __init__(self, ranker: type[AnyRanker]) -> None:
        self._ranker = ranker

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling is this name, in any case."""
        return spelling.head.lower() == self.name

    def open(self, spelling: Spelling) -> AnyRanker:
        """Return the ranker.

        Raises:
            InvalidInput: the spelling has options.
        """
        if spelling.options:
            raise InvalidInput(
                f"'{spelling}' gives options to {self.name}; expected '{self.name}' alone; remove what follows '@'"
            )
        return self._ranker()
