"""Neuron attribution: equal to the weight-scaling path and to captum, complete on every example, on every class."""

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
from evidense.compute.states import half_of
from evidense.dissection.attribution import Attribution, How, attribute
from evidense.dissection.dense_modules import dense_modules
from evidense.dissection.path import gauss_legendre
from evidense.dissection.path_by_weights import by_weights
from evidense.dissection.suffix import flow_of
from evidense.dissection.targets import Target


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
    for example in (0, 1):
        flow = flow_of(half, half.prepare(own[example * n_rows : (example + 1) * n_rows]))
        modules = {one.name: one for one in dense_modules(flow.inner, half.n_layers).modules}
        for one in found:
            nodes = gauss_legendre(n := int(one.n_nodes[example]), 3 if n > 32 else 1)
            slow = by_weights(flow, modules[one.name], target.take(np.array([example])), nodes)
            close(one.weight_path[example], slow.weight_path)
            close(one.activation_path[example], slow.activation_path)
            assert one.change[example] == pytest.approx(slow.change, abs=1e-6)
