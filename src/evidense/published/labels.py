"""Label frequencies: how often each slot held the right passage, recomputed from the authors' seed.

The embedding of a `[CLS]` token is the same for every text, so a probe on layer 0 always names the same slot. Its accuracy is the
frequency of that slot among the labels. So layer 0 checks the recovered numbers to the single example.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from evidense.published.facts import Published, PublishedCurve


@cache
def label_frequencies(n: int, n_passages: int, *, seed: int = 42) -> tuple[int, ...]:
    """Return how often each slot holds the positive in n examples, for which `random` draws negatives and shuffles slots.

    Source: the authors' `train_probe_multi.py`: `random.seed(42)`, then for each example `random.sample` of N − 1 of the 4
    negatives and `random.shuffle` of the N passages.

    >>> label_frequencies(1000, 2)
    (516, 484)
    """
    rng, counts = random.Random(seed), [0] * n_passages
    for _ in range(n):
        slots = [0, *rng.sample(range(1, 5), n_passages - 1)]
        rng.shuffle(slots)
        counts[slots.index(0)] += 1
    return tuple(counts)


@dataclass(frozen=True)
class LayerZero:
    """Layer 0 of one curve, with the label frequencies."""

    curve: PublishedCurve
    frequencies: tuple[int, ...]

    @property
    def apart(self) -> int:
        """Return the number of examples between the accuracy and the nearest label frequency; 0 if they are equal."""
        return min(abs(self.curve.correct[0] - f) for f in self.frequencies)


def layer_zero(study: Published) -> Iterator[LayerZero]:
    """Yield layer 0 of every curve whose layer 0 is the same vector for all texts: CLS and EOS."""
    known: dict[tuple[int, int], tuple[int, ...]] = {}
    for curve in study.curves:
        if curve.pooling == "mean":
            continue
        key = (curve.n_eval, curve.n_passages)
        known.setdefault(key, label_frequencies(*key))
        yield LayerZero(curve, known[key])
