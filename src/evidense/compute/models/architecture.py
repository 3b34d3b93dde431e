"""Build models of transformers from an untrusted config.json: within bounds, and only if the weights fill the model."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from evidense.boundary.strangers import foreign
from evidense.compute.models.guard import refuse_unfilled
from evidense.errors import InvalidInput

if TYPE_CHECKING:
    import torch

LARGEST = 2**31 - 1
MOST_LABELS = 100_000
MOST_PARTS = 1000
"""Most layers, blocks or experts if no weights limit their number."""
_FREE = 1 << 28
"""Bytes that any model may use."""
_PARTS = re.compile(r"(^|_)(n_)?(layers?|blocks?|stages?|depths?|experts?)$")
_CODE = ("attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation")
"""Keys that make transformers fetch and run kernels of others."""
_SAYS_NOTHING = {"architectures", "transformers_version", "torch_dtype", "dtype", "model_type", "auto_map", *_CODE}
_AS_EVER: Mapping[str, Any] = {"position_embedding_type": "absolute"}
"""Keys of older configs with the only value that classes support now."""
_NO_INFLUENCE = {"_name_or_path", "transformers_version", "architectures"}
"""Keys of config.json that change no vector."""
Made = TypeVar("Made")


def config_of(source: Path, settings: Mapping[str, Any], n_weights: int | None = None) -> Any:
    """Return the transformers config for the keys of a config.json; no file is read and no foreign code is fetched.

    `n_weights` is the number of weights; a model cannot have more layers than that.

    Raises:
        InvalidInput: numbers are out of bounds, or the class of this model_type does not accept the config.
    """
    import transformers
    from transformers import CONFIG_MAPPING

    refuse_beyond_bounds(source, settings, n_weights)
    kind = settings.get("model_type")
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        raise InvalidInput(
            f"'{source}' has the model_type {kind!r:.60}. Expected one that transformers {transformers.__version__} knows; "
            "fetch the model again, or install a version that knows it."
        )
    with foreign(str(source), f"Expected what transformers {transformers.__version__} reads; fetch the model again."):
        config = CONFIG_MAPPING[kind].from_dict(_without_code(dict(settings)))
        config.dtype  # noqa: B018  (raises for an unknown name)
        return config


def vector_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a config.json that may change a vector; they are part of a tower's fingerprint."""
    return {key: value for key, value in settings.items() if key not in _NO_INFLUENCE}


def refuse_beyond_bounds(source: Path, settings: Mapping[str, Any], n_weights: int | None) -> None:
    """Refuse numbers that no real model has, before anything is built from them.

    Raises:
        InvalidInput: names all of them at once.
    """
    most = MOST_PARTS if n_weights is None else max(n_weights, 1)
    mistakes = []
    for name, value in _numbers(settings):
        key = name.rpartition(".")[2]
        bound = MOST_LABELS if key == "num_labels" else most if _PARTS.search(key) else LARGEST
        if isinstance(value, float) and math.isnan(value):
            mistakes.append(f"'{name}' is not a number (NaN). Expected a number.")
        elif isinstance(value, int) and abs(value) > bound:
            reason = f", as there are {n_weights} weights" if bound == most and n_weights is not None else ""
            mistakes.append(f"'{name}' is {value:,}. Expected at most {bound:,}{reason}.")
    if mistakes:
        raise InvalidInput.all_of(str(source), mistakes)


def filled(make: Callable[[], Made], module: "Callable[[Made], torch.nn.Module]", tensors: "Mapping[str, torch.Tensor]", source: str) -> Made:  # fmt: skip
    """Build a model if these tensors fill all its weights: first without memory, to compare, then for real.

    Raises:
        IncompleteWeights, InvalidInput: as `load_guarded`; or transformers raised an error.
    """
    with _undrawn():
        refuse_unfilled(module(_blank(make, source)), tensors, source)
        return made(make, source)


def _undrawn() -> AbstractContextManager[object]:
    """Return a context in which weights get the mean of what would be drawn: drawing what a file then fills takes half of an opening."""
    import torch

    class Undrawn(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = dict(kwargs or {})
            mean_of = _MEANS.get(getattr(func, "__name__", ""))
            if mean_of is None:
                return func(*args, **kwargs)
            tensor, *ends = args or (kwargs.pop("tensor"),)
            with torch.no_grad():
                return tensor.fill_(mean_of(*ends, *kwargs.values()))

    return Undrawn()


_MEANS: Mapping[str, Callable[..., float]] = {
    "normal_": lambda mean=0.0, *_: mean,
    "uniform_": lambda low=0.0, high=1.0, *_: (low + high) / 2,
    "kaiming_uniform_": lambda *_: 0.0,
    "kaiming_normal_": lambda *_: 0.0,
}
"""Function of torch that draws → the mean of what it draws, from its arguments after the tensor, in their order."""


def drawn(make: Callable[[], Made], module: "Callable[[Made], torch.nn.Module]", source: str) -> Made:
    """Build a model with random weights, if this machine has the memory.

    Raises:
        InvalidInput: the machine has too little memory; or transformers raised an error.
    """
    _refuse_more_than(_memory(), module(_blank(make, source)), source, "this machine has")
    return made(make, source)


def refuse_larger(make: "Callable[[], torch.nn.Module]", n_values: int, source: str) -> None:
    """Refuse, before it is built, a model that needs far more memory than this many weights fill.

    Raises:
        InvalidInput: the model needs too much; or transformers raised an error.
    """
    _refuse_more_than(_FREE + 8 * n_values, _blank(make, source), source, f"{n_values:,} weights fill")


def _blank(make: Callable[[], Made], source: str) -> Made:
    import torch

    with torch.device("meta"):
        return made(make, source)


def _refuse_more_than(n_bytes: int, model: "torch.nn.Module", source: str, why: str) -> None:
    needed = sum(t.numel() * t.element_size() for t in [*model.parameters(), *model.buffers()])
    if needed > n_bytes:
        raise InvalidInput(f"'{source}' asks for a model of {needed:,} bytes. Expected at most the {n_bytes:,} that {why}; correct it.")  # fmt: skip


def made(make: Callable[[], Made], source: str) -> Made:
    """Build a model with a class of transformers; any error becomes one InvalidInput that names the source.

    Raises:
        InvalidInput: transformers raised an error.
    """
    import transformers

    with foreign(source, f"Expected a config.json that its class in transformers {transformers.__version__} takes; fetch the model again."):  # fmt: skip
        return make()


def config_doubts(settings: Mapping[str, Any], config: Any) -> tuple[str, ...]:
    """Return a sentence for each key of config.json that has no effect here: keys unknown to the class, and the number type."""
    known_keys = _known(config)
    unread = sorted(
        key
        for key, value in settings.items()
        if key not in known_keys | _SAYS_NOTHING and not key.startswith("_") and value and _AS_EVER.get(key) != value
    )
    doubts = []
    if known_keys and unread:
        doubts.append(f"config.json sets {', '.join(unread)[:300]}, which {type(config).__name__} does not read")
    code_keys = [key for key in _CODE if settings.get(key)]
    doubts += [f"config.json sets {key} = {settings[key]!r:.60}, which is not honoured" for key in code_keys]
    stored = settings.get("dtype") or settings.get("torch_dtype") or "float32"
    if stored not in {"float32", "auto"}:
        doubts.append(f"config.json sets the number type {stored}, which is not honoured (float32 unless @dtype=bf16)")
    return tuple(doubts)


def _known(config: Any) -> set[str]:
    """Return the keys that the class of a config reads; none if that cannot be found out."""
    try:
        plain = type(config)()
        return {*plain.to_dict(), *vars(plain), *getattr(type(config), "attribute_map", {})}
    except Exception:
        return set()


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, int | float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, value


def _without_code(settings: dict[str, Any]) -> dict[str, Any]:
    allowed = {key: value for key, value in settings.items() if key not in _CODE}
    return {key: _without_code(value) if isinstance(value, dict) else value for key, value in allowed.items()}


def _memory() -> int:
    import os

    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
