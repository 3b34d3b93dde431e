"""The counter of FLOPs against torch's own, and what training adds to a forward pass."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.text_models import TEXTS, save
from evidense.compute.texts.open_text import open_text_encoder
from evidense.records import Recipe
from evidense.training.loop.flops import forward_flops, passes, training_flops
from evidense.training.loop.tuned import tuned
from evidense.values import Item, Spelling
from training.towers import BERT, CONVNET, STATIC, VIT, grey, opened


def torch_counts(tower: Any, prepared: Any) -> float:
    """Count by torch, whose counter sees attention on a CPU only where it is carried out in the open."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        tower.project(tower.pooled(prepared)) if hasattr(tower, "pooled") else tower.represent(prepared)
    return float(counter.get_total_flops())


def text_tower(folder: Path, class_name: str, kind: str) -> Any:
    save(folder, class_name, kind)
    return open_text_encoder(Spelling(str(folder), {"pooling": "mean"})).tower("query")


@pytest.mark.parametrize(
    ("class_name", "kind"), [("BertModel", "bert"), ("LlamaModel", "llama"), ("T5EncoderModel", "t5")]
)
def test_flops_of_texts_equal_torch_counts(tmp_path: Path, class_name: str, kind: str) -> None:
    tower = text_tower(tmp_path, class_name, kind)
    for n_words in (1, 7, 40):
        prepared = tower.prepare([Item(f"{i}", " ".join(["w1"] * n_words)) for i in range(3)])
        assert forward_flops(tower, prepared) == pytest.approx(torch_counts(tower, prepared), rel=0.01)


@pytest.mark.parametrize("image", [VIT, CONVNET], ids=["vit", "convnext"])
def test_flops_of_pictures_equal_torch_counts(tmp_path: Path, image: dict[str, Any]) -> None:
    tower = opened(tmp_path, image, BERT).image
    prepared = tower.prepare([Item(f"p{i}", picture=grey(i)) for i in range(4)])
    assert forward_flops(tower, prepared) == pytest.approx(torch_counts(tower, prepared), rel=0.01)


def test_flops_of_a_batch_equal_the_sum_of_its_items_without_padding(tmp_path: Path) -> None:
    tower = text_tower(tmp_path, "BertModel", "bert")
    prepared = tower.prepare([Item(str(i), text) for i, text in enumerate(TEXTS)])
    alone = sum(torch_counts(tower, prepared.take(np.array([row]))) for row in range(len(TEXTS)))
    assert forward_flops(tower, prepared) == pytest.approx(alone, rel=0.01)
    assert forward_flops(tower, prepared) < 0.7 * torch_counts(tower, prepared)


def test_counting_flops_draws_no_random_number_and_is_cached(tmp_path: Path) -> None:
    import torch

    tower = text_tower(tmp_path, "BertModel", "bert")
    tower.weights["backbone"].train()
    prepared, state = tower.prepare([Item("0", "w1 w2")]), torch.get_rng_state()
    first = forward_flops(tower, prepared)
    assert torch.equal(torch.get_rng_state(), state)
    assert forward_flops(tower, prepared) == first > 0


def test_two_towers_count_each_item_with_its_tower_and_a_frozen_tower_once(tmp_path: Path) -> None:
    encoder = opened(tmp_path, VIT, BERT)
    tower = encoder.tower("query")
    items = [Item("t", "red house"), Item("p", picture=grey(0)), Item("b", "arrow", grey(1))]
    whole = tower.prepare(items)
    text = forward_flops(encoder.text, whole.captions)
    image = forward_flops(encoder.image, whole.pixels)
    assert forward_flops(tower, whole) == text + image
    assert training_flops(tower, whole) == text + image
    with tuned(encoder, Recipe(tuned="all")):
        assert training_flops(tower, whole) == pytest.approx(3 * (text + image))
    with tuned(encoder, Recipe(tuned="text")):
        assert training_flops(tower, whole) == pytest.approx(3 * text + image)


def test_passes_grow_with_the_share_of_trained_weights(tmp_path: Path) -> None:
    encoder = opened(tmp_path, VIT, BERT)
    weights, n_passes = encoder.text.weights, {}
    for value in ("heads", "last:1", "last:2", "lora:1", "all"):
        with tuned(encoder, Recipe(tuned=value)):
            n_passes[value] = passes(weights)
    assert 1 < n_passes["heads"] < n_passes["last:1"] < n_passes["last:2"] == n_passes["all"] == 3
    assert 1.9 < n_passes["lora:1"] < 2.3


def test_flops_of_a_static_tower_are_those_of_its_projection(tmp_path: Path) -> None:
    encoder = opened(tmp_path, CONVNET, STATIC)
    prepared = encoder.text.prepare([Item("0", "red house"), Item("1", "arrow")])
    assert forward_flops(encoder.text, prepared) == torch_counts(encoder.text, prepared)
