"""Patching: to the bit what a hand-swapped state dict gives; everything swapped is the tuned encoder; originals stay."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.dissection.patching.copies import changed, patched
from evidense.dissection.patching.sites import MODULES, around, halves, layout_of, sites, unlike
from evidense.errors import InvalidInput, UnknownName
from evidense.values import Item
from training import towers
from training.text_world import open_bert, save_bert

TEXTS = [Item(str(i), text) for i, text in enumerate(["w1 w2 w3", "w4", "w5 w6 w7 w8 w9"])]


def vectors(encoder: Any, items: list[Item] = TEXTS, side: str = "query") -> np.ndarray:
    tower = encoder.tower(side)
    return tower.vectors(tower.prepare(items))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Two text encoders of one shape."""
    root = tmp_path_factory.mktemp("two")
    return tuple(open_bert(save_bert(root / str(seed), seed=seed)) for seed in (0, 1))  # type: ignore[return-value]


@pytest.mark.parametrize("module", ["block", "attention", "mlp", "embeddings"])
def test_a_patch_equals_swapping_the_state_dict_by_hand(two: tuple[Any, Any], module: str) -> None:
    base, tuned = two
    site = sites(halves(base)["text"], module)[-1]
    made = patched(base, tuned, "text", site.names)
    by_hand = copy.deepcopy(base)
    prefix = {"block": "encoder.layer.1.", "attention": "encoder.layer.1.attention.", "embeddings": "embeddings."}
    theirs, state = tuned.query.backbone.model.state_dict(), by_hand.query.backbone.model.state_dict()
    chosen = [
        n
        for n in state
        if n.startswith(prefix.get(module, ("encoder.layer.1.output.", "encoder.layer.1.intermediate.")))
    ]
    by_hand.query.backbone.model.load_state_dict({n: theirs[n] if n in chosen else state[n] for n in state})
    assert vectors(made).tobytes() == vectors(by_hand).tobytes()
    assert {n.removeprefix("backbone.") for n in site.names} == set(chosen)
    assert vectors(made).tobytes() != vectors(base).tobytes()


def test_originals_do_not_change_and_every_copy_has_its_own_fingerprint(two: tuple[Any, Any]) -> None:
    base, tuned = two
    before = [vectors(e).tobytes() for e in two] + [e.tower("query").fingerprint for e in two]
    made = [patched(base, tuned, "text", s.names) for m in ("attention", "mlp", "all") for s in sites(halves(base)["text"], m)]  # fmt: skip
    prints = [e.tower("query").fingerprint for e in [*made, base, tuned]]
    assert len(set(prints)) == len(prints)
    assert all(e.tower("query") is e.tower("document") for e in made)
    assert [vectors(e).tobytes() for e in two] + [e.tower("query").fingerprint for e in two] == before


def test_patching_all_sites_gives_the_tuned_encoder(two: tuple[Any, Any]) -> None:
    base, tuned = two
    half = halves(base)["text"]
    before, after = around(half)
    every = before | after | sites(half, "blocks up to")[-1].names
    assert every == sites(half, "all")[0].names == frozenset(half.tensors)
    assert vectors(patched(base, tuned, "text", every)).tobytes() == vectors(tuned).tobytes()
    assert vectors(patched(tuned, base, "text", every)).tobytes() == vectors(base).tobytes()


def test_attention_and_mlp_together_are_the_block(two: tuple[Any, Any]) -> None:
    half = halves(two[0])["text"]
    for block, attention, mlp in zip(*(sites(half, m) for m in ("block", "attention", "mlp")), strict=True):
        assert attention.names | mlp.names == block.names
        assert not attention.names & mlp.names


def test_patching_identical_tensors_returns_the_encoder_itself(two: tuple[Any, Any], tmp_path: Path) -> None:
    twin = open_bert(save_bert(tmp_path / "twin", seed=0))
    assert patched(two[0], twin, "text", sites(halves(twin)["text"], "all")[0].names) is two[0]


def test_a_copy_is_saved_and_opened_with_equal_vectors(two: tuple[Any, Any], tmp_path: Path) -> None:
    made = patched(two[0], two[1], "text", sites(halves(two[0])["text"], "mlp")[0].names)
    made.save(tmp_path / "saved")
    assert vectors(open_encoder(str(tmp_path / "saved"))).tobytes() == vectors(made).tobytes()


@pytest.mark.parametrize("image", [towers.VIT, towers.CONVNET])
def test_both_halves_of_an_image_text_encoder_are_patched(tmp_path: Path, image: dict[str, Any]) -> None:
    base, tuned = (towers.opened(tmp_path / "towers", image) for _ in range(2))
    items = towers.mixed_items()
    towers.trained_a_little(tuned, items)
    changed_text = patched(base, tuned, "text", sites(halves(base)["text"], "block")[0].names)
    is_text = np.array([i.picture is None for i in items])
    is_picture = np.array([i.text is None for i in items])
    seen = vectors(changed_text, items)
    assert (seen[is_picture] == vectors(base, items)[is_picture]).all()
    assert (seen[is_text] != vectors(base, items)[is_text]).any(axis=1).all()
    both = base
    for name in ("text", "image"):
        both = patched(both, tuned, name, sites(halves(base)[name], "all")[0].names)
    assert vectors(both, items).tobytes() == vectors(tuned, items).tobytes()
    if image is towers.CONVNET:
        with pytest.raises(UnknownName, match="layout of a block"):
            sites(halves(base)["image"], "attention")
    else:
        assert len(sites(halves(base)["image"], "mlp")) == 2


def test_blocks_of_every_family_divide_into_attention_and_mlp() -> None:
    import transformers as t

    small = {
        "vocab_size": 64,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }
    some = {**small, "num_key_value_heads": 2, "head_dim": 8}
    sight = {k: v for k, v in small.items() if k != "vocab_size"} | {"image_size": 32, "patch_size": 8}
    made = {
        "BERT, RoBERTa, MPNet": [t.BertModel(t.BertConfig(**small)).encoder.layer, t.MPNetModel(t.MPNetConfig(**small)).encoder.layer],
        "DistilBERT": [t.DistilBertModel(t.DistilBertConfig(vocab_size=64, dim=32, hidden_dim=48, n_layers=2, n_heads=4)).transformer.layer],
        "Llama, Mistral, Qwen, Gemma": [t.LlamaModel(t.LlamaConfig(**some)).layers, t.Qwen3Model(t.Qwen3Config(**some)).layers,
                                        t.GemmaModel(t.GemmaConfig(**some)).layers],
        "Gemma 2 and 3": [t.Gemma3TextModel(t.Gemma3TextConfig(**some)).layers],
        "ViT, DeiT": [t.ViTModel(t.ViTConfig(**sight)).layers],
        "CLIP, SigLIP": [t.CLIPVisionModel(t.CLIPVisionConfig(**sight)).encoder.layers,
                         t.SiglipVisionModel(t.SiglipVisionConfig(**sight)).encoder.layers],
    }  # fmt: skip
    for name, lists in made.items():
        for blocks in lists:
            family = layout_of(blocks[0])
            assert family.name == name
            assert blocks[0].get_submodule(family.values).weight.shape[0] == 32


def test_a_block_of_unknown_layout_is_refused() -> None:
    from torch import nn

    with pytest.raises(UnknownName, match="attention"):
        layout_of(nn.ModuleDict({"attention": nn.Linear(2, 2), "output": nn.Linear(2, 2)}))


def test_patches_that_do_not_fit_are_refused(two: tuple[Any, Any], tmp_path: Path) -> None:
    import torch

    with pytest.raises(UnknownName, match="module to patch"):
        sites(halves(two[0])["text"], "heads")
    with pytest.raises(InvalidInput, match="no such tensor"):
        changed(two[0], "text", {"backbone.nothing": torch.zeros(2)})
    other = towers.opened(tmp_path / "towers")
    assert "architectures" in unlike(halves(two[0])["text"], halves(other)["text"]) or "shape" in unlike(
        halves(two[0])["text"], halves(other)["text"]
    )
    assert set(MODULES) >= {"block", "attention", "mlp"}
