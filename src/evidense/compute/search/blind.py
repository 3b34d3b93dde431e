"""Blind: an encoder to which every picture looks the same, a control for what texts and the order of a corpus do alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float32

from evidense.errors import InvalidInput
from evidense.values import Item

OPTION, PICTURES = "blind", "pictures"
SUFFIX = f"@{OPTION}={PICTURES}"
"""What stands after the spelling of an encoder that is to be blind."""


def is_blind(options: Mapping[str, str]) -> bool:
    """Say whether a spelling asks for `@blind=pictures`.

    Raises:
        InvalidInput: it asks for another blindness.
    """
    value = options.get(OPTION)
    if value not in (None, PICTURES):
        raise InvalidInput(
            f"'@{OPTION}={value}' is unknown; expected @{OPTION}={PICTURES}, the one thing that can be hidden; correct it"
        )
    return value is not None


def blinded(
    queries: tuple[Float32[np.ndarray, "q e"], Sequence[Item]],
    documents: tuple[Float32[np.ndarray, "d e"], Sequence[Item]],
) -> tuple[Float32[np.ndarray, "q e"], Float32[np.ndarray, "d e"]]:
    """Return the vectors of both sides with one vector, the mean of all pictures', in the place of each picture's."""
    shows = [np.array([item.picture is not None for item in items], np.bool_) for _, items in (queries, documents)]
    seen = np.concatenate(
        [vectors[is_shown] for (vectors, _), is_shown in zip((queries, documents), shows, strict=True)]
    )
    if not len(seen):
        return queries[0], documents[0]
    mean = seen.mean(axis=0, dtype=np.float64).astype(np.float32)
    first, second = (
        np.where(is_shown[:, None], mean, vectors)
        for (vectors, _), is_shown in zip((queries, documents), shows, strict=True)
    )
    return first, second
