"""Read weight files: safetensors by default; pickles only if the user allows them, and then only their tensors."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evidense.boundary.files import MIB
from evidense.boundary.strangers import foreign
from evidense.compute.models.files import inside, read_form, read_json
from evidense.compute.models.forms import ShardIndex
from evidense.errors import IncompleteWeights, InvalidInput, MissingExtra, UnsafeInput
from evidense.parts import SIDES, Encoder, TrainableTower

if TYPE_CHECKING:
    import torch

_SAFE = ("model.safetensors.index.json", "model.safetensors", "model.gguf")
MOST_HEADER = 16 * MIB
"""Most bytes of the header of a safetensors file; the largest in use have less than one MiB."""
_PICKLED = ("pytorch_model.bin.index.json", "pytorch_model.bin")


@dataclass(frozen=True)
class Weights:
    """Tensors by name, and the sha256 over their files."""

    tensors: "dict[str, torch.Tensor]"
    sha256: str
    files: tuple[Path, ...]


def read_weights(folder: Path, *, unsafe: bool = False) -> Weights:
    """Read every tensor of a model folder.

    `unsafe` also reads `pytorch_model.bin` and `*.pth`, through torch's weights-only loader.

    Raises:
        InvalidInput: a file is not what it claims to be.
        UnsafeInput: there are only pickles and `unsafe` is off, or a pickle holds more than tensors.
        IncompleteWeights: there is no weight file, or a shard named by the index is missing.
    """
    files = weight_files(folder, unsafe=unsafe)
    tensors: dict[str, torch.Tensor] = {}
    for file in files:
        tensors.update(_read(file))
    return Weights(tensors, sha256_of_files(files), tuple(files))


def _read(file: Path) -> "dict[str, torch.Tensor]":
    if file.suffix == ".gguf":
        from evidense.compute.models.gguf.weights import read_gguf

        return read_gguf(file)
    return read_safetensors(file) if file.suffix == ".safetensors" else _read_pickle(file)


def weight_files(folder: Path, *, unsafe: bool = False) -> list[Path]:
    """Return the weight files of a folder in the order of their names; raises as `read_weights` does."""
    for name in _SAFE + (_PICKLED if unsafe else ()):
        if (folder / name).is_file():
            return _shards(folder / name) if name.endswith(".json") else [folder / name]
    if len(safetensors := sorted(folder.glob("*.safetensors"))) == 1:
        return safetensors
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
    """Return one sha256 over the bytes of these files, one after the other.

    A process that opens a model again does not read files again that are still the same: of equal size, number and times.
    """
    return _sha256_of(tuple((file.absolute(), _state_of(file)) for file in files))


def _state_of(file: Path) -> tuple[int, ...]:
    status = file.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@lru_cache(maxsize=64)
def _sha256_of(files: tuple[tuple[Path, tuple[int, ...]], ...]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks_of_files([file for file, _ in files]):
        digest.update(chunk)
    return digest.hexdigest()


def chunks_of_files(files: list[Path]) -> Iterator[bytes]:
    """Yield the bytes of these files, one file after the other, 4 MiB at a time."""
    for file in files:
        with file.open("rb") as handle:
            while chunk := handle.read(1 << 22):
                yield chunk


def sha256_of_tensors(tensors: "Mapping[str, torch.Tensor]") -> str:
    """Return one sha256 over the names and values of tensors, in order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


def weights_sha256_of(encoder: Encoder) -> str:
    """Return the sha256 over the tensors of both towers; shared modules count once."""
    tensors: dict[str, Any] = {}
    hashed: set[int] = set()
    for side in SIDES:
        tower = encoder.tower(side)
        modules = tower.weights if isinstance(tower, TrainableTower) else {}
        for name, module in modules.items():
            if id(module) not in hashed:
                hashed.add(id(module))
                tensors |= {f"{side}.{name}.{key}": tensor for key, tensor in module.state_dict().items()}
    return sha256_of_tensors(tensors)


def refuse_remote_code(folder: Path) -> None:
    """Refuse a model that brings its own Python code.

    Raises:
        UnsafeInput: config.json or tokenizer_config.json has an `auto_map`.
    """
    for name in ("config.json", "tokenizer_config.json"):
        if code := read_json(folder / name).get("auto_map"):
            shown = ", ".join(map(str, code.values() if isinstance(code, dict) else code))[:200]
            raise UnsafeInput(
                f"'{folder / name}' asks to run code of the model (auto_map: {shown}); expected a model"
                " of a class that transformers has itself; remote code is always refused: use a port of this model"
                " without it"
            )


def _shards(index: Path) -> list[Path]:
    file_of_weight = read_form(ShardIndex, index).weight_map
    files = [inside(index.parent, name, index) for name in sorted(set(file_of_weight.values()))]
    if outside := [f for f in files if f.parent.absolute() != index.parent.absolute()]:
        raise UnsafeInput(
            f"'{index}' names files outside its folder ({outside[0]}); expected plain file names; do not use it"
        )
    if absent := [f.name for f in files if not f.is_file()]:
        raise IncompleteWeights(
            f"'{index.parent}' lacks {len(absent)} of the {len(files)} weight files in its index"
            f" ({', '.join(absent[:5])}); expected all; fetch the model again"
        )
    return files


def read_safetensors(file: Path) -> "dict[str, torch.Tensor]":
    """Read one safetensors file.

    Raises:
        InvalidInput: it is none, or cut.
    """
    from safetensors.torch import load_file

    with _safetensors(file):
        return dict(load_file(file))


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """Read one safetensors file without torch.

    Raises:
        InvalidInput: it is none, or cut.
        MissingExtra: safetensors is not installed.
    """
    try:
        from safetensors.numpy import load_file
    except ImportError:
        raise MissingExtra.named("static", f"reading '{file.name}'", "safetensors") from None
    with _safetensors(file):
        return dict(load_file(file))


def shapes_of(file: Path) -> dict[str, tuple[int, ...]]:
    """Return name → shape of a safetensors file; no tensor is read.

    Raises:
        InvalidInput: it is none, or cut.
    """
    from safetensors import safe_open

    with _safetensors(file), safe_open(file, framework="numpy") as tensors:
        return {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118


@contextmanager
def _safetensors(file: Path) -> Iterator[None]:
    """Guard every use of the safetensors library on an untrusted file."""
    with file.open("rb") as handle:
        head = int.from_bytes(handle.read(8), "little")
    if MOST_HEADER < head < file.stat().st_size:
        raise InvalidInput(
            f"'{file}' has a header of {head:,} bytes. Expected at most {MOST_HEADER:,}; fetch it again."
        )
    size = f"{file.stat().st_size:,} bytes are here"
    with foreign(f"{file}: no readable safetensors file", f"Expected the whole file ({size}); fetch it again."):
        yield


def _read_pickle(file: Path) -> "dict[str, torch.Tensor]":
    import pickle

    import torch

    _refuse_packed(file)
    with foreign(str(file), "Expected weights in a file that torch.save wrote; fetch it again."):
        try:
            loaded = torch.load(file, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            raise UnsafeInput(
                f"'{file}' holds more than tensors: opening it would run code; expected plain weights; it is refused"
                " whatever the options"
            ) from None
    loaded = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else loaded
    if not isinstance(loaded, dict) or not all(
        isinstance(name, str) and isinstance(t, torch.Tensor) for name, t in loaded.items()
    ):
        raise InvalidInput(
            f"'{file}' holds no mapping from names to tensors; expected a state dict; save it with model.state_dict()"
        )
    _refuse_unstored(loaded, file)
    return loaded


def _refuse_packed(file: Path) -> None:
    """Refuse a compressed archive. torch.save does not compress, so the unpacked size equals the size of the file."""
    if not zipfile.is_zipfile(file):
        return
    with foreign(str(file), "Expected weights in a file that torch.save wrote; fetch it again."), zipfile.ZipFile(file) as archive:  # fmt: skip
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > 2 * file.stat().st_size:
        raise InvalidInput(
            f"'{file}' unpacks to {unpacked:,} bytes. Expected an uncompressed file, as torch.save writes it; "
            "save them again."
        )


def _refuse_unstored(tensors: "Mapping[str, torch.Tensor]", file: Path) -> None:
    """Refuse tensors whose values are not stored in the file: sparse, quantised, meta or expanded tensors."""
    import torch

    size = file.stat().st_size
    wrong = [
        f"{name}: {tuple(t.shape)}, {str(t.layout).removeprefix('torch.')}"
        for name, t in tensors.items()
        if t.layout != torch.strided or t.is_quantized or t.is_meta or t.numel() * t.element_size() > size
    ]
    if wrong:
        raise InvalidInput.all_of(
            f"'{file}': tensors whose values are not stored in its {size:,} bytes; expected plain tensors; save model.state_dict()",
            wrong,
        )
