"""Dropout keyed by row: the mask of a row depends on (seed, step, row, call), not on chunks, padding, other rows or processes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from jaxtyping import Bool, UInt64

from evidense.compute.part_of_batch import encoded_part

if TYPE_CHECKING:
    from torch import Tensor, nn

_LANES = 4
"""One 64-bit number decides four values, 16 bits each."""
_STEPS = 1 << 16
"""Levels of a probability: .1 becomes 6554/65536, and the kept values are scaled by what is really kept."""
_BLOCK = 1 << 15
"""How many numbers are mixed at once: few enough to stay in the processor's cache."""
_SHARED = np.uint64(0xFFFF_FFFF_FFFF)
"""Stands for the row of values that belong to no row of the batch, such as relative positions."""
_MASK = (1 << 64) - 1
_AXES = (0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7, 0xABC98388FB8FAC03, 0x9E3779B97F4A7C15)
_M1, _M2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def has_dropout(modules: "Iterable[nn.Module]") -> bool:
    """Say whether any of these modules, or a module inside one, has dropout."""
    return any(_rate(inside) > 0 for module in modules for inside in module.modules())


def _rate(module: "nn.Module") -> float:
    return max((float(value) for name, value in vars(module).items() if _is_rate(module, name, value)), default=0.0)


@contextmanager
def rate(modules: "Iterable[nn.Module]", probability: float | None) -> Iterator[None]:
    """Set every dropout of these modules to this probability within this context; None changes nothing."""
    changed: list[tuple[nn.Module, str, float]] = []
    for inside in {i for module in modules for i in module.modules()} if probability is not None else ():
        changed += [(inside, name, value) for name, value in vars(inside).items() if _is_rate(inside, name, value)]
    for inside, name, _ in changed:
        setattr(inside, name, probability)
    try:
        yield
    finally:
        for inside, name, value in changed:
            setattr(inside, name, value)


def _is_rate(module: "nn.Module", name: str, value: Any) -> bool:
    from torch.nn.modules.dropout import _DropoutNd

    return isinstance(value, float | int) and not isinstance(value, bool) and (
        name == "p" if isinstance(module, _DropoutNd) else "dropout" in name and isinstance(value, float)
    )  # fmt: skip


def keyed(key: Sequence[int], rows: UInt64[np.ndarray, " b"]) -> Any:
    """Return a context in which dropout follows this key; rows[i] is the key of the i-th encoded row.

    Within it, `torch.nn.functional.dropout` and the dropout of `scaled_dot_product_attention` take their masks from a counter-based
    generator: the mask of a value depends on its coordinates within the row, so padding does not change it.

    Source: Steele, Lea & Flood 2014 (SplitMix64), whose finaliser mixes row key + coordinate.
    """
    return _mode_class()(_Masks(_fold(key), rows))


def keep(base: int, rows: UInt64[np.ndarray, " b"], shape: Sequence[int], p: float) -> Bool[np.ndarray, "b ..."]:
    """Return which values of an array [b, …] dropout keeps.

    >>> long, short = (keep(7, np.arange(3, dtype=np.uint64), (3, t, 8), .5) for t in (6, 4))
    >>> bool((long[:, :4] == short).all()), bool((long[0] == long[1]).all())
    (True, False)
    """
    places = _places(tuple(shape[1:]))
    keys = _mix(rows * np.uint64(_AXES[3]) + np.uint64(base))
    is_kept = np.empty((len(rows), places.size * _LANES), np.bool_)
    threshold = np.uint16(round(p * _STEPS))
    size = max(1, _BLOCK // places.size)
    for first in range(0, len(rows), size):
        mixed = _mix(keys[first : first + size, None] + places)
        np.greater_equal(mixed.view(np.uint16), threshold, out=is_kept[first : first + size])
    is_kept = is_kept.reshape(len(rows), *shape[1:-1], -1)
    return is_kept[..., : shape[-1]]


@lru_cache(maxsize=32)
def _places(shape: tuple[int, ...]) -> UInt64[np.ndarray, " n"]:
    """Return one number for each group of four values of a row, computed from the group's coordinates."""
    counts = (*shape[:-1], -(-shape[-1] // _LANES))
    total = np.zeros(counts, np.uint64)
    for axis, count in enumerate(counts):
        steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_AXES[axis % 4] + 2 * (axis // 4))
        total += steps.reshape([-1 if a == axis else 1 for a in range(len(counts))])
    return total.reshape(-1)


def _mix(x: np.ndarray) -> np.ndarray:
    """Mix 64-bit numbers in place."""
    shifted = np.empty_like(x)
    for shift, factor in ((30, _M1), (27, _M2)):
        np.right_shift(x, np.uint64(shift), out=shifted)
        x ^= shifted
        x *= np.uint64(factor)
    np.right_shift(x, np.uint64(31), out=shifted)
    x ^= shifted
    return x


def _fold(key: Iterable[int]) -> int:
    """Combine numbers, in order, into one 64-bit number."""
    state = 0
    for number in key:
        state = int(_mix(np.array([(state * _AXES[0] + number + 1) & _MASK], np.uint64))[0])
    return state


@lru_cache(maxsize=1)
def _apply_class() -> Any:
    import torch

    class Apply(torch.autograd.Function):  # type: ignore[misc]
        """Values × mask × scale in one pass, forward and backward; it keeps one byte a value for backward."""

        @staticmethod
        def forward(ctx: Any, values: "Tensor", mask: "Tensor", scale: float) -> "Tensor":
            ctx.save_for_backward(mask)
            ctx.scale = scale
            return _thinned(values, mask, scale)

        @staticmethod
        def backward(ctx: Any, grad: "Tensor") -> "tuple[Tensor, None, None]":
            (mask,) = ctx.saved_tensors
            return _thinned(grad, mask, ctx.scale), None, None

    return Apply


def _thinned(values: "Tensor", mask: "Tensor", scale: float) -> "Tensor":
    """Return values × mask × scale; on a CPU by numpy, which needs no copy of the mask as floats (2.9 times faster)."""
    import torch

    if values.device.type != "cpu" or values.dtype not in (torch.float32, torch.float64):
        return torch.ops.aten.native_dropout_backward(values, mask, scale)
    thinned = np.multiply(values.detach().numpy(), mask.numpy())
    thinned *= thinned.dtype.type(scale)
    return torch.from_numpy(thinned)


class _Masks:
    """The masks of one context: each call of dropout, counted by tower, has a mask of its own."""

    def __init__(self, base: int, rows: UInt64[np.ndarray, " b"]) -> None:
        self.base, self.rows = base, rows
        self.calls: Counter[int] = Counter()

    def dropped(self, values: "Tensor", p: float = 0.5, training: bool = True, inplace: bool = False) -> "Tensor":
        """Set some of the values to zero and scale up the others; the signature is that of torch's own dropout."""
        import torch

        if not training or p <= 0:
            return values
        if p >= 1:
            return values * 0
        mask = torch.from_numpy(self._mask(values.shape, p)).to(values.device)
        return cast("Tensor", _apply_class().apply(values, mask, 1 / (1 - round(p * _STEPS) / _STEPS)))

    def _mask(self, shape: Sequence[int], p: float) -> Bool[np.ndarray, "..."]:
        part = encoded_part()
        tower, rows = (0, self.rows) if part is None else (part.tower, self.rows[part.rows])
        self.calls[tower] += 1
        base = _fold((self.base, self.calls[tower] + (tower << 32)))
        n = len(rows)
        if len(shape) <= 1 or shape[0] % n:  # nothing of a row of the batch
            return cast(np.ndarray, keep(base, np.array([_SHARED]), (1, *shape), p)[0])
        by_row = (n, shape[0] // n, *shape[1:]) if shape[0] > n else tuple(shape)
        return keep(base, rows, by_row, p).reshape(shape)


@lru_cache(maxsize=1)
def _mode_class() -> type:
    from torch.nn import functional
    from torch.overrides import TorchFunctionMode

    drop, attend = functional.dropout, functional.scaled_dot_product_attention

    class Keyed(TorchFunctionMode):  # type: ignore[misc]
        """Answers dropout with keyed masks, and passes every other call on."""

        def __init__(self, masks: _Masks) -> None:
            super().__init__()
            self.masks = masks

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if func is drop:
                return self.masks.dropped(*args, **kwargs)
            if func is attend:
                arguments = {**dict(zip(_PARAMETERS, args, strict=False)), **kwargs}
                if arguments.get("dropout_p"):
                    return _attended(self.masks.dropped, arguments)
            return func(*args, **kwargs)

    return Keyed


_PARAMETERS = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa")
"""Parameters of torch's scaled_dot_product_attention, in order."""


def _attended(drop: "Callable[[Tensor, float], Tensor]", arguments: dict[str, Any]) -> "Tensor":
    """Compute scaled dot-product attention step by step, since torch's fused dropout cannot be keyed."""
    import torch

    query, key, value = (arguments[name] for name in _PARAMETERS[:3])
    mask = arguments.get("attn_mask")
    if arguments.get("enable_gqa"):
        key, value = (x.repeat_interleave(query.shape[-3] // x.shape[-3], dim=-3) for x in (key, value))
    factor = query.shape[-1] ** -0.5 if arguments.get("scale") is None else arguments["scale"]
    scores = (query * factor) @ key.transpose(-2, -1)
    if arguments.get("is_causal"):
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    return drop(scores.softmax(-1), arguments["dropout_p"]).to(value.dtype) @ value
