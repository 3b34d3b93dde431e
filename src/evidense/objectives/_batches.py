"""Batches of pairs: passed on unchanged, or spans cut from their texts at random."""

import re
from collections.abc import Callable

import numpy as np
from jaxtyping import Int

from evidense.errors import InvalidInput
from evidense.values import Batch, Item, Pairs

Words = list[str]
_ENDS = re.compile(r"""[.!?…。！？]["'”’)\]]*$""")
_PAUSES = re.compile(r"""[,;:–—]["'”’)\]]*$""")


def passed_on(pairs: Pairs, rows: Int[np.ndarray, " b"], *, with_targets: bool = False) -> Batch:
    """Return the pairs of these rows with hard negatives, the same number for each: the least that any of them has.

    With targets, hard negatives without a target are left out.
    """
    row_numbers = [int(row) for row in rows]
    targets = [pairs.targets[row] for row in row_numbers] if with_targets and pairs.targets else None
    n = min((len(pairs.negatives[row]) for row in row_numbers), default=0) if pairs.negatives else 0
    n = n if targets is None else min(n, *(len(target) - 1 for target in targets))
    return Batch(
        tuple(pairs.left[row] for row in row_numbers),
        tuple(pairs.right[row] for row in row_numbers),
        tuple(item for row in row_numbers for item in pairs.negatives[row][:n]) if n else (),
        None if targets is None else np.array([target[: n + 1] for target in targets], np.float32),
    )


def cut(pairs: Pairs, rows: Int[np.ndarray, " b"], of: Callable[[Words], tuple[str, list[str]]]) -> Batch:
    """Return a batch; `of` makes a query and its k positives from the words of each text.

    Raises:
        InvalidInput: an item has no text, or has a picture.
    """
    queries, documents = [], []
    for row in rows:
        item = pairs.left[int(row)]
        if item.text is None or item.picture is not None:
            raise InvalidInput(
                f"item '{item.id}' of '{pairs.name}' is of the modality {item.modality}; expected a text to cut spans from; name data "
                "of texts, or the objective views or clip"
            )
        query, positives = of(item.text.split())
        queries.append(Item(item.id, query))
        documents += [Item(item.id, positive) for positive in positives]
    return Batch(tuple(queries), tuple(documents))


def span(words: Words, n: int, rng: np.random.Generator) -> Words:
    """Return n consecutive words from a uniformly random position; all words if there are at most n."""
    first = int(rng.integers(max(0, len(words) - n) + 1))
    return words[first : first + n]


def sentences(words: Words) -> list[tuple[int, int]]:
    """Return (begin, end) of each sentence; of each clause if there is only one sentence, of each word if there is only one clause.

    >>> sentences("It fits. It is red.".split())
    [(0, 2), (2, 5)]
    >>> sentences("Fracture of femur, open".split())
    [(0, 3), (3, 4)]
    """
    for sign in (_ENDS, _PAUSES):
        ends = [place + 1 for place, word in enumerate(words[:-1]) if sign.search(word)]
        if ends:
            return list(zip([0, *ends], [*ends, len(words)], strict=True))
    return [(place, place + 1) for place in range(len(words))]
