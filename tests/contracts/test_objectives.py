"""The promises of every objective on the shelf: what it says of itself, batches that fit, and a loss that stays a number."""

from typing import get_args

import numpy as np
import pytest
import torch

from evidense import registry
from evidense.parts import Need, Objective, Representations, Stage
from evidense.values import Item, Kind, Pairs
from objectives.made import Form, leaves, permuted, representations, value_and_gradients

NAMES = list(registry.summaries("objectives"))
FORMS = [Form(1), Form(1, n=2, m=2), Form(4), Form(4, n=2, m=3, repeats=True), Form(3, k=2, n=1)]
SCALES = (1e-3, 1.0, 100.0)
"""The temperature from very warm to the bound of a learned one."""
TEXTS = ["", "one", "two words", "A sentence. Another, longer one! And a third", "w " * 400]


@pytest.fixture(params=NAMES)
def objective(request: pytest.FixtureRequest) -> Objective:
    part: Objective = registry.part("objectives", request.param)
    return part


def pairs(kind: Kind) -> Pairs:
    """Return pairs with everything that data can name; hard negatives differ in number."""
    left = [Item(f"q{i}", text) for i, text in enumerate(TEXTS)]
    right = left if kind == "items" else [Item(f"d{i}", text + " too") for i, text in enumerate(TEXTS)]
    negatives = [[Item(f"n{i}-{m}", f"other {i} {m}") for m in range(2 + i % 2)] for i in range(len(TEXTS))]
    targets = [[1.0, *(0.1 * m for m in range(len(given)))] for given in negatives]
    return Pairs("made", kind, left, right, [str(i) for i in range(len(TEXTS))], negatives=negatives, targets=targets)


def test_the_shelf_is_not_empty() -> None:
    assert {"infonce", "clip", "crop", "cosine", "mlm"} <= set(NAMES)


def test_it_keeps_the_contract(objective: Objective) -> None:
    assert isinstance(objective, Objective)
    assert objective.source
    assert objective.stage in get_args(Stage)
    assert objective.feeds_on
    assert objective.feeds_on <= set(get_args(Kind))
    assert objective.needs <= set(get_args(Need))
    assert objective.temperature is None or objective.temperature > 0
    assert not objective.learns_temperature or objective.temperature is not None
    assert all(isinstance(name, str) for name in objective.options)


def test_its_batches_have_the_form_that_the_trainer_reads(objective: Objective) -> None:
    rows = np.array([4, 0, 2, 1, 3])
    for kind in objective.feeds_on:
        batch = objective.batch(pairs(kind), rows, np.random.default_rng(0), objective.options)
        b = len(batch.queries)
        assert b == len(rows)
        assert len(batch.documents) == b * batch.n_positives
        assert len(batch.negatives) == b * batch.n_negatives
        assert batch.documents or "tokens" in objective.needs
        assert batch.targets is None or batch.targets.shape == (b, 1 + batch.n_negatives)
        assert batch.targets is not None or "targets" not in objective.needs
        assert all(item.modality == "text" for item in (*batch.queries, *batch.documents, *batch.negatives))


def test_equal_random_numbers_make_equal_batches(objective: Objective) -> None:
    kind = min(objective.feeds_on)
    made = [objective.batch(pairs(kind), np.arange(5), np.random.default_rng(3), objective.options) for _ in range(2)]
    assert repr(made[0]) == repr(made[1])


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f"b{f.b}k{f.k}n{f.n}m{f.m}")
@pytest.mark.parametrize("scale", SCALES)
def test_loss_and_gradients_are_numbers_at_the_bounds_of_the_temperature(
    objective: Objective, form: Form, scale: float
) -> None:
    seen = with_scale(representations(objective, form, dtype=torch.float32), scale)
    found = value_and_gradients(objective.loss(seen, objective.options), seen)
    assert found["loss"].shape == ()
    assert all(value.isfinite().all() for value in found.values()), {k: v for k, v in found.items() if not v.isfinite().all()}  # fmt: skip


def test_rows_that_collapsed_still_give_a_finite_gradient(objective: Objective) -> None:
    seen = representations(objective, Form(4, n=2), dtype=torch.float32)
    with torch.no_grad():
        for vectors in (seen.queries, seen.documents, seen.negatives):
            vectors.copy_(torch.tensor([1.0, 0, 0, 0, 0, 0]))
    found = value_and_gradients(objective.loss(seen, objective.options), seen)
    assert all(value.isfinite().all() for value in found.values())


def test_precision_is_at_least_float32(objective: Objective) -> None:
    exact = representations(objective, Form(5, n=2, m=3), seed=1)
    wanted = float(objective.loss(exact, objective.options).detach())
    for dtype, tolerance in ((torch.float64, 0.0), (torch.float32, 1e-5)):
        seen = representations(objective, Form(5, n=2, m=3), seed=1, dtype=dtype)
        plain = objective.loss(seen, objective.options)
        with torch.autocast("cpu", torch.bfloat16):
            under = objective.loss(seen, objective.options)
        assert plain.dtype == under.dtype == dtype
        assert float(under.detach()) == float(plain.detach()), "autocast changes the loss"
        assert float(plain.detach()) == pytest.approx(wanted, rel=tolerance, abs=tolerance)
    half = representations(objective, Form(5, n=2, m=3), seed=1, dtype=torch.bfloat16)
    assert objective.loss(half, objective.options).dtype == torch.float32


def test_the_order_of_a_batch_changes_nothing(objective: Objective) -> None:
    seen = representations(objective, Form(5, n=2, m=3, repeats=True))
    other = objective.loss(permuted(seen, np.array([3, 0, 4, 1, 2])), objective.options)
    torch.testing.assert_close(other, objective.loss(seen, objective.options), rtol=1e-12, atol=1e-12)


def test_a_step_along_the_gradient_lowers_the_loss(objective: Objective) -> None:
    seen = representations(objective, Form(6, n=2))
    before = value_and_gradients(objective.loss(seen, objective.options), seen)
    with torch.no_grad():
        for name, leaf in leaves(seen).items():
            leaf -= 1e-3 * before[name]
    assert objective.loss(seen, objective.options).item() < float(before["loss"])


def with_scale(seen: Representations, scale: float) -> Representations:
    if seen.scale is not None:
        with torch.no_grad():
            seen.scale.fill_(scale)
    return seen
