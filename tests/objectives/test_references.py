"""Every objective equals its plain loops, in value and gradient; and what does not matter to it changes nothing."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.parts import Representations
from objectives import plain
from objectives.made import EXACT, FORMS, Form, permuted, representations, value_and_gradients
from objectives.plain import LOSSES

NAMES = list(registry.summaries("objectives"))
OTHER_OPTIONS = {
    "margin": {"margin": 0.5, "in_batch": True},
    "cosine": {"negatives": 3},
    "distill": {"kind": "kl", "teacher_temperature": 0.5},
    "align_uniform": {"alignment": 0.7, "uniformity": 0.4, "alpha": 1.0, "t": 3.0},
}
IN_BATCH = ["infonce", "crop", "ict", "simcse", "clip"]
CASES = [(name, {}) for name in NAMES] + list(OTHER_OPTIONS.items())


def test_every_objective_has_a_reference() -> None:
    assert set(NAMES) == set(LOSSES)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("form", FORMS, ids=lambda f: f"b{f.b}k{f.k}n{f.n}m{f.m}{'x' * f.repeats}")
@pytest.mark.parametrize(("name", "changed"), CASES, ids=lambda c: c if isinstance(c, str) else "/".join(map(str, c)))
def test_value_and_gradient_equal_plain_loops(name: str, changed: dict, form: Form, seed: int) -> None:
    part = registry.part("objectives", name)
    options = {**part.options, **changed}
    batch = representations(part, form, seed)
    ours = value_and_gradients(part.loss(batch, options), batch)
    theirs = value_and_gradients(LOSSES[name](batch, options), batch)
    assert ours["loss"].dtype == EXACT
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, rtol=1e-10, atol=1e-10, msg=lambda said, key=key: f"{key}: {said}")


BY_DEFINITION = {"cosine", "align_uniform", "mlm"}
"""Their similarity is part of what they are, or they have none."""


@pytest.mark.parametrize("similarity", ["euclidean", "manhattan"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in BY_DEFINITION])
def test_losses_use_the_encoder_s_similarity(name: str, similarity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    part = registry.part("objectives", name)
    batch = replace(representations(part, Form(4, n=2, m=3), 1), similarity=similarity)
    ours = value_and_gradients(part.loss(batch, part.options), batch)
    p = 2 if similarity == "euclidean" else 1
    monkeypatch.setattr(plain, "dot", lambda a, b: -(a - b).norm(p=p))
    theirs = value_and_gradients(LOSSES[name](batch, part.options), batch)
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, rtol=1e-8, atol=1e-9)
    other = value_and_gradients(part.loss(replace(batch, similarity="dot"), part.options), batch)
    assert abs(float(other["loss"]) - float(ours["loss"])) > 1e-4


def test_some_test_batches_have_excluded_candidates() -> None:
    part = registry.part("objectives", "infonce")
    batch = [representations(part, form, seed) for form in FORMS for seed in (0, 1) if form.repeats]
    assert all(one.excluded.any() and not one.excluded.all() for one in batch)
    assert any(one.excluded[:, : len(one.documents)].any() for one in batch)


@pytest.mark.parametrize("name", IN_BATCH)
@pytest.mark.parametrize(("b", "n"), [(2, 0), (64, 0), (8, 3)])
def test_equal_rows_give_chance_level_loss(name: str, b: int, n: int) -> None:
    rows = torch.ones(b, 4, dtype=EXACT) / 2
    batch = Representations(rows, rows, rows[:, None].expand(b, n, 4) if n else None, scale=torch.tensor(20.0))
    chance = math.log(b * (1 + n))
    theirs = (chance + math.log(b)) / 2 if name == "clip" else chance  # clip's way back sees no hard negatives
    assert float(registry.part("objectives", name).loss(batch, {})) == pytest.approx(theirs, abs=1e-12)


def test_chance_level_loss_of_the_other_objectives() -> None:
    b, rows = 8, torch.ones(8, 4, dtype=EXACT) / 2
    batch = Representations(rows, rows, scale=torch.tensor(20.0), bias=torch.tensor(-20.0))
    loss = {name: float(registry.part("objectives", name).loss(batch, {})) for name in ("views", "span", "siglip")}
    assert loss["views"] == pytest.approx(math.log(2 * b - 1))  # all other views: 2b − 2 negatives and one positive
    assert loss["span"] == pytest.approx(math.log(2 * b - 1))
    assert loss["siglip"] == pytest.approx(b * math.log(2))  # every logit is 0


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_loss_does_not_depend_on_the_order_of_the_batch(name: str, data: st.DataObject) -> None:
    part = registry.part("objectives", name)
    form = Form(*(data.draw(st.integers(low, high)) for low, high in ((1, 6), (1, 3), (0, 2), (0, 4))), data.draw(st.booleans()))  # fmt: skip
    batch = representations(part, form, data.draw(st.integers(0, 99)))
    order = np.array(data.draw(st.permutations(range(form.b))))
    torch.testing.assert_close(
        part.loss(permuted(batch, order), part.options), part.loss(batch, part.options), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("name", ["infonce", "margin", "distill"])
@settings(max_examples=15, deadline=None)
@given(shift=st.floats(-50, 50), seed=st.integers(0, 99))
def test_loss_does_not_change_when_all_scores_of_a_query_shift(name: str, shift: float, seed: int) -> None:
    part = registry.part("objectives", name)
    batch = representations(part, Form(4, n=2, m=3), seed)

    def longer(vectors: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
        return torch.cat([vectors, by.expand(*vectors.shape[:-1], 1)], -1)

    one, each = torch.ones(1, dtype=EXACT), torch.linspace(-1, 1, 4, dtype=EXACT)[:, None] * shift
    moved = replace(
        batch,
        queries=torch.cat([batch.queries, each], 1),
        documents=longer(batch.documents, one),
        negatives=longer(batch.negatives, one),
        queue=longer(batch.queue, one),
    )
    torch.testing.assert_close(part.loss(moved, part.options), part.loss(batch, part.options), rtol=1e-9, atol=1e-9)


def test_excluded_candidates_do_not_change_the_loss() -> None:
    part = registry.part("objectives", "infonce")
    batch = representations(part, Form(4, m=3))
    out = torch.zeros(4, 7, dtype=torch.bool)
    out[:, 4:] = True
    torch.testing.assert_close(part.loss(replace(batch, excluded=out), {}), part.loss(replace(batch, queue=None), {}))


def test_shared_positive_is_no_negative_from_documents_to_queries() -> None:
    part = registry.part("objectives", "clip")
    batch = representations(part, Form(2))
    both = torch.tensor([[False, True], [True, False]])
    assert part.loss(replace(batch, excluded=both), {}).item() == 0.0


def test_unknown_kind_of_distillation_is_refused() -> None:
    part = registry.part("objectives", "distill")
    with pytest.raises(ValueError, match="expected margin_mse or kl"):
        part.loss(representations(part, Form(2)), {**part.options, "kind": "mse"})
