"""Any local classifier exported to ONNX (`onnx:FOLDER`), run by onnxruntime without torch, the evidence before the claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from evidense.boundary.files import read_bytes
from evidense.boundary.strangers import foreign
from evidense.compute.models.architecture import vector_settings
from evidense.compute.models.checkpoint import sha256_of_files
from evidense.compute.models.files import read_json
from evidense.compute.models.tokens import load_tokenizer, tokenizer_files
from evidense.compute.texts.pair_classifier import Logits
from evidense.entailers._pair_model import PairModel, folder_of_spelling, max_length_of
from evidense.entailers._stances import stances_of
from evidense.errors import InvalidInput, MissingExtra, UnsafeInput
from evidense.parts import Entailer
from evidense.records import sha256_of

VERSION = 1
"""Rises with every change that changes a probability."""
_FILES = ("model.onnx", "onnx/model.onnx")
_ELSEWHERE = b"\x0a\x08location\x12"
"""How ONNX names a file with weights outside the graph."""
_ADVICE = "Expected an ONNX graph of a sequence classification model; export it again."
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}


@dataclass(frozen=True)
class OnnxPart:
    """Opens a folder with config.json, model.onnx and a tokeniser. Its calibration is its own, never that of another entailer."""

    name: str = "onnx"
    spellings: tuple[str, ...] = ("onnx:FOLDER",)

    def recognises(self, spelling: str) -> bool:
        """Say whether the spelling begins with `onnx:`."""
        return spelling.startswith(f"{self.name}:")

    def open(self, spelling: str) -> Entailer:
        """Load the graph; weights outside of its file are refused.

        Raises:
            InvalidInput: no such folder or graph, or its labels do not tell the stances.
            UnsafeInput: code of the model, or a graph that names other files.
            MissingExtra: onnxruntime or transformers is not installed.
        """
        folder = folder_of_spelling(spelling, self.name)
        for library in ("onnxruntime", "transformers"):
            if find_spec(library) is None:
                raise MissingExtra.named("onnx", f"judging with '{spelling[:100]}'", library)
        settings = read_json(folder / "config.json")
        stances = stances_of(folder / "config.json", settings)
        max_length, graph = max_length_of(folder, settings), _graph_file(folder)
        tokenizer = load_tokenizer(folder)
        hashes = [sha256_of_files([graph]), sha256_of_files(tokenizer_files(folder))]
        identity = sha256_of([self.name, VERSION, *hashes, vector_settings(settings), max_length])
        forward = _forward(_session(graph), str(graph))
        name = f"{self.name}:{folder.name}"
        return PairModel(name, identity, str(folder), tokenizer, max_length, stances, forward).tried()


def _graph_file(folder: Path) -> Path:
    """Return the file with the graph.

    Raises:
        InvalidInput: there is none.
    """
    for name in _FILES:
        if (folder / name).is_file():
            return folder / name
    raise InvalidInput(f"'{folder}' holds no ONNX graph. Expected {' or '.join(_FILES)}; export the model again.")


def _session(graph: Path) -> Any:
    """Open a graph from its bytes, so that it reads nothing else.

    Raises:
        InvalidInput: it is no graph that onnxruntime reads.
        UnsafeInput: it names files outside of it.
    """
    import onnxruntime

    data = read_bytes(graph, "an ONNX graph")
    if _ELSEWHERE in data:
        raise UnsafeInput(
            f"'{graph}' keeps weights in other files. Expected one file; export the model with its weights inside."
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    with foreign(str(graph), _ADVICE):
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _forward(session: Any, source: str) -> Logits:
    inputs = {field.name: _INTEGERS.get(field.type) for field in session.get_inputs()}
    outputs = [output.name for output in session.get_outputs()]
    asked = "logits" if "logits" in outputs else outputs[0]

    def logits(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        batch = {"token_type_ids": np.zeros_like(batch["input_ids"]), **batch}  # as models do without them
        if lacking := sorted(name for name, kind in inputs.items() if kind is None or name not in batch):
            raise InvalidInput(f"'{source}' asks for the input '{lacking[0]:.60}', which its tokeniser does not give. {_ADVICE}")  # fmt: skip
        fed = {name: np.asarray(batch[name], dtype=kind) for name, kind in inputs.items()}
        return np.asarray(session.run([asked], fed)[0])

    return logits


PART = OnnxPart()
