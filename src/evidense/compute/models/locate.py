"""Find the folder of a model: a local folder, a folder inside an installed package, or a hub id."""

import re
from contextlib import suppress
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evidense.boundary.files import exists
from evidense.compute.models.files import read_json
from evidense.errors import InvalidInput, MissingExtra, Need, gathered
from evidense.reading.unread import nearest_beside
from evidense.values.spelling import FLAGS

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_NOT_MODELS = {".trec", ".run", ".npy", ".npz", ".json", ".jsonl", ".csv", ".tsv", ".txt", ".gz", ".parquet", ".py", ".toml", ".onnx", ".gguf"}  # fmt: skip
_PATIENCE_S = 10.0
_WANTED = [
    "*.json",
    "*.txt",
    "*.model",
    "*.safetensors",
    "README.md",
    "*/config.json",
    "*/model.safetensors",
    "*.tiktoken",
]
_PICKLES = ["*.bin", "*.pth", "*/pytorch_model.bin"]


def looks_like_hub_id(head: str) -> bool:
    """Say whether a spelling has the form `owner/name`, and is neither a path on this disk nor a file name."""
    return bool(HUB_ID.fullmatch(head)) and not exists(Path(head)) and Path(head).suffix.lower() not in _NOT_MODELS


def local_folder(head: str) -> Path | None:
    """Return the folder on this disk that a spelling names; None if there is none or it cannot be a path."""
    try:
        path = Path(head).expanduser()
        return path if path.is_dir() else None
    except (OSError, ValueError, RuntimeError):
        return None


def is_open_clip(head: str) -> bool:
    """Say whether open_clip would spell a model like this: `ViT-B-32,laion2b_s34b_b79k` or `hf-hub:OWNER/NAME`."""
    return head.startswith("hf-hub:") or bool(re.fullmatch(r"[\w-]+,[\w-]+", head))


def peek(head: str, revision: str | None = None) -> Path | None:
    """Return the folder if it is on this disk (path, package, or hub cache), else None. Uses no network, imports nothing, raises nothing."""
    try:
        if head.startswith("pip:"):
            return package_folder(head)
        if (folder := local_folder(head)) is not None:
            return folder
        return _cached_snapshot(head, revision) if looks_like_hub_id(head) else None
    except (InvalidInput, MissingExtra, OSError):
        return None


def peek_json(head: str, name: str, revision: str | None = None) -> dict[str, Any]:
    """Return a JSON file of a model on this disk; {} if there is none or it is no object."""
    folder = peek(head, revision)
    try:
        return read_json(folder / name) if folder else {}
    except (OSError, InvalidInput):
        return {}


def folder_of(head: str, revision: str | None = None, *, pickles: bool = False) -> Path:
    """Return the folder of a model; a hub id is downloaded if that is allowed.

    Raises:
        InvalidInput: there is no such model; the message says what was tried.
        MissingExtra: the package, or huggingface_hub, is not installed.
    """
    path = local_folder(head)
    if revision is not None and (head.startswith(("pip:", "gguf:")) or path is not None):
        raise InvalidInput(
            f"'{head}' lies on this disk and has no revision '{revision}'; expected an option after '@' "
            f"({', '.join(sorted(FLAGS))}, dim=…, pooling=… and others); correct it or drop it"
        )
    if head.startswith("pip:"):
        return package_folder(head)
    if head.startswith("gguf:"):
        from evidense.compute.models.gguf.unpacking import gguf_folder

        return gguf_folder(head)
    if path is not None:
        return path
    if is_open_clip(head):
        raise InvalidInput(
            f"'{head}' is a spelling of open_clip, which needs torchvision and is not supported; expected a"
            " transformers model; use its transformers form, as 'laion/CLIP-ViT-B-32-laion2B-s34B-b79K'"
        )
    refuse_nowhere(head)
    return _download(head, revision, _WANTED + (_PICKLES if pickles else []))


def refuse_nowhere(head: str) -> None:
    """Refuse a spelling that is no folder here and cannot name a package or a model of the hub, before any library is asked for.

    Raises:
        InvalidInput: nothing can lie there.
    """
    if not (head.startswith(("pip:", "gguf:")) or local_folder(head) or looks_like_hub_id(head)):
        raise InvalidInput(f"there is no model at '{head}'; expected a folder, pip:PACKAGE/FOLDER, or a hub id OWNER/NAME; correct the path")  # fmt: skip


def require_transformers(head: str, model: str = "") -> None:
    """Refuse to open a transformers model if a library or the package with the model is missing. Then `model`, if given, is looked for first.

    Raises:
        InvalidInput: there is no such model.
        MissingExtra: names everything that is missing.
    """
    missing: list[MissingExtra] = []
    for name in ("torch", "transformers", "safetensors"):
        if find_spec(name) is None and not missing:
            missing.append(MissingExtra.named("encoders", f"encoding with '{head}'", name))
    if head.startswith("pip:") and missing:
        with gathered(missing), suppress(InvalidInput):
            package_folder(head)
    if missing:
        _refuse_absent(model)
        raise MissingExtra.all_of(missing)


def _refuse_absent(head: str) -> None:
    """Refuse a model that is neither on this disk nor on the hub. Without the hub's library, only a path into a folder of this disk is known to be wrong."""
    if not looks_like_hub_id(head) or peek(head) is not None:
        return
    try:
        from huggingface_hub import HfApi

        HfApi().model_info(head, timeout=_PATIENCE_S)
    except ImportError:
        if local_folder(str(Path(head).parent)) is not None:
            raise InvalidInput(f"'{head}' is no folder here{nearest_beside(Path(head))}; expected a model; correct the path") from None  # fmt: skip
    except Exception as error:
        raise _not_fetched(head, error) from None


def package_folder(head: str) -> Path:
    """Return the folder of `pip:PACKAGE/FOLDER`, without importing the package.

    Raises:
        MissingExtra: the package is not installed.
        InvalidInput: the package has no such folder (lists its folders with a config.json).
    """
    package, _, inside = head.removeprefix("pip:").partition("/")
    spec = PathFinder.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra.of([Need(f"'{head}'", package.replace("_", "-"))])
    roots = [Path(location) for location in spec.submodule_search_locations]
    for root in roots:
        if (root / inside).resolve().is_relative_to(root.resolve()) and (root / inside).is_dir():
            return root / inside
    folders = sorted({str(p.parent.relative_to(root)) for root in roots for p in root.rglob("config.json")})
    listed = ", ".join(f"pip:{package}/{name}" for name in folders if not re.match(r"\d+_", Path(name).name)) or "none"
    raise InvalidInput(f"the package '{package}' holds no folder '{inside}'; expected a model folder; it has: {listed}")


def _cached_snapshot(head: str, revision: str | None) -> Path | None:
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    for name in ("config.json", "modules.json"):
        cached = try_to_load_from_cache(head, name, revision=revision)
        if isinstance(cached, str):
            return Path(cached).parent
    return None


def _download(head: str, revision: str | None, patterns: list[str]) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtra.named("hub", f"fetching '{head}' from the hub", "huggingface_hub") from None
    try:
        return Path(snapshot_download(head, revision=revision, allow_patterns=patterns))
    except Exception as error:
        raise _not_fetched(head, error) from None


def _not_fetched(head: str, error: Exception) -> InvalidInput:
    nowhere = f"'{head}' is no folder here{nearest_beside(Path(head))}"
    if type(error).__name__ == "RepositoryNotFoundError":
        return InvalidInput(
            f"{nowhere}, and the hub shows no such model; correct the name (a private model needs `hf auth login`)"
        )
    return InvalidInput(
        f"{nowhere} and could not be fetched from the hub ({type(error).__name__}:"
        f" {str(error).splitlines()[0][:200]}); expected a folder or a reachable hub id; correct the name, or check"
        " the network and HF_HUB_OFFLINE"
    )
