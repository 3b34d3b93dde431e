"""Built-in collections and their pairs, opened once in a process: drawing and reading them takes seconds."""

import time
from functools import cache

from evidense import registry
from evidense.values import Collection, Pairs


@cache
def timed(spelling: str) -> tuple[tuple[Collection, ...], float]:
    """Return the collections that a spelling means, and the processor's seconds that opening them took."""
    began = time.process_time()
    part, rest = registry.dataset(spelling)
    return part.open(rest), time.process_time() - began


def every(spelling: str) -> tuple[Collection, ...]:
    """Return the collections that a spelling means."""
    return timed(spelling)[0]


def opened(spelling: str) -> Collection:
    """Return the one collection that a spelling means."""
    (collection,) = every(spelling)
    return collection


def opened_anew(spelling: str) -> Collection:
    """Return it, opened once more."""
    ((collection,), _) = timed.__wrapped__(spelling)
    return collection


@cache
def pairs(spelling: str) -> Pairs:
    """Return training pairs."""
    return registry.pairs(spelling)
