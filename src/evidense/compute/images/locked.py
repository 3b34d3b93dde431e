"""Keep the pooled states of a locked backbone in the store: computed once an item, then read by every training and every ranking.

A backbone is locked while it has exactly the weights that its towers were built with (`two_towers.json` holds their sha256). States of an
item are filed under a key of everything else that changes their bits: weights, pooling, preprocessing, versions, threads, processor. Each
fill adds one blob with the states of the items that were missing, and a note of whose they are. A fill that is killed continues, and ends
in the same bytes; where two processes fill at once, both end with the same states.
"""

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float32

from evidense.compute.environment import installed_version
from evidense.compute.images import frozen
from evidense.compute.models.architecture import vector_settings
from evidense.compute.models.checkpoint import sha256_of_tensors
from evidense.compute.models.modules import device_of
from evidense.compute.models.tokens import Tokens
from evidense.compute.pictures.queued import QueuedPictures
from evidense.compute.progress import Progress
from evidense.compute.search.encode import encode
from evidense.errors import StoreError
from evidense.records import sha256_of
from evidense.store import Store
from evidense.values import Item, Modality

if TYPE_CHECKING:
    from torch import Tensor

ROOM = "states"
"""The store's room for notes: key of the states and of a fill → blob of states, blob of the contents that they belong to."""
_WORKING = 1
"""Part of every key. Raise it if a change of this code changes the bits of states."""
_LIBRARIES = ("torch", "transformers", "pillow", "resvg-py")
"""Packages whose versions may change the bits of a state: of the computation, and of the decoding of pictures."""
_KEY_LENGTH = 40
"""Letters of a note's name that say which states it holds; the rest says whose."""


@dataclass(eq=False)
class LockedHalf:
    """One tower of two, text or picture, whose backbone has the weights it was built with."""

    tower: Any
    """TextTower or ImageTower."""
    key: str
    """sha256 over everything that changes the bits of a state, except the item."""
    writes: "Mapping[Tensor, int]"
    """Weights and statistics of the backbone, and how often torch had counted a write to each when it was opened."""
    was_trained: bool = False
    rows: dict[Hashable, Float32[np.ndarray, " e"]] = field(default_factory=dict)
    """Key of a prepared item (see `frozen.keys_of`) → its states in a memory map."""

    @property
    def is_locked(self) -> bool:
        """Whether the backbone has its weights still; once it is trained, its states are never taken from the store again."""
        if not self.was_trained:
            is_written = any(weight._version != n_writes for weight, n_writes in self.writes.items())
            self.was_trained = is_written or not frozen.is_frozen(self.tower.body)
        if self.was_trained:
            self.rows.clear()
        return not self.was_trained

    def states(self, prepared: Any) -> "Tensor":
        """Return the pooled states [b, e] of prepared items: those at hand, others computed now. The bits are the same."""
        return frozen.features(self.tower.body, prepared, self.tower.pooled, self.rows)

    def fill(self, items: Sequence[Item], store: Store, progress: Progress | None = None) -> None:
        """Have the states of these items at hand: from the store, and the missing ones computed and stored.

        Raises:
            InvalidInput, UnsafeInput: an item cannot be encoded.
            StoreError: the disk is full; the next call continues.
        """
        prepared = self.tower.prepare(items)
        row_of_key = {key: row for row, key in enumerate(frozen.keys_of(prepared)) if key not in self.rows}
        if not row_of_key:
            return
        contents = _contents(prepared.take(np.array(list(row_of_key.values()), np.int64)))
        stored = self._stored(store)
        missing = {content: row for content, row in zip(contents, row_of_key.values(), strict=True) if content not in stored}  # fmt: skip
        if missing:
            self._add(list(missing), [items[row] for row in missing.values()], store, progress)
            stored = self._stored(store)
        self.rows.update({key: stored[content] for key, content in zip(row_of_key, contents, strict=True)})

    def _add(self, contents: list[str], items: Sequence[Item], store: Store, progress: Progress | None) -> None:
        encoded = encode(_StatesTower(self.tower, self.key, contents), items, store, progress=progress)
        name = self.key[:_KEY_LENGTH] + sha256_of(contents)[: 64 - _KEY_LENGTH]
        store.note(ROOM, name, {"of": self.key, "states": encoded.blob, "contents": store.put_json(contents)})

    def _stored(self, store: Store) -> dict[str, Float32[np.ndarray, " e"]]:
        """Return content → states of every undamaged fill."""
        stored: dict[str, Float32[np.ndarray, " e"]] = {}
        for note in store.notes(ROOM, self.key[:_KEY_LENGTH]):
            try:
                states, contents = np.asarray(store.array(str(note["states"]))), store.json(str(note["contents"]))
            except StoreError:
                continue  # a damaged blob: its items are missing, and are computed again
            if note["of"] == self.key:
                stored.update(zip(contents, states, strict=True))
        return stored


def locked_half(tower: Any, built_with: str | None) -> LockedHalf | None:
    """Return a tower as a locked half; None if it has no backbone, or one with other weights than the sha256 says."""
    if built_with is None or weights_sha256(tower) != built_with:
        return None
    import torch

    model = tower.body
    config = model.config.to_dict() if hasattr(model.config, "to_dict") else vars(model.config)
    versions = {name: installed_version(name) for name in _LIBRARIES}
    machine = [versions, torch.get_num_threads(), torch.backends.cpu.get_cpu_capability(), str(device_of(model))]
    how_made = [_WORKING, built_with, type(model).__name__, vector_settings(config), tower.how_pooled]
    writes = {weight: weight._version for weight in (*model.parameters(), *model.buffers())}
    return LockedHalf(tower, sha256_of([*how_made, *machine]), writes)


def weights_sha256(tower: Any) -> str:
    """Return the sha256 over the weights and statistics of a tower's backbone."""
    return sha256_of_tensors(tower.body.state_dict())


def _contents(prepared: Any) -> list[str]:
    """Return the sha256 of what each prepared item shows the backbone: its token ids, or the bytes of its picture."""
    match prepared:
        case Tokens():
            return [
                hashlib.sha256(prepared.take(np.array([row])).flat.tobytes()).hexdigest()
                for row in range(len(prepared.sizes))
            ]
        case QueuedPictures():
            return [picture.sha256() for _, picture in prepared.pictures]
    raise TypeError(f"no contents are known for {type(prepared).__name__}")


@dataclass(frozen=True, eq=False)
class _StatesTower:
    """Encodes items to the pooled states of a backbone, in groups that make the bits of a row its own."""

    tower: Any
    key: str
    contents: Sequence[str]
    """What the backbone is shown of each item; equal fills have equal fingerprints, whatever follows the backbone."""
    identity: Literal["content"] = "content"
    n_layers: int = 0

    @cached_property
    def fingerprint(self) -> str:
        return sha256_of(["states", self.key, list(self.contents)])

    @property
    def n_dims(self) -> int:
        return int(self.tower.n_pooled)

    @property
    def modalities(self) -> frozenset[Modality]:
        modalities: frozenset[Modality] = self.tower.modalities
        return modalities

    @property
    def token_budget(self) -> int:
        return int(self.tower.token_budget)

    @property
    def flops_per_token(self) -> float:
        return float(getattr(self.tower, "flops_per_token", 0.0))

    def prepare(self, items: Sequence[Item]) -> Any:
        return self.tower.prepare(items)

    def vectors(self, prepared: Any) -> Float32[np.ndarray, "b e"]:
        pooled = frozen.computed(self.tower.body, prepared, self.tower.pooled)
        return np.stack([row.cpu().numpy() for row in pooled])
