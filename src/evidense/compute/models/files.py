"""Read files of a model folder safely: only regular files of plausible size inside the folder, JSON checked against its form."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from evidense.boundary.documents import checked, parsed
from evidense.boundary.files import MIB, exists, read_bytes
from evidense.boundary.strangers import reason
from evidense.errors import InvalidInput, UnsafeInput

MOST_JSON = 32 * MIB
"""Most bytes of a JSON file (settings, indices of weights)."""
MOST_OTHER = 128 * MIB
"""Most bytes of any other file except weights (vocabularies, cards). The largest tokeniser in use has 34 MB."""
_WEIGHTS = {".safetensors", ".gguf", ".bin", ".pth", ".pt", ".onnx", ".h5", ".msgpack", ".npy", ".npz", ".ckpt"}
_DEPTH = 2

AnyForm = TypeVar("AnyForm", bound=BaseModel)


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object; {} if the file is absent.

    Raises:
        InvalidInput: the file is not regular, too large, or no JSON object.
    """
    if not exists(path):
        return {}
    value = parsed(_data(path), str(path))
    if not isinstance(value, dict):
        raise InvalidInput(f"'{path}' holds a JSON {type(value).__name__}. Expected an object; fetch the model again.")
    return value


def read_form(form: type[AnyForm], path: Path) -> AnyForm:
    """Return a JSON file as an instance of its form; the defaults of the form if the file is absent.

    Raises:
        InvalidInput: as `read_json`; or values have the wrong type (all at once).
    """
    return checked(form, parsed(_data(path), str(path)) if exists(path) else {}, str(path))


def refuse_irregular(folders: Iterable[Path]) -> None:
    """Check every file of these folders before a library opens one: a pipe or device would hang it, a huge file would fill the memory.

    Raises:
        InvalidInput: files are not regular or too large (all at once).
    """
    mistakes = [mistake for folder in dict.fromkeys(folders) for mistake in _mistakes(folder)]
    if mistakes:
        raise InvalidInput.all_of("model folder", list(dict.fromkeys(mistakes)))


def inside(folder: Path, name: str, source: Path) -> Path:
    """Return the path inside a model folder for a name that one of its files gives.

    Raises:
        UnsafeInput: the name leads outside the folder.
        InvalidInput: the name cannot be a path (a NUL character, too long).
    """
    try:
        path = folder / name
        with suppress(FileNotFoundError, NotADirectoryError):
            os.stat(path)
        within = not os.path.isabs(name) and os.path.normpath(path).startswith(os.path.normpath(folder))
        if within and (not path.is_dir() or path.resolve().is_relative_to(folder.resolve())):
            return path
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"'{source}' names '{name[:60]}', which is no path ({reason(error):.60}). Expected a path inside the model folder; "
            "fetch the model again."
        ) from None
    raise UnsafeInput(
        f"'{source}' names a path outside the model folder ({name[:60]!r}). Expected a path inside; do not use this model."
    )


def read_head(path: Path, n_bytes: int) -> str:
    """Return the beginning of a text file; '' if it is absent. Invalid UTF-8 is replaced."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(n_bytes).decode("utf-8", errors="replace")


def _data(path: Path) -> bytes:
    if (size := path.stat().st_size) > MOST_JSON:
        raise InvalidInput(f"'{path}' has {size:,} bytes. Expected settings of at most {MOST_JSON:,} bytes; fetch the model again.")  # fmt: skip
    return read_bytes(path, "a JSON file")


def _mistakes(folder: Path) -> Iterator[str]:
    for root, inner, names in os.walk(folder):
        if len(Path(root).relative_to(folder).parts) >= _DEPTH:
            inner.clear()
        for name in sorted(names):
            path = Path(root) / name
            try:
                status = path.stat()
            except OSError:  # a broken link; the code that needs the file reports it
                continue
            if not stat.S_ISREG(status.st_mode):
                yield f"'{path}' is a pipe, socket or device. Expected a regular file; take it out."
            elif status.st_size > MOST_OTHER and path.suffix not in _WEIGHTS:
                yield f"'{path}' has {status.st_size:,} bytes. Expected at most {MOST_OTHER:,} of a file without weights; fetch the model again."
