"""Orders in which neurons are silenced: by attribution, at random, and at random among neurons of similar magnitude."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float64, Int64

from evidense.dissection.attribution.attribute import Attribution
from evidense.dissection.neurons.ablation import Silenced
from evidense.dissection.neurons.concentration import shares

NeuronOrder = Int64[np.ndarray, " n"]
"""Neuron numbers, counted through all modules; the neuron that is silenced first comes first."""


def by_attribution(modules: Sequence[Attribution]) -> NeuronOrder:
    """Return the neurons by their mean share of |activation path| over examples, strongest first."""
    strengths = np.abs(np.concatenate([module.activation_path for module in modules], axis=1))
    return np.argsort(-shares(strengths).mean(axis=0), kind="stable")


def at_random(n: int, rng: np.random.Generator) -> NeuronOrder:
    """Return all neurons in random order."""
    return rng.permutation(n)


def by_magnitude(
    order: NeuronOrder, magnitude: Float[np.ndarray, " n"], n_matched: int, rng: np.random.Generator
) -> NeuronOrder:
    """Return an order whose k-th neuron has a mean |output| similar to that of the k-th in `order`, for the first `n_matched`.

    Neurons among the first `n_matched` of `order` are not used (unless they are more than half); ties are broken at random.
    """
    n = len(order)
    free = np.ones(n, bool)
    free[order[: min(n_matched, n // 2)]] = False
    sorted_by = np.lexsort((rng.random(n), magnitude))
    place_of = np.empty(n, np.int64)
    place_of[sorted_by] = np.arange(n)
    is_open = free[sorted_by]
    taken: list[int] = []
    for neuron in order[:n_matched]:
        place = _nearest(is_open, int(place_of[neuron]))
        if place < 0:
            break
        is_open[place] = False
        taken.append(int(sorted_by[place]))
    left = np.setdiff1d(order, np.array(taken, np.int64), assume_unique=True)
    return np.concatenate([np.array(taken, np.int64), rng.permutation(left)])


def _nearest(is_open: np.ndarray, start: int) -> int:
    """Return the open place nearest to `start`; −1 if no place is open."""
    for distance in range(len(is_open)):
        for place in (start - distance, start + distance):
            if 0 <= place < len(is_open) and is_open[place]:
                return place
    return -1


def plan(modules: Sequence[Attribution], silenced: NeuronOrder) -> tuple[Silenced, ...]:
    """Return these neurons by module; modules without silenced neurons are left out."""
    sizes = [module.activation_path.shape[1] for module in modules]
    mask = np.zeros(sum(sizes), bool)
    mask[silenced] = True
    parts = np.split(mask, np.cumsum(sizes)[:-1])
    return tuple(Silenced(module.name, part) for module, part in zip(modules, parts, strict=True) if part.any())


def magnitudes(
    modules: Sequence[Attribution], outputs: Mapping[str, tuple[Float64[np.ndarray, " f"], Float64[np.ndarray, " f"]]]
) -> Float64[np.ndarray, " n"]:
    """Return every neuron's mean |output|, numbered as in an order."""
    return np.concatenate([outputs[module.name][1] for module in modules])
