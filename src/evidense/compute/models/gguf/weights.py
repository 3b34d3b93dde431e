"""Read the tensors of a GGUF file as float32, under the names that transformers uses."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evidense.boundary.strangers import foreign
from evidense.compute.models.architecture import config_of
from evidense.compute.models.files import read_json
from evidense.compute.models.gguf.header import GgufHeader, StoredTensor, read_header
from evidense.compute.quiet import quiet

if TYPE_CHECKING:
    import torch


def read_gguf(file: Path) -> "dict[str, torch.Tensor]":
    """Dequantise every tensor; config.json must lie beside the file.

    A tensor without a place in the model keeps its name of the file and is empty, so that the loading guard refuses it.

    Raises:
        InvalidInput: the file is no readable GGUF, or transformers does not know its architecture.
        MissingExtra: the package gguf is not installed.
    """
    import torch

    header = read_header(file)
    names, processor = _mapping(file, header)
    data, parsed_parameters = np.memmap(file, mode="r", dtype=np.uint8), {"tensors": {}}  # type: ignore[var-annotated]
    tensors: dict[str, torch.Tensor] = {}
    with foreign(str(file), "Expected tensors that the gguf package unpacks; fetch it again."):
        for stored in header.tensors:
            if stored.name not in names:
                tensors["lm_head.weight" if stored.name == "output.weight" else stored.name] = torch.empty(0)
                continue
            processed = processor.process(
                weights=_values(data, stored),
                name=stored.name,
                tensor_key_mapping=names,
                parsed_parameters=parsed_parameters,
            )
            if processed.name is not None:
                tensors[names[processed.name]] = torch.from_numpy(
                    np.ascontiguousarray(processed.weights, dtype=np.float32)
                )
    return tensors | parsed_parameters["tensors"]


def _values(data: np.ndarray, stored: StoredTensor) -> np.ndarray:
    """Return the float32 values of one tensor, in torch's order."""
    from gguf import GGMLQuantizationType, dequantize

    raw = np.asarray(data[stored.start : stored.start + stored.n_bytes]).reshape(*stored.shape[:-1], stored.row_bytes)
    return np.array(dequantize(raw, GGMLQuantizationType(stored.kind)), dtype=np.float32)


def _mapping(file: Path, header: GgufHeader) -> tuple[dict[str, str], Any]:
    """Return file name → model name, and the processor that undoes llama.cpp's changes of values (Gemma's norms hold w + 1)."""
    import torch
    import transformers
    from transformers import AutoModelForCausalLM
    from transformers.modeling_gguf_pytorch_utils import TENSOR_PROCESSORS, TensorProcessor, get_gguf_hf_weights_map

    settings = file.parent / "config.json"
    config = config_of(settings, read_json(settings), len(header.tensors))
    advice = (
        f"Expected a decoder that transformers {transformers.__version__} reads from GGUF; use its safetensors form."
    )
    with foreign(f"{file}: the architecture '{header.architecture:.60}'", advice):
        with quiet(), torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
        processor = TENSOR_PROCESSORS.get(header.architecture, TensorProcessor)(config=config.to_dict())
        return get_gguf_hf_weights_map(model, processor), processor
