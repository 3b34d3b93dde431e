"""Steps whose result is known: equal batches accumulated, gradients clipped to nothing, portions that share no group."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from evidense.parts import Representations
from evidense.records import Recipe
from evidense.store import Store
from evidense.training.data.negatives import with_negatives
from evidense.training.data.portions import drawn, held_out
from evidense.training.loop import schedule
from evidense.training.loop.batches import PairOrder
from evidense.training.loop.trainer import Callbacks, run
from training.text_world import InfoNce, job, pairs_of, save_bert, weights_of


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("known-steps") / "bert", dropout=0.0)


def test_a_step_of_several_batches_has_the_mean_of_their_gradients(bert: Path, tmp_path: Path) -> None:
    """Each batch holds all pairs, so that two batches have the gradient of one."""
    norms = []
    for n in (1, 2):
        done = run(job(bert, tmp_path / str(n), pairs_of(8), n_steps=1, accumulate=n), Callbacks())
        norms.append(done.diagnostics[0]["grad_norm"])
    assert norms[1] == pytest.approx(norms[0], rel=1e-3)


def test_gradients_that_are_clipped_to_nothing_move_nothing(bert: Path, tmp_path: Path) -> None:
    def moved(folder: str, **settings: Any) -> float:
        begun = job(bert, tmp_path / folder, n_steps=2, weight_decay=0.0, **settings)
        before = weights_of(begun.encoder)
        after = weights_of(run(begun, Callbacks()).encoder)
        return max(float((after[name] - before[name]).abs().max()) for name in before)

    assert moved("clipped", max_grad_norm=1e-12) < 1e-5
    assert moved("whole", max_grad_norm=0.0) > 1e-3


def test_the_rate_of_each_step_is_the_recipe_s_share(bert: Path, tmp_path: Path) -> None:
    done = run(job(bert, tmp_path, n_steps=5, warmup=0.4, learning_rate=1e-3), Callbacks())
    expected = [0.0005, 0.001, 0.001, 0.001 * 2 / 3, 0.001 / 3]
    assert [step["learning_rate"] for step in done.diagnostics] == pytest.approx(expected)
    cosine = [schedule.share(Recipe(n_steps=4, warmup=0.0, schedule="cosine"), step) for step in range(4)]
    assert cosine == pytest.approx([0.5 + 0.5 * np.cos(np.pi * step / 4) for step in range(4)])


def test_portions_share_no_group_and_hold_every_pair_once() -> None:
    pairs = pairs_of(60)
    pairs = replace(pairs, groups=[str(row // 3) for row in range(60)])
    train, held = held_out(pairs, seed=0)
    assert (len(set(held.groups)), len(held), len(train)) == (2, 6, 54)
    assert not set(train.groups) & set(held.groups)
    assert sorted(item.id for part in (train, held) for item in part.left) == sorted(item.id for item in pairs.left)
    assert set(held_out(pairs, seed=1)[1].groups) != set(held.groups)


def test_a_draw_of_pairs_depends_on_the_seed_and_keeps_their_order() -> None:
    first, again, other = (drawn(pairs_of(60), 20, seed) for seed in (0, 0, 1))
    ids = [int(item.id[1:]) for item in first.left]
    assert len(ids) == 20
    assert ids == sorted(ids) == [int(item.id[1:]) for item in again.left]
    assert ids != [int(item.id[1:]) for item in other.left]


class Noisy(InfoNce):
    """An InfoNCE that notes what torch draws in each step."""

    drawn: ClassVar[list[float]] = []

    def loss(self, seen: Representations, options: Any) -> Any:
        import torch

        self.drawn.append(float(torch.rand(())))
        return super().loss(seen, options)


def noise_of(bert: Path, folder: Path, seed: int) -> list[float]:
    Noisy.drawn.clear()
    run(replace(job(bert, folder, pairs_of(8), n_steps=3, seed=seed), objective=Noisy()), Callbacks())
    return [*Noisy.drawn]


def test_what_torch_draws_differs_from_step_to_step_and_repeats_at_a_seed(bert: Path, tmp_path: Path) -> None:
    first, again = (noise_of(bert, tmp_path / folder, seed=0) for folder in "ab")
    assert len(set(first)) == 3
    assert first == again


def test_what_torch_draws_differs_from_seed_to_seed(bert: Path, tmp_path: Path) -> None:
    assert noise_of(bert, tmp_path / "0", seed=0) != noise_of(bert, tmp_path / "1", seed=1)


def test_the_order_of_pairs_depends_on_the_seed() -> None:
    first, again, other = (PairOrder(40, 8, seed).rows(0).tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_a_positive_of_an_equal_query_is_no_negative_even_from_another_group(tmp_path: Path) -> None:
    """Pairs 0 and 1 ask the same; of their block only the document of pair 2 may stand against them."""
    pairs = pairs_of(3)
    pairs = replace(pairs, left=[pairs.left[0], pairs.left[0], pairs.left[2]], blocks=["one"] * 3)
    for seed in range(8):
        recipe = Recipe(negatives="block", n_negatives=1, seed=seed)
        made = with_negatives(pairs, recipe, NO_ENCODER, Store(tmp_path))
        assert [made.negatives[row][0].id for row in (0, 1)] == ["d2", "d2"]
        assert made.negatives[2][0].id in ("d0", "d1")


NO_ENCODER: Any = None
"""Block negatives ask no encoder."""
