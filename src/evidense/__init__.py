"""Evidense puts claims about dense retrievers to the test."""

import importlib
import importlib.util

TYPE_CHECKING = False  # as typing's own, without importing it: `python -m` finds modules of the working folder first
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

__all__ = ["__version__"]


def __getattr__(name: str) -> "Any":
    """Fetch a public name from `evidense.api` when it is first asked for; rooms are left to the import system."""
    if name.startswith("_") or importlib.util.find_spec(f"evidense.{name}") is not None:
        raise AttributeError(name)
    return getattr(importlib.import_module("evidense.api"), name)


def __dir__() -> list[str]:
    """List the public names, so that notebooks can autocomplete them."""
    return sorted({"__version__", *importlib.import_module("evidense.api").__all__})
