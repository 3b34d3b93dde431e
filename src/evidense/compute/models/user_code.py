"""Load a Python function of the user. The working folder is searched only for that function, never for other imports."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

from evidense.boundary.strangers import reason
from evidense.errors import InvalidInput


def file_of(module: str) -> str:
    """Return the file that a module would be run from, or "the installed module NAME"; nothing is imported."""
    return _in_folder(module, Path.cwd()) or f"the installed module {module}"


def function_of(module: str, name: str) -> Any:
    """Import a module, installed or from the working folder, and return its attribute `name`.

    An installed module wins over a file of the folder, so that no such file replaces a library.

    Raises:
        InvalidInput: there is no such module or attribute, or the module raises an error.
    """
    folder = Path.cwd()
    try:
        with _importable(folder):
            value = getattr(_imported(module), name)
    except (Exception, SystemExit) as error:
        raise InvalidInput(
            f"'python:{module}:{name}' cannot be imported ({type(error).__name__}: {reason(error)}). Expected python:MODULE:FUNCTION, "
            "with MODULE in this folder or installed."
        ) from error
    return _with_folder(value, folder) if callable(value) and _in_folder(module, folder) else value


def _imported(module: str) -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module(module)


def _in_folder(module: str, folder: Path) -> str:
    """Return the file of a module relative to the working folder; "" if the module is installed or absent."""
    top, *inner = module.split(".")
    if not top.isidentifier() or any(finder.find_spec(top, None) for finder in sys.meta_path):
        return ""
    place = Path(top, *inner)
    files = (place.with_suffix(".py"), place / "__init__.py", Path(top, "__init__.py"), Path(top))
    return next((str(file) for file in files if (folder / file).exists()), "")


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let imports in this block find modules of a folder, after all others."""
    entry = str(folder)
    sys.path.append(entry)
    try:
        yield
    finally:
        del sys.path[len(sys.path) - 1 - sys.path[::-1].index(entry)]


def _with_folder(function: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """Wrap the function so that imports inside it find the modules of its folder."""

    @wraps(function, updated=())
    def called(*arguments: Any, **options: Any) -> Any:
        with _importable(folder):
            return function(*arguments, **options)

    return called
