"""Portions of pairs: several data as one, a draw of so many, and the held-out tenth; groups are never cut."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, overload

import numpy as np

from evidense.errors import InvalidInput
from evidense.values import Pairs

HELD_OUT = 0.1
"""Share of the groups that early stopping looks at and training does not."""


class Chain(Sequence):
    """Several sequences read as one, without copying what they hold."""

    def __init__(self, pieces: Sequence[Sequence[Any]]) -> None:
        self.pieces = pieces
        self.stops = list(accumulate(len(piece) for piece in pieces))

    def __len__(self) -> int:
        """Return the length of all pieces."""
        return self.stops[-1] if self.stops else 0

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        """Return one element, or a list of some."""
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        row = at + len(self) if at < 0 else at
        if not 0 <= row < len(self):
            raise IndexError(at)
        piece = bisect_right(self.stops, row)
        return self.pieces[piece][row - (self.stops[piece - 1] if piece else 0)]


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Return several Pairs of one kind as one; what not all of them have (blocks, negatives, targets) is left out.

    Raises:
        InvalidInput: they are of several kinds.
    """
    if len(parts) == 1:
        return parts[0]
    kinds = {pairs.kind for pairs in parts}
    if len(kinds) != 1:
        named = ", ".join(f"'{pairs.name}' is {pairs.kind}" for pairs in parts)
        raise InvalidInput(f"the data are of several kinds ({named}); expected one kind; train in two stages, or leave some out")  # fmt: skip
    more = {
        name: Chain([getattr(p, name) for p in parts])
        for name in ("blocks", "negatives", "targets")
        if all(getattr(p, name) for p in parts)
    }
    return Pairs(
        name="+".join(p.name for p in parts),
        kind=parts[0].kind,
        left=Chain([p.left for p in parts]),
        right=Chain([p.right for p in parts]),
        groups=Chain([p.groups for p in parts]),
        provenance=parts[0].provenance,
        **more,
    )


def drawn(pairs: Pairs, n_pairs: int | None, seed: int) -> Pairs:
    """Return at most so many pairs, drawn by the seed, in their own order."""
    if n_pairs is None or n_pairs >= len(pairs):
        return pairs
    rng = np.random.Generator(np.random.Philox(key=seed))
    return pairs.take(np.sort(rng.choice(len(pairs), size=n_pairs, replace=False)))


def held_out(pairs: Pairs, seed: int) -> tuple[Pairs, Pairs]:
    """Return the pairs to train on and those of a tenth of the groups, drawn by the seed.

    Raises:
        InvalidInput: one group only, so that nothing can be held out.
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
    """Return every text of both sides, in order: what a vocabulary is made from."""
    return [item.text for side in (pairs.left, pairs.right) for item in side if item.text is not None]
