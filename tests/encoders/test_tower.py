"""What later work leans on: states, masks, pooling, gradients and modules of a text tower."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.opening import cosines, open_encoder, vectors
from encoders.text_models import TEXTS, save, save_sentence_transformer
from evidense.compute import pooling
from evidense.errors import UnknownName
from evidense.parts import LayeredTower
from evidense.values import Item

ITEMS = [Item(str(n), text) for n, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from sentence_transformers.base.modules import Dense, Normalize

    folder = tmp_path_factory.mktemp("tower")
    save_sentence_transformer(folder, "bert", "mean", more=(Dense(32, 8), Normalize()))
    return open_encoder(str(folder / "st")).tower("query")


def test_forward_pool_and_project_equal_vectors(tower: Any) -> None:
    assert isinstance(tower, LayeredTower)
    prepared = tower.prepare(ITEMS)
    states, mask = tower.forward(prepared)
    assert states.shape == (4, len(ITEMS), int(prepared.sizes.max()), 32)
    assert mask.sum(1).tolist() == prepared.sizes.tolist()
    np.testing.assert_allclose(
        tower.project(tower.pool(states[-1], mask)).detach().numpy(), tower.vectors(prepared), atol=1e-6
    )
    for layer, pooled in zip(states, tower.layers(prepared), strict=True):
        np.testing.assert_allclose(tower.pool(layer, mask).detach().numpy(), pooled, atol=2e-6)


def test_gradients_reach_a_named_module(tower: Any) -> None:
    (module,) = tower.modules(r"encoder\.layer\.1\.intermediate\.dense").values()
    module.requires_grad_(True)
    try:
        states, mask = tower.forward(tower.prepare(ITEMS))
        tower.project(tower.pool(states[-1], mask)).sum().backward()
        assert module.weight.grad.abs().sum() > 0
    finally:
        module.requires_grad_(False)
        module.weight.grad = module.bias.grad = None


def test_a_pattern_without_matching_module_is_refused(tower: Any) -> None:
    with pytest.raises(UnknownName, match="whole name"):
        tower.modules(r"layer\.1")


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(pooling._MODES)),
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.booleans(),
    st.integers(0, 2),
)
def test_pooling_equals_sentence_transformers_under_left_and_right_masks(
    mode: str, lengths: list[int], left: bool, skip: int
) -> None:
    from sentence_transformers.sentence_transformer.modules import Pooling

    lengths = [length + skip for length in lengths]  # something is left to pool
    mask = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    for row, length in zip(mask, lengths, strict=True):
        row[(slice(-length, None) if left else slice(length))] = 1
    states = torch.randn(*mask.shape, 5, generator=torch.Generator().manual_seed(sum(lengths)))
    oracle = Pooling(5, {"mean_sqrt_len": "mean_sqrt_len_tokens"}.get(mode, mode), include_prompt=not skip)
    features = {"token_embeddings": states, "attention_mask": mask, "prompt_length": skip}
    torch.testing.assert_close(pooling.pool(states, mask, (mode,), skip), oracle(features)["sentence_embedding"])
    if len(set(lengths)) == 1:
        torch.testing.assert_close(pooling.pool(states, None, (mode,), skip), pooling.pool(states, mask, (mode,), skip))


def test_bf16_vectors_are_close_and_emulation_gives_a_warning(tmp_path: Path) -> None:
    from evidense.compute.models.precision import has_bf16

    save(tmp_path, "BertModel", "bert")
    full, half = open_encoder(f"{tmp_path}@pooling=mean"), open_encoder(f"{tmp_path}@pooling=mean@bf16")
    assert cosines(vectors(full, TEXTS), vectors(half, TEXTS)).min() > 0.999
    assert (full.setup.dtype, half.setup.dtype) == ("float32", "bfloat16")
    assert full.tower("query").fingerprint != half.tower("query").fingerprint
    assert any("emulated" in sentence for sentence in half.setup.warnings) is not has_bf16()


def test_sides_share_one_tower_only_if_their_prompts_are_equal(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    shared, apart = open_encoder(f"{tmp_path}@prompt=w1 "), open_encoder(f"{tmp_path}@query_prompt=w1 ")
    assert shared.tower("query") is shared.tower("document")
    assert apart.tower("query").fingerprint != apart.tower("document").fingerprint
    assert apart.tower("query").fingerprint == shared.tower("query").fingerprint
    assert apart.tower("query").backbone is apart.tower("document").backbone


def test_a_prompt_stands_before_each_text_of_its_side(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    plain, prompted = open_encoder(str(tmp_path)), open_encoder(f"{tmp_path}@query_prompt=w1 ")
    typed = vectors(plain, ["w1 w2 w3"])
    np.testing.assert_array_equal(vectors(prompted, ["w2 w3"]), typed)
    np.testing.assert_array_equal(vectors(prompted, ["w2 w3"], "document"), vectors(plain, ["w2 w3"], "document"))
    assert not np.allclose(vectors(plain, ["w2 w3"]), typed)
