"""A sequence of items that counts how often it is read."""

from collections.abc import Sequence
from typing import Any

from evidense.values import Item


class Counted(Sequence[Item]):
    """Items that count how often they are read."""

    def __init__(self, items: list[Item]) -> None:
        self.items, self.n_read = items, 0

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, row: Any) -> Any:
        self.n_read += 1
        return self.items[row]
