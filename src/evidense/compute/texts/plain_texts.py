"""Plain texts of items, for the towers that take nothing else."""

from collections.abc import Sequence

from evidense.errors import InvalidInput
from evidense.values import Item


def prompted_texts(items: Sequence[Item], prompt: str) -> list[str]:
    """Return the text of each item with the prompt before it.

    Raises:
        InvalidInput: an item without text, or with a picture.
    """
    if wrong := [item.id for item in items if item.text is None or item.picture is not None]:
        if all(item.text is None and item.picture is None for item in items):
            raise InvalidInput(
                f"of {len(items)} items only the ids are known (as '{wrong[0]}'); expected texts; give a collection with texts with --on"
            )
        raise InvalidInput(
            f"{len(wrong)} items are no plain texts (as '{wrong[0]}'); expected text for this encoder; use one that"
            " takes pictures"
        )
    return [prompt + (item.text or "") for item in items]
