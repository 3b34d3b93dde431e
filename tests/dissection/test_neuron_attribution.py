"""Neuron attribution: equal to the weight-scaling path and to captum, complete on every example, on every class."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissection.neuron_worlds import (
    OTHERS,
    QUERIES,
    RELEVANT,
    TEXT_CLASSES,
    alternating,
    document_margin,
    image_text_encoder,
    items,
    pictures,
    query_margin,
    text_encoder,
)
from evidense.compute.layer_states import half_of
from evidense.dissection.attribution import path
from evidense.dissection.attribution.attribute import Attribution, ModuleSelection, attribute
from evidense.dissection.attribution.dense_modules import dense_modules
from evidense.dissection.attribution.quadrature import NESTED, rule
from evidense.dissection.attribution.suffix import flow_of
from evidense.dissection.attribution.targets import Target
from evidense.dissection.attribution.weight_scaling import by_weights
from evidense.values import Item
from training import towers


def close(found: np.ndarray, expected: np.ndarray, relative: float = 1e-5) -> None:
    assert np.abs(found - expected).max() <= relative * np.abs(expected).max()


def complete(found: tuple[Attribution, ...]) -> None:
    shares = np.concatenate([one.completeness for one in found])
    assert np.median(shares) <= 1e-5
    assert shares.max() <= 1e-3


@pytest.mark.parametrize("class_name", TEXT_CLASSES)
def test_every_text_class_equals_the_weight_scaling_path(tmp_path: Path, class_name: str) -> None:
    tower = text_encoder(tmp_path, class_name).tower("query")
    target = query_margin(tower)
    found = attribute(tower, items(QUERIES), target)
    assert [(one.layer, one.kind) for one in found] == [
        (layer, kind) for layer in (1, 2, 3) for kind in ("intermediate", "output")
    ]
    complete(found)
    _equal_by_weights(tower, items(QUERIES), target, found)


@pytest.mark.parametrize("class_name", ["CLIPModel", "SiglipModel"])
@pytest.mark.parametrize("kind", ["texts", "pictures"])
def test_both_halves_of_image_text_encoders_equal_the_weight_scaling_path(
    tmp_path: Path, class_name: str, kind: str
) -> None:
    tower = image_text_encoder(tmp_path, class_name).tower("query")
    own = pictures(3) if kind == "pictures" else items(["red house", "blue cat the house", "image of a cat"])
    target = query_margin(tower, items(["red", "the cat", "find a house", "what is", "blue", "a query passage"]))
    found = attribute(tower, own, target)
    complete(found)
    _equal_by_weights(half_of(tower, own), own, target, found)


def _equal_by_weights(half: Any, own: list[Any], target: Target, found: tuple[Attribution, ...]) -> None:
    n_rows = target.rows_each
    for example in (0,) if n_rows == 1 else (0, 1):
        flow = flow_of(half, half.prepare(own[example * n_rows : (example + 1) * n_rows]))
        modules = {one.name: one for one in dense_modules(flow.inner, half.n_layers).modules}
        for one in found:
            nodes = rule(int(one.n_nodes[example]))
            slow = by_weights(flow, modules[one.name], target.take(np.array([example])), nodes)
            close(one.weight_path[example], slow.weight_path)
            close(one.activation_path[example], slow.activation_path)
            assert one.change[example] == pytest.approx(slow.change, abs=1e-6)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return text_encoder(tmp_path_factory.mktemp("bert"))


@pytest.mark.parametrize("n_levels", [1, 2, 3, 4])
def test_adding_points_equals_using_the_full_rule(bert: Any, n_levels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path, "_AIM", -1.0)  # nobody is near enough
    monkeypatch.setattr(path, "ABSOLUTE", 0.0)
    monkeypatch.setattr(path, "_COUNTS", NESTED[:n_levels])
    monkeypatch.setattr(path, "_TOKENS_AT_ONCE", 40)  # a few points at once
    tower = bert.tower("query")
    target, own = query_margin(tower).take(np.array([0, 1])), items(QUERIES[:2])
    found = attribute(tower, own, target)
    assert {int(n) for one in found for n in one.n_nodes} <= set(NESTED[:n_levels])
    assert NESTED[n_levels - 1] in {int(n) for one in found for n in one.n_nodes}
    _equal_by_weights(tower, own, target, found)


@pytest.mark.parametrize("kind", ["margin", "log-softmax"])
def test_the_document_side_with_the_query_fixed_equals_the_weight_scaling_path(bert: Any, kind: str) -> None:
    tower = bert.tower("document")
    own = alternating(items(RELEVANT), items(OTHERS))
    target = document_margin(tower, kind=kind)
    found = attribute(tower, own, target)
    complete(found)
    _equal_by_weights(tower, own, target, found)
    assert [len(one.tokens) for one in found] == [8] * len(found)


def test_the_norm_is_attributed_if_vectors_differ_in_length(bert: Any) -> None:
    tower = bert.tower("query")
    unnormalised = replace(tower, after=(), by_angle=False)
    target = Target("norm")
    found = attribute(unnormalised, items(QUERIES), target)
    complete(found)
    _equal_by_weights(unnormalised, items(QUERIES), target, found)


def test_attributions_do_not_depend_on_batch_padding_or_order(bert: Any) -> None:
    tower, target = bert.tower("query"), query_margin(bert.tower("query"))
    together = attribute(tower, items(QUERIES), target)
    back = np.array([3, 2, 1, 0])
    turned = attribute(tower, items(QUERIES[::-1]), target.take(back))
    for example, query in enumerate(items(QUERIES)):
        alone = attribute(tower, [query], target.take(np.array([example])))
        for one, other, mirrored in zip(together, alone, turned, strict=True):
            scale = np.abs(one.activation_path).max()
            assert np.abs(one.activation_path[example] - other.activation_path[0]).max() <= 2e-5 * scale
            assert (
                np.abs(one.weight_path[example] - mirrored.weight_path[3 - example]).max()
                <= 2e-5 * one.weight_path.max()
            )


def test_tokens_and_neurons_sum_to_the_change(bert: Any) -> None:
    tower = bert.tower("query")
    for one in attribute(tower, items(QUERIES), query_margin(tower)):
        assert [len(t) for t in one.tokens] == tower.prepare(items(QUERIES)).sizes.tolist()
        assert np.allclose([t.sum() for t in one.tokens], one.activation_path.sum(axis=1), atol=1e-6)
        assert np.allclose(one.activation_path.sum(axis=1), one.change, rtol=1e-3, atol=2e-6)


def test_a_dead_neuron_gets_zero_and_equal_neurons_get_equal_attributions(tmp_path: Path) -> None:
    import torch

    encoder = text_encoder(tmp_path)
    block = encoder.tower("query").backbone.inner.encoder.layer[1]
    with torch.no_grad():
        block.intermediate.dense.weight[0] = 0
        block.intermediate.dense.bias[0] = 0
        block.intermediate.dense.weight[2] = block.intermediate.dense.weight[1]
        block.intermediate.dense.bias[2] = block.intermediate.dense.bias[1]
        block.output.dense.weight[:, 2] = block.output.dense.weight[:, 1]
    tower = encoder.tower("query")
    found = attribute(tower, items(QUERIES), query_margin(tower), ModuleSelection(("intermediate",), (2,)))[0]
    assert (found.activation_path[:, 0] == 0).all()
    assert (found.weight_path[:, 0] == 0).all()
    assert np.allclose(found.activation_path[:, 1], found.activation_path[:, 2], rtol=1e-5)


def test_only_the_part_after_a_module_runs_again_and_the_model_is_restored(bert: Any) -> None:
    tower = bert.tower("query")
    before = tower.vectors(tower.prepare(items(QUERIES)))
    target = query_margin(tower).take(np.array([0]))
    inner = tower.backbone.inner
    calls: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, name=name: calls.append(name))
        for name, module in (
            ("embedding", inner.embeddings.word_embeddings),
            ("first", inner.encoder.layer[0].attention.self),
            ("second", inner.encoder.layer[1].attention.self),
            ("third", inner.encoder.layer[2].attention.self),
        )
    ]
    attribute(tower, items(QUERIES[:1]), target, ModuleSelection(("intermediate",), (2,)))
    for hook in hooks:
        hook.remove()
    assert [calls.count(name) for name in ("embedding", "first", "second")] == [1, 1, 1]
    assert calls.count("third") >= 3
    assert not any("forward" in module.__dict__ for module in inner.modules())
    assert np.array_equal(tower.vectors(tower.prepare(items(QUERIES))), before)


def test_a_picture_tower_with_its_own_vision_model_is_attributed(tmp_path: Path) -> None:
    encoder = towers.opened(tmp_path, image=towers.VIT)
    towers.trained_a_little(encoder, towers.mixed_items())
    tower = encoder.tower("document")
    own = [Item(str(at), picture=towers.grey(at)) for at in range(4)]
    target = document_margin(tower, items(["red house", "arrow"]))
    found = attribute(tower, own, target)
    assert [one.name for one in found][:2] == ["layers.0.mlp.fc1", "layers.0.mlp.fc2"]
    complete(found)
    _equal_by_weights(half_of(tower, own), own, target, found)
