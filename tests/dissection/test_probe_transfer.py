"""A probe that is read on another encoder: a dimension that hardly varies in one must not decide in the other."""

import numpy as np
import pytest

from dissection.probe_worlds import interaction
from evidense.dissection.probes.cross_fit import CrossFitTask
from evidense.dissection.probes.features import PairStates
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.transfer import _sides, transferred


@pytest.mark.parametrize("one_map", [True, False])
@pytest.mark.parametrize("direction", ["dead in the trained", "dead in the read"])
def test_nearly_constant_dimensions_do_not_break_transfer(one_map, direction):
    """MiniLM's last layer has such dimensions, and a tuning wakes them: its code is still the same."""
    pairs, rng = interaction(300, 0.8), np.random.default_rng(0)
    turn = np.linalg.qr(rng.standard_normal((64, 64)))[0].astype(np.float32)
    dead, awake = (_with_two(pairs, spread, rng) for spread in (1e-7, 0.02))
    sides = (x @ _padded(turn) + 0.2 * rng.standard_normal(x.shape) for x in (awake.queries, awake.documents))
    awake = PairStates(*(x.astype(np.float32) for x in sides), pairs.places)
    trained, read = (dead, awake) if direction == "dead in the trained" else (awake, dead)
    task = CrossFitTask(np.arange(300) % 5, np.arange(300))
    own = credit(transferred(read, read, task, one_map)).mean()
    got = credit(transferred(trained, read, task, one_map)).mean()
    assert own > 0.9
    assert got > own - 0.05


def _with_two(pairs: PairStates, spread: float, rng: np.random.Generator) -> PairStates:
    sides = (pairs.queries, pairs.documents)
    return PairStates(
        *(np.hstack([x, 0.3 + spread * rng.standard_normal((len(x), 2))]).astype(np.float32) for x in sides),
        pairs.places,
    )


def _padded(turn: np.ndarray) -> np.ndarray:
    whole = np.eye(66, dtype=np.float32)
    whole[:64, :64] = turn
    return whole


@pytest.mark.parametrize("one_map", [True, False])
def test_the_map_is_fitted_without_the_documents_of_the_fold_that_is_tested(one_map):
    """Whatever the held-out documents become, nothing that is trained on moves."""
    trained, read = interaction(60, 0.8, width=6), interaction(60, 0.8, seed=1, width=6)
    train = np.arange(60) % 5 != 0
    before = _sides(trained, read, train, one_map)
    for pairs in (trained, read):
        pairs.documents[pairs.places[~train]] *= -7
        pairs.queries[~train] += 3
    after = _sides(trained, read, train, one_map)
    kept = np.unique(trained.places[train])
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one.documents[kept], other.documents[kept])
        assert np.array_equal(one.queries[train], other.queries[train])
