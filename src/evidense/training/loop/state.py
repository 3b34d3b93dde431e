"""State: a training in progress on disk, so that a killed one resumes where it stopped."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidense.boundary.disk import write_atomically
from evidense.errors import InvalidInput
from evidense.records import Json, Recipe, canonical_json

if TYPE_CHECKING:
    from torch import Tensor

_NAMES = ("state-0.safetensors", "state-1.safetensors")
"""Two files, written in turn: while one is written, the other stays whole."""
_FORMAT = 1
_DTYPES = {
    "torch.float64": "F64", "torch.float32": "F32", "torch.bfloat16": "BF16", "torch.float16": "F16",
    "torch.int64": "I64", "torch.int32": "I32", "torch.uint8": "U8", "torch.bool": "BOOL",
}  # fmt: skip
"""torch dtype → its name in safetensors."""


@dataclass(frozen=True)
class TrainingState:
    """Everything that the next step depends on. Random numbers follow from seed and step, so none are stored."""

    step: int
    """Steps taken."""
    recipe: Mapping[str, Json]
    tensors: "Mapping[str, Tensor]"
    counters: Mapping[str, Json]
    """Everything that is no tensor: diagnostics, costs, early stopping, time spent."""


def save(state: TrainingState, folder: Path) -> None:
    """Replace the older of the two files with this state, atomically.

    Raises:
        StoreError: the disk is full or the folder cannot be written; the last good state stays.
    """
    steps = {name: _step_of(folder / name) for name in _NAMES}
    target = min(_NAMES, key=lambda name: steps[name])
    content = canonical_json(
        {"format": _FORMAT, "step": state.step, "recipe": dict(state.recipe), "rest": dict(state.counters)}
    )
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors.items()}
    metadata = {"state": content, "step": str(state.step), "sha256": _sha256(content, tensors)}
    write_atomically(folder / target, pieces(tensors, metadata))


def _sha256(words: str, tensors: "Mapping[str, Tensor]") -> str:
    """Return the hash of a whole state, by which `load` recognises a damaged one and skips it."""
    import torch

    digest = hashlib.sha256(words.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name}\0{tensor.dtype}\0{list(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def pieces(tensors: "Mapping[str, Tensor]", metadata: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Yield a safetensors file in pieces; the library's writer would copy all tensors twice before it writes any."""
    import torch

    header: dict[str, Json] = {"__metadata__": dict(metadata)}
    stop = 0
    for name, tensor in tensors.items():
        start, stop = stop, stop + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _DTYPES[str(tensor.dtype)], "shape": list(tensor.shape), "data_offsets": [start, stop]}
    words = json.dumps(header).encode()
    words += b" " * (-len(words) % 8)
    yield len(words).to_bytes(8, "little")
    yield words
    for tensor in tensors.values():
        yield tensor.reshape(-1).view(torch.uint8).numpy().data


def load(folder: Path, recipe: Recipe) -> TrainingState | None:
    """Return the latest undamaged state in a folder, or None if it holds none.

    Raises:
        InvalidInput: it belongs to another recipe; the message says what changed.
    """
    states = [state for name in _NAMES if (state := _read(folder / name))]
    if not states:
        return None
    latest = max(states, key=lambda state: state.step)
    content = recipe.content()
    if changed := [key for key in content if content[key] != latest.recipe.get(key)]:
        listed = ", ".join(f"{key}: {latest.recipe.get(key)!r} → {content[key]!r}" for key in changed)
        raise InvalidInput(
            f"'{folder}' holds {latest.step} steps of another recipe ({listed}); expected the recipe that was begun; "
            "undo the change, or delete that folder to begin anew"
        )
    return latest


def _step_of(path: Path) -> int:
    metadata = _words(path)
    try:
        return -1 if metadata is None else int(metadata["step"])
    except (KeyError, ValueError, TypeError):
        return -1


def _words(path: Path) -> dict[str, str] | None:
    """Return the metadata of a safetensors file, or None if the file is absent or truncated."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > path.stat().st_size:
                return None
            metadata = json.loads(file.read(size))["__metadata__"]
            return metadata if isinstance(metadata, dict) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _read(path: Path) -> TrainingState | None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    metadata = _words(path)
    if metadata is None:
        return None
    try:
        tensors = load_file(path)
        if _sha256(metadata["state"], tensors) != metadata["sha256"]:
            return None
        content: dict[str, Any] = json.loads(metadata["state"])
        return TrainingState(int(content["step"]), content["recipe"], tensors, content["rest"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError):
        return None
