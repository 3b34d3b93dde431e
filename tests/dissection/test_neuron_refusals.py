"""What neuron attribution refuses, and what it says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissection.neuron_worlds import QUERIES, items, query_margin, text_encoder
from encoders.opening import open_encoder
from evidense.dissection.attribution.attribute import ModuleSelection, attribute
from evidense.dissection.attribution.dense_modules import dense_modules
from evidense.dissection.attribution.targets import Target
from evidense.dissection.neurons.examples import refuse_without_gradients
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import Subject


@pytest.fixture
def bert(tmp_path: Path) -> Any:
    return text_encoder(tmp_path)


def test_a_pattern_that_matches_nothing_lists_the_available_modules(bert: Any) -> None:
    tower = bert.tower("query")
    with pytest.raises(UnknownName, match=r"your pattern ffn.*the model has .*intermediate\.dense"):
        attribute(tower, items(QUERIES), query_margin(tower), ModuleSelection(pattern=(r"ffn\.up", r"ffn\.down")))


def test_a_pattern_names_the_modules_of_an_unknown_family(bert: Any) -> None:
    inner = bert.tower("query").backbone.inner
    found = dense_modules(inner, 3, (r"attention\.self\.query", r"attention\.output\.dense"))
    assert [one.name for one in found.modules][:2] == [
        "encoder.layer.0.attention.self.query",
        "encoder.layer.0.attention.output.dense",
    ]


def test_a_missing_module_is_never_skipped(bert: Any) -> None:
    inner = bert.tower("query").backbone.inner
    inner.encoder.layer[1].output.dense = type(inner.encoder.layer[1].output.LayerNorm)(32)
    with pytest.raises(InvalidInput, match=r"'encoder\.layer\.1\.output\.dense' is a LayerNorm"):
        dense_modules(inner, 3)
    del inner.encoder.layer[1].output.dense
    with pytest.raises(InvalidInput, match="block 1 has 0 output modules"):
        dense_modules(inner, 3)
    with pytest.raises(InvalidInput, match="holds 3 blocks, and the encoder says 4"):
        dense_modules(inner, 4)


def test_the_norm_of_unit_vectors_is_refused_with_the_reason(bert: Any) -> None:
    tower = bert.tower("query")
    unit = text_encoder(Path(bert.name), normalize="true").tower("query") if tower.by_angle else tower
    with pytest.raises(InvalidInput, match="gradient is exactly zero"):
        attribute(unit, items(QUERIES), Target("norm"))


def test_an_encoder_without_gradients_is_refused() -> None:
    encoder = open_encoder("wordllama")
    assert "gradients" not in encoder.can
    with pytest.raises(InvalidInput, match="gives no gradients"):
        refuse_without_gradients(Subject("static", "tiny", encoder, "base"))


def test_half_precision_is_refused(tmp_path: Path) -> None:
    tower = text_encoder(tmp_path, dtype="bfloat16").tower("query")
    fixed = np.ones((4, 2, 32), np.float32)
    with pytest.raises(InvalidInput, match="dtype=float32"):
        attribute(tower, items(QUERIES), Target("margin", "query", fixed))
