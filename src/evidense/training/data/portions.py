"""Portions: draws pairs, and holds out a tenth of the groups; groups are never cut."""

import numpy as np

from evidense.errors import InvalidInput
from evidense.values import Pairs

HELD_OUT = 0.1
"""Share of the groups that are held out for early stopping."""


def drawn(pairs: Pairs, n_pairs: int | None, seed: int) -> Pairs:
    """Return at most `n_pairs` pairs, drawn by the seed, in their original order."""
    if n_pairs is None or n_pairs >= len(pairs):
        return pairs
    rng = np.random.Generator(np.random.Philox(key=seed))
    return pairs.take(np.sort(rng.choice(len(pairs), size=n_pairs, replace=False)))


def held_out(pairs: Pairs, seed: int) -> tuple[Pairs, Pairs]:
    """Split the pairs into training pairs and held-out pairs: a tenth of the groups, drawn by the seed.

    Raises:
        InvalidInput: there is only one group, so none can be held out.
    """
    names = sorted(set(pairs.groups))
    if len(names) < 2:
        raise InvalidInput(
            f"'{pairs.name}' has one group ('{names[0] if names else ''}'), of which none can be held out; expected at least 2; "
            "give each pair a group, or leave early stopping out"
        )
    rng = np.random.Generator(np.random.Philox(key=[seed, 1]))
    n_held = max(1, round(HELD_OUT * len(names)))
    kept_apart = {names[int(i)] for i in rng.choice(len(names), size=n_held, replace=False)}
    is_held = np.array([group in kept_apart for group in pairs.groups])
    return pairs.take(np.flatnonzero(~is_held)), pairs.take(np.flatnonzero(is_held))


def texts_of(pairs: Pairs) -> list[str]:
    """Return every text of both sides in order, to learn a vocabulary from."""
    sides = (pairs.left,) if pairs.kind == "items" else (pairs.left, pairs.right)
    return [item.text for side in sides for item in side if item.text is not None]
