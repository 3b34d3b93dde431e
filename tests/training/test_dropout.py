"""Keyed dropout: right rates, independent rows, the same values under any padding, chunk and order."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.training.loop.dropout import has_dropout, keep, keyed, rate

ROWS = np.arange(64, dtype=np.uint64)


@pytest.mark.parametrize("p", [0.05, 0.1, 0.5, 0.9])
def test_dropped_share_equals_the_rate(p: float) -> None:
    n = 64 * 50 * 40
    dropped = 1 - keep(3, ROWS, (64, 50, 40), p).mean()
    assert abs(dropped - p) < 4 * np.sqrt(p * (1 - p) / n)


def test_masks_of_rows_calls_and_columns_are_independent() -> None:
    kept = keep(3, ROWS, (64, 40, 40), 0.5)[:16].reshape(16, -1).astype(float) * 2 - 1
    other = keep(4, ROWS, (64, 40, 40), 0.5)[:16].reshape(16, -1).astype(float) * 2 - 1
    every = np.concatenate([kept, other])
    correlations = every @ every.T / every.shape[1] - np.eye(32)
    assert np.abs(correlations).max() < 5 / np.sqrt(every.shape[1])  # 496 pairs: 5 standard errors
    for lag in (1, 2, 3, 4, 40, 41, 160):
        assert abs((kept[:, lag:] * kept[:, :-lag]).mean()) < 5 / np.sqrt(kept[:, lag:].size)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_padding_does_not_change_a_mask(t: int, more: int, heads: int) -> None:
    rows = ROWS[:3]
    long, short = (keep(1, rows, (3, heads, n, n), 0.5) for n in (t + more, t))
    assert (long[:, :, :t, :t] == short).all()
    long, short = (keep(1, rows, (3, n, 10), 0.5) for n in (t + more, t))
    assert (long[:, :t] == short).all()


def test_order_and_other_rows_do_not_change_a_mask() -> None:
    whole = keep(1, ROWS, (64, 7, 12), 0.5)
    some = np.array([40, 3, 5])
    assert (keep(1, ROWS[some], (3, 7, 12), 0.5) == whole[some]).all()
    assert len({whole[row].tobytes() for row in range(64)}) == 64


def test_dropout_of_modules_and_attention_is_keyed() -> None:
    import torch
    from torch.nn import functional

    layer, values = torch.nn.Dropout(0.5).train(), torch.ones(4, 6, 8)
    q, k, v = torch.randn(3, 4, 2, 6, 8).unbind(0)
    with keyed((1, 2), ROWS[:4]):
        first, attended = layer(values), functional.scaled_dot_product_attention(q, k, v, dropout_p=0.5)
    with keyed((1, 2), ROWS[:4]):
        assert torch.equal(layer(values), first)
        assert torch.equal(functional.scaled_dot_product_attention(q, k, v, dropout_p=0.5), attended)
        assert not torch.equal(layer(values), first)  # the third call of this pass
    assert set(first.unique().tolist()) == {0.0, 2.0}
    with keyed((1, 3), ROWS[:4]):
        assert not torch.equal(layer(values), first)


@pytest.mark.parametrize(("masked", "causal"), [(False, False), (True, False), (False, True)])
def test_unfused_attention_equals_torch(masked: bool, causal: bool) -> None:
    """At a rate that drops next to nothing, ours is theirs but for the values that were dropped: none here."""
    import torch
    from torch.nn import functional

    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 5, 8).unbind(0)
    mask = (torch.arange(5) < torch.tensor([[3], [5]]))[:, None, None].expand(2, 1, 5, 5) if masked else None
    theirs = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
    with keyed((1,), ROWS[:2]):
        ours = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, dropout_p=1e-9)
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_gradients_are_masked_like_values() -> None:
    import torch

    values = torch.ones(4, 6, requires_grad=True)
    with keyed((1,), ROWS[:4]):
        dropped = torch.nn.functional.dropout(values, 0.5, True)
    dropped.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, dropped.detach())


def test_values_without_a_row_share_one_mask() -> None:
    import torch

    seen = []
    for rows in (ROWS[:4], ROWS[4:10]):
        with keyed((1,), rows):
            seen.append(torch.nn.functional.dropout(torch.ones(7, 9), 0.5, True))
    assert torch.equal(*seen)


def test_dropout_rate_is_set_and_restored() -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.3))
    for wanted, expected in itertools.product([0.0, 0.7], [0.3]):
        with rate([model], wanted):
            assert model[1].p == wanted
            assert has_dropout([model]) == bool(wanted)
        assert model[1].p == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_masking_by_numpy_equals_torch_bit_for_bit(dtype: str) -> None:
    import torch

    from evidense.training.loop.dropout import _thinned

    rng = torch.Generator().manual_seed(0)
    values = torch.randn(8, 5, 7, generator=rng, dtype=getattr(torch, dtype))
    mask = torch.rand(8, 5, 7, generator=rng) > 0.1
    for v, m in ((values, mask), (values.transpose(0, 2), mask.transpose(0, 2))):
        assert torch.equal(_thinned(v, m, 1 / 0.9), torch.ops.aten.native_dropout_backward(v, m, 1 / 0.9))
