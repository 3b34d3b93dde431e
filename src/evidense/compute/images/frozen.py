"""Compute the pooled features of a frozen backbone once per item and reuse them while none of its weights is trained.

Features are computed in groups of a fixed number of rows of equal length. Their bits therefore do not depend on the batch that first
needed them, and a training that was killed and continued sees the same numbers.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from evidense.compute.images.captions import Captions
from evidense.compute.models.modules import device_of, evaluating
from evidense.compute.models.tokens import Tokens
from evidense.compute.pictures.queued import QueuedPictures

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MAX_KEPT_BYTES = 1 << 28
"""Bytes of features that are kept per backbone: 256 MiB."""
_GROUP = 8
"""Rows encoded together."""


class Memory:
    """Features of one backbone; they are valid until its weights change."""

    def __init__(self) -> None:
        self.writes: tuple[int, ...] = ()
        self.features: dict[Hashable, Tensor] = {}

    def of(self, module: "torch.nn.Module") -> "dict[Hashable, Tensor]":
        """Return the kept features; none if a weight was replaced or written to since."""
        writes = writes_to(module)
        if writes != self.writes:
            self.writes, self.features = writes, {}
        return self.features


_MEMORIES: "WeakKeyDictionary[Any, Memory]" = WeakKeyDictionary()


def writes_to(module: "torch.nn.Module") -> tuple[int, ...]:
    """Return which weights a module has, and how often torch has counted a write to each."""
    return tuple(n for p in module.parameters() for n in (id(p), p._version))


def is_frozen(module: "torch.nn.Module") -> bool:
    """Say whether no weight of a module is trained; if one is, drop its kept features."""
    trained = any(p.requires_grad for p in module.parameters())
    if trained:
        _MEMORIES.pop(module, None)
    return not trained


def features(
    module: "torch.nn.Module",
    prepared: Any,
    pool: "Callable[[Any], Tensor]",
    stored: Mapping[Hashable, np.ndarray] | None = None,
) -> "Tensor":
    """Return pooled features [b, e] of a frozen module, without gradient and dropout: stored ones, kept ones, and the others computed."""
    import torch

    stored = stored or {}
    known = _MEMORIES.setdefault(module, Memory()).of(module)
    keys = keys_of(prepared)
    missing = list({key: row for row, key in enumerate(keys) if key not in stored and key not in known}.items())
    fresh: dict[Hashable, Tensor] = {}
    if missing:
        rows = np.array([row for _, row in missing], np.int64)
        fresh = dict(zip((key for key, _ in missing), computed(module, prepared.take(rows), pool), strict=True))
    device = device_of(module)

    def row(key: Hashable) -> "Tensor":
        if key in stored:
            return torch.from_numpy(np.array(stored[key])).to(device)
        return known[key] if key in known else fresh[key]

    stacked = torch.stack([row(key) for key in keys])
    _keep(known, fresh)
    return stacked


def computed(module: "torch.nn.Module", prepared: Any, pool: "Callable[[Any], Tensor]") -> "list[Tensor]":
    """Return the pooled features [e] of each prepared row, computed now."""
    import torch

    features_of_row: dict[int, Tensor] = {}
    with torch.no_grad(), evaluating(module):
        for rows in _groups(np.asarray(prepared.sizes), range(len(prepared.sizes))):
            pooled_group = pool(prepared.take(np.resize(rows, _GROUP)))
            features_of_row |= {int(row): pooled_group[place].clone() for place, row in enumerate(rows)}
    return [features_of_row[row] for row in range(len(features_of_row))]


def _keep(known: "dict[Hashable, Tensor]", fresh: "dict[Hashable, Tensor]") -> None:
    n_each = max((f.nbytes for f in fresh.values()), default=1)
    for key, row in fresh.items():
        if (len(known) + 1) * n_each <= MAX_KEPT_BYTES:
            known[key] = row


def _groups(sizes: np.ndarray, rows: Sequence[int]) -> list[np.ndarray]:
    """Cut rows into groups of equal length."""
    groups = []
    for size in np.unique(sizes[list(rows)]) if rows else ():
        alike = np.array([row for row in rows if sizes[row] == size], np.int64)
        groups += [alike[start : start + _GROUP] for start in range(0, len(alike), _GROUP)]
    return groups


def keys_of(prepared: Any) -> list[Hashable]:
    """Return a key for each prepared row; equal rows have equal keys."""
    match prepared:
        case Tokens():
            return [prepared.flat[a:b].tobytes() for a, b in zip(prepared.offsets, prepared.offsets[1:], strict=False)]
        case Captions():
            return [ids.tobytes() + mask.tobytes() for ids, mask in zip(prepared.ids, prepared.mask, strict=True)]
        case QueuedPictures():
            return [picture for _, picture in prepared.pictures]
    raise TypeError(f"no keys are known for {type(prepared).__name__}")
