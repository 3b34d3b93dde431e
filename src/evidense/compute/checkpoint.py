"""Read weight files: safetensors as a rule; pickles only when the user says so, and then only their tensors."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidense.errors import IncompleteWeights, InvalidInput, UnsafeInput

if TYPE_CHECKING:
    import torch

_SAFE = ("model.safetensors.index.json", "model.safetensors", "model.gguf")
_PICKLED = ("pytorch_model.bin.index.json", "pytorch_model.bin")


@dataclass(frozen=True)
class Weights:
    """Tensors by name, with the sha256 of the files that they came from."""

    tensors: "dict[str, torch.Tensor]"
    sha256: str
    files: tuple[Path, ...]


def read_weights(folder: Path, *, unsafe: bool = False) -> Weights:
    """Read every tensor of a model folder.

    `unsafe` also reads `pytorch_model.bin` and `*.pth`, through torch's weights-only loader.

    Raises:
        InvalidInput: a file that is not what it claims to be.
        UnsafeInput: only pickles are there and `unsafe` is off, or a pickle holds more than tensors.
        IncompleteWeights: no weight file, or a shard that the index names is absent.
    """
    files = weight_files(folder, unsafe=unsafe)
    tensors: dict[str, torch.Tensor] = {}
    for file in files:
        tensors.update(_read(file))
    return Weights(tensors, sha256_of_files(files), tuple(files))


def _read(file: Path) -> "dict[str, torch.Tensor]":
    if file.suffix == ".gguf":
        from evidense.compute.gguf_weights import read_gguf

        return read_gguf(file)
    return read_safetensors(file) if file.suffix == ".safetensors" else _read_pickle(file)


def weight_files(folder: Path, *, unsafe: bool = False) -> list[Path]:
    """Return the weight files of a folder in the order of their names; raises as `read_weights` does."""
    for name in _SAFE + (_PICKLED if unsafe else ()):
        if (folder / name).is_file():
            return _shards(folder / name) if name.endswith(".json") else [folder / name]
    if len(named := sorted(folder.glob("*.safetensors"))) == 1:
        return named
    pickled = sorted(
        p for ending in ("*.bin", "*.pth", "*.pt") for p in folder.glob(ending) if p.name != "training_args.bin"
    )
    if pickled and unsafe:
        return pickled
    if pickled:
        raise UnsafeInput(
            f"'{folder}' holds its weights only as a pickle ({pickled[0].name}), which can run code when opened;"
            " expected model.safetensors; convert it, or write MODEL@unsafe-weights to read its tensors through"
            " torch's weights-only loader"
        )
    raise IncompleteWeights(f"'{folder}' holds no weights; expected model.safetensors or model.safetensors.index.json; fetch the model again")  # fmt: skip


def sha256_of_files(files: list[Path]) -> str:
    """Return one sha256 over the bytes of these files, one after the other."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as handle:
            while chunk := handle.read(1 << 22):
                digest.update(chunk)
    return digest.hexdigest()


def sha256_of_tensors(tensors: "Mapping[str, torch.Tensor]") -> str:
    """Return one sha256 over names and values, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object; {} where the file is absent.

    Raises:
        InvalidInput: it is no JSON object.
    """
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InvalidInput(
            f"'{path}' cannot be read as JSON ({error}); expected a JSON object; fetch the model again"
        ) from None
    if not isinstance(value, dict):
        raise InvalidInput(f"'{path}' holds a JSON {type(value).__name__}; expected an object; fetch the model again")
    return value


def refuse_remote_code(folder: Path) -> None:
    """Refuse a model that brings Python code of its own.

    Raises:
        UnsafeInput: config.json or tokenizer_config.json has an `auto_map`.
    """
    for name in ("config.json", "tokenizer_config.json"):
        if code := read_json(folder / name).get("auto_map"):
            shown = ", ".join(map(str, code.values() if isinstance(code, dict) else code))[:200]
            raise UnsafeInput(
                f"'{folder / name}' asks to run code that the model brings along (auto_map: {shown}); expected a model"
                " of a class that transformers has itself; remote code is always refused: use a port of this model"
                " without it"
            )


def _shards(index: Path) -> list[Path]:
    names = sorted(set(map(str, read_json(index).get("weight_map", {}).values())))
    files = [index.parent / name for name in names]
    if outside := [n for n, f in zip(names, files, strict=True) if f.parent.absolute() != index.parent.absolute()]:
        raise UnsafeInput(
            f"'{index}' names files outside its folder ({outside[0]}); expected plain file names; do not use it"
        )
    if absent := [f.name for f in files if not f.is_file()]:
        raise IncompleteWeights(
            f"'{index.parent}' lacks {len(absent)} of the {len(files)} weight files that its index names"
            f" ({', '.join(absent[:5])}); expected all; fetch the model again"
        )
    return files


def read_safetensors(file: Path) -> "dict[str, torch.Tensor]":
    """Read one safetensors file.

    Raises:
        InvalidInput: it is none, or cut.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(file))
    except (SafetensorError, ValueError, RuntimeError, KeyError, OSError) as error:
        raise InvalidInput(
            f"'{file}' is no readable safetensors file ({error}); expected the whole file ({file.stat().st_size:,}"
            " bytes are here); fetch it again"
        ) from None


def _read_pickle(file: Path) -> "dict[str, torch.Tensor]":
    import pickle

    import torch

    try:
        value = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise UnsafeInput(
            f"'{file}' holds more than tensors: opening it would run code; expected plain weights; it is refused"
            " whatever the options"
        ) from None
    except (RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise InvalidInput(
            f"'{file}' cannot be read as weights ({str(error)[:200]}); expected a file that torch.save wrote; fetch it"
            " again"
        ) from None
    value = value.get("state_dict", value) if isinstance(value, dict) else value
    if not isinstance(value, dict) or not all(isinstance(t, torch.Tensor) for t in value.values()):
        raise InvalidInput(
            f"'{file}' holds no mapping from names to tensors; expected a state dict; save it with model.state_dict()"
        )
    return value
