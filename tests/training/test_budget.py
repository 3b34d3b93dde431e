"""Budgets: whatever they are given in, they fix a number of steps before training."""

import pytest

from evidense.errors import InvalidInput
from evidense.records import Recipe
from evidense.training.loop.budget import Speed, fixed, needs_measuring, peak_flops_per_second


def never() -> Speed:
    raise AssertionError("nothing is to be measured")


@pytest.mark.parametrize(
    ("budget", "more", "n_steps"),
    [
        ({"steps": 7}, {}, 7),
        ({"pairs": 640}, {"batch_size": 64}, 10),
        ({"pairs": 641}, {"batch_size": 64}, 11),
        ({"pairs": 640}, {"batch_size": 32, "accumulate": 4}, 5),
    ],
)
def test_pairs_and_steps_need_no_measurement(budget: dict, more: dict, n_steps: int) -> None:
    recipe = Recipe(budget=budget, **more)
    assert not needs_measuring(recipe)
    done = fixed(recipe, never)
    assert done.n_steps == n_steps
    assert done.budget == budget


@pytest.mark.parametrize(("kind", "amount", "n_steps"), [("seconds", 60, 240), ("flops", 1e12, 1000)])
def test_seconds_and_flops_become_steps_and_the_measurement_is_recorded(kind: str, amount: float, n_steps: int) -> None:
    recipe = Recipe(budget={kind: amount})
    assert needs_measuring(recipe)
    done = fixed(recipe, lambda: Speed(s_per_step=0.25, flops_per_step=1e9))
    assert done.n_steps == n_steps
    assert done.budget[f"{kind}_per_step"] == {"seconds": 0.25, "flops": 1e9}[kind]
    assert not needs_measuring(done)
    assert fixed(done, never) == done


@pytest.mark.parametrize(
    "budget",
    [
        {"hours": 3},
        {"steps": 3, "pairs": 5},
        {"steps": 0},
        {"steps": -2},
        {"steps": True},
        {"seconds": float("inf")},
        {"pairs": "many"},
    ],
)
def test_invalid_budget_is_refused(budget: dict) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        fixed(Recipe(budget=budget), lambda: Speed(1, 1))


def test_budget_smaller_than_a_step_is_refused() -> None:
    with pytest.raises(InvalidInput, match="enough for one step"):
        fixed(Recipe(budget={"seconds": 1}), lambda: Speed(s_per_step=2.0, flops_per_step=1))


def test_given_number_of_steps_is_kept() -> None:
    assert fixed(Recipe(n_steps=5), never).n_steps == 5


def test_peak_flops_are_plausible() -> None:
    pytest.importorskip("torch")
    assert 1e8 < peak_flops_per_second("float32") < 1e16


def test_a_matrix_product_reaches_nearly_the_peak() -> None:
    import time

    import torch

    a = torch.ones(768, 768)
    with torch.inference_mode():
        a @ a
        began = time.perf_counter()
        for _ in range(10):
            a @ a
        spent = time.perf_counter() - began
    assert 0.1 < 10 * 2 * 768**3 / spent / peak_flops_per_second("float32") < 10
