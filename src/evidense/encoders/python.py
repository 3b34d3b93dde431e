"""A Python function of yours from texts to an array: `python:module:function`, or any callable through the API."""

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, cast

from evidense.boundary.consent import require
from evidense.compute.models.user_code import file_of, function_of
from evidense.compute.similarity import chosen, normalises
from evidense.compute.texts.function_tower import PROBE, Function, FunctionTower, called
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.compute.two_sides import TwoSidedEncoder, shared_if_equal
from evidense.errors import InvalidInput
from evidense.parts import SIDES, Setup, Side
from evidense.records import sha256_of
from evidense.values import Spelling

_PREFIX = "python:"
_OPTIONS = {"similarity", "normalize", "query_prompt", "document_prompt", "prompt"}


@dataclass(frozen=True, eq=False)
class FunctionEncoder(TwoSidedEncoder[FunctionTower]):
    """A function as an encoder."""


def from_function(function: Function, name: str, options: Mapping[str, str] | None = None) -> FunctionEncoder:
    """Make an encoder from a function that maps a list of texts to an array (texts, dimensions).

    A function with a parameter `side` receives 'query' or 'document'. Cached vectors are keyed by the source of the function and its
    vectors of three probe texts, so that another model behind the same name is encoded anew.

    Raises:
        InvalidInput: the function returns no such array.
    """
    options = options or {}
    towers = {side: _tower(function, name, side, options) for side in SIDES}
    query = towers["query"]
    document = shared_if_equal(query, towers["document"])
    if query.n_dims != document.n_dims:
        raise InvalidInput(
            f"'{name}' gives {query.n_dims} dimensions for queries and {document.n_dims} for documents; expected equal"
            " numbers"
        )
    setup = Setup(
        query_prompt=query.prompt,
        document_prompt=document.prompt,
        normalised=query.normalised or None,
        similarity=chosen(options.get("similarity"), None, name),
        n_dims=query.n_dims,
        bytes_per_vector=4.0 * query.n_dims,
    )
    return FunctionEncoder(name, setup, query, document)


def _tower(function: Function, name: str, side: Side, options: Mapping[str, str]) -> FunctionTower:
    bound = partial(cast(Any, function), side=side) if _takes_side(function) else function
    prompt = options.get(f"{side}_prompt", options.get("prompt", ""))
    normalised = normalises(options, False)
    probe = called(bound, PROBE)
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        source = type(inspect.unwrap(function)).__qualname__
    fingerprint = sha256_of(["function", name, source, hashlib.sha256(probe.tobytes()).hexdigest(), prompt, normalised])
    return FunctionTower(fingerprint, bound, int(probe.shape[1]), prompt, normalised)


def _takes_side(function: Function) -> bool:
    try:
        return "side" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True)
class PythonPart:
    """Opens `python:module:function`."""

    runs_code: ClassVar[bool] = True
    name: str = "python"
    spellings: tuple[str, ...] = ("python:my_module:embed",)

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling begins with `python:`."""
        return spelling.head.startswith(_PREFIX)

    def open(self, spelling: Spelling) -> FunctionEncoder:
        """Import the module, installed or from the working folder, and return its function as an encoder.

        Raises:
            UnsafeInput: the user did not name the function; a study or a page did.
            InvalidInput: there is no such module or function, or it returns no array.
        """
        refuse_unknown_options(spelling, _OPTIONS)
        module, _, name = spelling.head.removeprefix(_PREFIX).partition(":")
        if not module or not name:
            raise InvalidInput(f"'{spelling}' names no function; expected python:MODULE:FUNCTION")
        require(f"{module}:{name}", file_of(module))
        function = function_of(module, name)
        if not callable(function):
            raise InvalidInput(
                f"'{spelling}' is a {type(function).__name__}; expected a function from a list of texts to an array"
            )
        return from_function(function, str(spelling), spelling.options)


PART = PythonPart()
