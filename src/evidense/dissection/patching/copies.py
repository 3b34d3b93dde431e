"""Copies of an encoder with some tensors replaced and a new fingerprint; the original is not changed."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from evidense.compute.models.checkpoint import sha256_of_tensors
from evidense.dissection.patching.sites import Names, halves
from evidense.errors import InvalidInput
from evidense.parts import Encoder
from evidense.records import sha256_of

if TYPE_CHECKING:
    from torch import Tensor


def patched(encoder: Encoder, donor: Encoder, half: str, names: Names) -> Encoder:
    """Return a copy of an encoder with these tensors taken from a donor of the same shapes.

    Raises:
        InvalidInput: the donor lacks a tensor, or as `changed`.
    """
    theirs = halves(donor)[half].tensors
    if missing := sorted(names - set(theirs)):
        raise InvalidInput(
            f"'{donor.name}' has no '{missing[0]}' ({len(missing)} such tensors); expected an encoder of the same architecture; patch another"
        )
    return changed(encoder, half, {name: theirs[name] for name in names})


def changed(encoder: Encoder, half: str, tensors: "Mapping[str, Tensor]") -> Encoder:
    """Return a copy with these tensors replaced; return the encoder itself if all of them are equal to the bit.

    The fingerprints of the copy's towers depend on the old ones and on the new tensors, so cached results of the two are never confused.
    Tokenisers and readers of pictures are shared.

    Raises:
        InvalidInput: this half has no such tensor, or one of another shape.
    """
    import torch

    current = halves(encoder)[half].tensors
    _check(encoder, current, tensors)
    new = {name: tensor for name, tensor in tensors.items() if not torch.equal(current[name], tensor)}
    if not new:
        return encoder
    copied = _copied(encoder)
    with torch.no_grad():
        places = halves(copied)[half].tensors
        for name, tensor in new.items():
            places[name].copy_(tensor)
    stamp = sha256_of(["changed", half, sha256_of_tensors({name: t.detach().cpu() for name, t in new.items()})])
    for tower in _towers(copied, set()):
        object.__setattr__(tower, "fingerprint", sha256_of([tower.fingerprint, stamp]))
    setup = replace(encoder.setup, weights_sha256=sha256_of([encoder.setup.weights_sha256, stamp]))
    return cast(Encoder, replace(cast(Any, copied), setup=setup, name=f"{encoder.name} (changed {stamp[:8]})"))


def _check(encoder: Encoder, current: "Mapping[str, Tensor]", tensors: "Mapping[str, Tensor]") -> None:
    for name, tensor in tensors.items():
        if name not in current or current[name].shape != tensor.shape:
            there = f"{tuple(current[name].shape)}" if name in current else "no such tensor"
            raise InvalidInput(
                f"'{name}' of shape {tuple(tensor.shape)} does not fit into '{encoder.name}', which has {there}; expected the same names and "
                "shapes; take a donor of the same architecture"
            )


def _copied(encoder: Encoder) -> Encoder:
    """Copy all weights; readers of texts and pictures are shared."""
    shared = [tower.reader for tower in _towers(encoder, set()) if hasattr(tower, "reader")]
    return copy.deepcopy(encoder, {id(reader): reader for reader in shared})


def _towers(value: Any, visited: set[int]) -> Iterator[Any]:
    """Yield every tower inside an encoder once, at any depth."""
    if not is_dataclass(value) or isinstance(value, type) or id(value) in visited:
        return
    visited.add(id(value))
    if hasattr(value, "fingerprint"):
        yield value
    for part in fields(value):
        yield from _towers(getattr(value, part.name), visited)
