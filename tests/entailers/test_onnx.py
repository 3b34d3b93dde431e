"""Graphs run by onnxruntime: the logits of the model that they were exported from, no file but the graph opened."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from encoders.text_models import edit_json
from entailers.pair_models import PAIRS, save_classifier
from evidense.entailers import cross_encoder, onnx
from evidense.entailers._pair_model import PairModel
from evidense.errors import InvalidInput, MissingExtra, UnsafeInput


def exported(folder: Path) -> None:
    """Save a seeded classifier, and its graph beside it."""
    import torch

    model = save_classifier(folder)

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits  # type: ignore[no-any-return]

    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 32), dtype=torch.int64) for _ in names)
    model.config._attn_implementation = "eager"
    with warnings.catch_warnings():  # the tracer of torch, whose successor needs another library
        warnings.simplefilter("ignore")
        torch.onnx.export(Logits(), example, str(folder / "model.onnx"), input_names=names, output_names=["logits"], dynamo=False,
                          opset_version=17, dynamic_axes={name: {0: "b", 1: "t"} for name in names})  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnxruntime", reason="onnxruntime (the extra onnx) is not installed")
    pytest.importorskip("onnx", reason="the library onnx, which writes graphs, is not installed")
    made = tmp_path_factory.mktemp("onnx")
    exported(made)
    return made


def test_logits_equal_those_of_the_cross_encoder(folder: Path) -> None:
    graph, model = onnx.PART.open(f"onnx:{folder}"), cross_encoder.PART.open(f"cross_encoder:{folder}")
    assert isinstance(graph, PairModel)
    assert isinstance(model, PairModel)
    assert np.abs(graph.logits(PAIRS) - model.logits(PAIRS)).max() < 1e-5
    assert graph.identity != model.identity, "each is calibrated for itself"


def test_a_graph_that_names_other_files_or_is_none_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(InvalidInput, match=r"no ONNX graph"):
        onnx.PART.open(f"onnx:{tmp_path}")
    (tmp_path / "model.onnx").write_bytes(b"\x0a\x08location\x12\x0b/etc/passwd")
    with pytest.raises(UnsafeInput, match="other files"):
        onnx.PART.open(f"onnx:{tmp_path}")
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(InvalidInput, match="cannot be read"):
        onnx.PART.open(f"onnx:{tmp_path}")
    (tmp_path / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
    edit_json(tmp_path / "config.json", id2label={"0": "entailment", "1": "neutral"})
    with pytest.raises(InvalidInput, match="shape"):
        onnx.PART.open(f"onnx:{tmp_path}")


def test_without_onnxruntime_the_line_to_type_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setattr(onnx, "find_spec", lambda library: None)
    with pytest.raises(MissingExtra, match="onnxruntime"):
        onnx.PART.open(f"onnx:{tmp_path}")
