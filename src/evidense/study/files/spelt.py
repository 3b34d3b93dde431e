"""Turn the arguments of the Python functions (texts, paths, objects) into the spellings of a study, or refuse them in one line."""

import os
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any, TypeGuard

from evidense.errors import InvalidInput
from evidense.values import Collection

Path = str | os.PathLike[str]
Where = Path | Collection
SYSTEM = "a system is a string, a path, an open encoder or ranker, or a function from texts to vectors"
_COLLECTION = "a collection is a string, a path or a Collection, or a list of these"
_TABLES = {"DataFrame": "save it as CSV and name the file"}
_ADVICE = {
    "list": "give several as further arguments, ev.compare(BASE, A, B), or the training seeds of one system as seeds={'NAME': [A, B, C]}",
    "tuple": "give several as further arguments, ev.compare(BASE, A, B), or the training seeds of one system as seeds={'NAME': [A, B, C]}",
    "dict": "save results as JSON, {query: {document: score}}, and name the file",
    "ndarray": "save vectors as a folder with queries.npy and documents.npy, and name the folder",
}


def is_path(value: object) -> TypeGuard[Path]:
    """Say whether a value is a text or a path."""
    return isinstance(value, str | os.PathLike)


def not_a_system(value: object) -> InvalidInput:
    """Return the error for a value that cannot be a system.

    >>> print(not_a_system(7))
    a system is a string, a path, an open encoder or ranker, or a function from texts to vectors; this is a int; name one
    """
    kind = type(value).__name__
    return InvalidInput(f"{SYSTEM}; this is a {kind}; {_ADVICE.get(kind, 'name one')}")


def collections_given(
    on: Where | Iterable[Where], qrels: Path | Sequence[Path] | None = None
) -> tuple[list[str], dict[str, Collection]]:
    """Return the spellings of collections, and a map from spelling to Collection for those that are objects of this process.

    Raises:
        InvalidInput: a value is not a text, a path or a Collection.
    """
    named = [on] if is_path(on) or isinstance(on, Collection) else _each(on)
    judged = [] if qrels is None else [qrels] if is_path(qrels) else _each(qrels)
    values = {item.name: item for item in named if isinstance(item, Collection)}
    spellings = [item.name if isinstance(item, Collection) else _text(item) for item in named]
    return [*spellings, *(f"trec:{_text(path)}" for path in judged)], values


def texts(values: object) -> list[object]:
    """Return the values of a setting as a list, with paths as texts. A single value becomes a list of one."""
    several = [values] if is_path(values) or not isinstance(values, Iterable) else list(values)
    return [os.fspath(value) if is_path(value) else value for value in several]


def _each(values: object) -> list[Any]:
    if not isinstance(values, Sequence | Set | Iterator):
        raise _not_a_collection(values)
    return list(values)


def _text(value: object) -> str:
    if not is_path(value):
        raise _not_a_collection(value)
    return os.fspath(value)


def _not_a_collection(value: object) -> InvalidInput:
    kind = type(value).__name__
    return InvalidInput(f"{_COLLECTION}; this is a {kind}; {_TABLES.get(kind, 'name a file or a folder')}")
