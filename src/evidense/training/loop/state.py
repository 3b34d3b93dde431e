"""State: a training in progress on disk, from which a killed one goes on as if nothing had happened."""

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
"""Two generations, written in turn: while one is written, the other stays whole."""
_FORMAT = 1
_DTYPES = {
    "torch.float64": "F64", "torch.float32": "F32", "torch.bfloat16": "BF16", "torch.float16": "F16",
    "torch.int64": "I64", "torch.int32": "I32", "torch.uint8": "U8", "torch.bool": "BOOL",
}  # fmt: skip
"""Of torch → as safetensors writes it."""


@dataclass(frozen=True)
class State:
    """Everything that the next step depends on; random numbers are derived from seed and step and need no place here."""

    step: int
    """Steps taken."""
    recipe: Mapping[str, Json]
    tensors: "Mapping[str, Tensor]"
    rest: Mapping[str, Json]


def save(state: State, folder: Path) -> None:
    """Write a state over the older of the two generations, atomically.

    Raises:
        StoreError: the disk is full or the folder cannot be written; the last good state stays.
    """
    seen = {name: _step_of(folder / name) for name in _NAMES}
    target = min(_NAMES, key=lambda name: seen[name])
    words = canonical_json(
        {"format": _FORMAT, "step": state.step, "recipe": dict(state.recipe), "rest": dict(state.rest)}
    )
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors.items()}
    said = {"state": words, "step": str(state.step), "sha256": _sha256(words, tensors)}
    write_atomically(folder / target, _pieces(tensors, said))


def _sha256(words: str, tensors: "Mapping[str, Tensor]") -> str:
    """Return the hash of everything in a state: a damaged one is passed over."""
    import torch

    digest = hashlib.sha256(words.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name}\0{tensor.dtype}\0{list(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _pieces(tensors: "Mapping[str, Tensor]", metadata: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Yield a safetensors file in pieces; the library's own writer copies all tensors twice before it writes any."""
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


def load(folder: Path, recipe: Recipe) -> State | None:
    """Return the latest whole state of a folder, or None where there is none.

    Raises:
        InvalidInput: it belongs to another recipe; the message says what changed.
    """
    found = [state for name in _NAMES if (state := _read(folder / name))]
    if not found:
        return None
    latest = max(found, key=lambda state: state.step)
    wanted = recipe.content()
    if changed := [key for key in wanted if wanted[key] != latest.recipe.get(key)]:
        listed = ", ".join(f"{key}: {latest.recipe.get(key)!r} → {wanted[key]!r}" for key in changed)
        raise InvalidInput(
            f"'{folder}' holds {latest.step} steps of another recipe ({listed}); expected the recipe that was begun; "
            "undo the change, or delete that folder to begin anew"
        )
    return latest


def _step_of(path: Path) -> int:
    found = _words(path)
    try:
        return -1 if found is None else int(found["step"])
    except (KeyError, ValueError, TypeError):
        return -1


def _words(path: Path) -> dict[str, str] | None:
    """Return the metadata of a safetensors file, or None where it is absent or cut."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > path.stat().st_size:
                return None
            read = json.loads(file.read(size))["__metadata__"]
            return read if isinstance(read, dict) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _read(path: Path) -> State | None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    found = _words(path)
    if found is None:
        return None
    try:
        tensors = load_file(path)
        if _sha256(found["state"], tensors) != found["sha256"]:
            return None
        words: dict[str, Any] = json.loads(found["state"])
        return State(int(words["step"]), words["recipe"], tensors, words["rest"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError):
        return None
