"""Ablation: an encoder whose chosen neurons are silenced; the original encoder is not changed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from jaxtyping import Bool, Float32, Float64

from evidense.compute.layer_states import half_of
from evidense.dissection.attribution.dense_modules import DenseModule, dense_modules
from evidense.dissection.attribution.suffix import flow_of
from evidense.errors import InvalidInput
from evidense.parts import Capability, Encoder, Prepared, Setup, Side, Tower
from evidense.records import sha256_of
from evidense.values import Item, Modality


@dataclass(frozen=True, eq=False)
class Silenced:
    """Neurons of one module that are silenced, and their replacement outputs."""

    name: str
    """Path of the module inside its transformer."""
    neurons: Bool[np.ndarray, " f"]
    value: Float32[np.ndarray, " f"] | None = None
    """Constant output of each silenced neuron, such as its mean; None means 0."""

    @property
    def digest(self) -> list[str]:
        """Return JSON that identifies these silenced neurons."""
        value = b"" if self.value is None else np.asarray(self.value, np.float32).tobytes()
        return [self.name, np.packbits(self.neurons).tobytes().hex(), value.hex()]


@contextmanager
def silence(inner: Any, plan: Sequence[Silenced]) -> Iterator[None]:
    """Silence neurons of a transformer within this context.

    Raises:
        InvalidInput: the transformer lacks a module, or the module has another width.
    """
    import torch

    named = dict(inner.named_modules())
    with ExitStack() as stack:
        for silenced in plan:
            module = named.get(silenced.name)
            if module is None or len(getattr(module, "weight", ())) != len(silenced.neurons):
                raise InvalidInput(
                    f"'{silenced.name}' with {len(silenced.neurons)} neurons is no module of this {type(inner).__name__}; expected one of the encoder "
                    "that the neurons were found in, or of its architecture; ablate that one"
                )
            device = module.weight.device
            off = torch.from_numpy(np.asarray(silenced.neurons)).to(device)
            value = np.zeros(len(off), np.float32) if silenced.value is None else np.asarray(silenced.value, np.float32)
            replacement = torch.from_numpy(value).to(device)
            hook = module.register_forward_hook(
                lambda _, __, out, off=off, given=replacement: torch.where(off, given.to(out.dtype), out)
            )
            stack.callback(hook.remove)
        yield


@dataclass(frozen=True, eq=False)
class AblatedTower:
    """A tower whose neurons are silenced while it encodes, and only then."""

    original: Tower
    inner: Any
    """The transformer that holds the named modules."""
    plan: tuple[Silenced, ...]

    @property
    def fingerprint(self) -> str:
        """Return a fingerprint that differs from the original's and from that of any other plan."""
        return sha256_of(["ablated", 1, self.original.fingerprint, [silenced.digest for silenced in self.plan]])

    @property
    def n_dims(self) -> int:
        """Return the number of dimensions of a vector."""
        return self.original.n_dims

    @property
    def n_layers(self) -> int:
        """Return the number of blocks."""
        return self.original.n_layers

    @property
    def modalities(self) -> frozenset[Modality]:
        """Return the modalities that it can encode."""
        return self.original.modalities

    @property
    def identity(self) -> Any:
        """Return what makes two items equal."""
        return self.original.identity

    @property
    def token_budget(self) -> int:
        """Return the token budget of a batch."""
        return int(getattr(self.original, "token_budget", 1024))

    @property
    def n_pooled(self) -> int:
        """Return the number of dimensions of a pooled state."""
        return int(cast(Any, self.original).n_pooled)

    def prepare(self, items: Sequence[Item]) -> Prepared:
        """Tokenise like the original."""
        return self.original.prepare(items)

    def vectors(self, prepared: Prepared) -> Float32[np.ndarray, "b e"]:
        """Encode one batch with the neurons silenced."""
        with silence(self.inner, self.plan):
            return self.original.vectors(prepared)

    def layers(self, prepared: Prepared) -> Float32[np.ndarray, "l b e"]:
        """Pool every layer's states with the neurons silenced."""
        with silence(self.inner, self.plan):
            states: Float32[np.ndarray, "l b e"] = cast(Any, self.original).layers(prepared)
            return states


@dataclass(frozen=True, eq=False)
class AblatedEncoder:
    """An encoder with silenced neurons on the sides in `towers`; it shares the original's weights and does not change them."""

    original: Encoder
    towers: Mapping[Side, AblatedTower]
    can: frozenset[Capability] = frozenset({"vectors"})

    @property
    def name(self) -> str:
        """Return the original's name, marked as ablated."""
        return f"{self.original.name}, ablated"

    @property
    def setup(self) -> Setup:
        """Return the original's setup."""
        return self.original.setup

    def tower(self, side: Side) -> Tower:
        """Return the tower of this side."""
        return cast(Tower, self.towers[side]) if side in self.towers else self.original.tower(side)


def ablated(encoder: Encoder, sides: Sequence[Side], plan: Sequence[Silenced], items: Sequence[Item]) -> AblatedEncoder:
    """Return the encoder with these neurons silenced on these sides; `items` show which half of an image-text tower is meant."""
    towers: dict[Side, AblatedTower] = {}
    for side in sides:
        tower = encoder.tower(side)
        half = half_of(tower, items)
        inner = flow_of(half, half.prepare(list(items)[:1])).inner
        towers[side] = AblatedTower(tower, inner, tuple(plan))
    return AblatedEncoder(encoder, towers)


def mean_outputs(
    tower: Tower, items: Sequence[Item], kinds: Sequence[str]
) -> dict[str, tuple[Float64[np.ndarray, " f"], Float64[np.ndarray, " f"]]]:
    """Return, per module of these kinds, the mean output and the mean |output| of every neuron over the real tokens of the items."""
    half = half_of(tower, items)
    flow = flow_of(half, half.prepare(list(items)[:1]))
    modules = [module for module in dense_modules(flow.inner, half.n_layers).modules if module.kind in kinds]
    sums = {module.name: np.zeros((2, module.n_neurons)) for module in modules}
    n_tokens = 0
    for item in items:  # one at a time, so that no token is padding
        prepared = half.prepare([item])
        n_tokens += _add(half, prepared, flow.inner, (modules, sums))
    return {name: (both[0] / n_tokens, both[1] / n_tokens) for name, both in sums.items()}


def _add(half: Any, prepared: Any, inner: Any, into: tuple[list[DenseModule], dict[str, np.ndarray]]) -> int:
    modules, sums = into
    n_tokens: list[int] = []

    def add(name: str, out: Any) -> None:
        flat = out.detach().reshape(-1, out.shape[-1]).double()
        sums[name] += np.stack([flat.sum(0).cpu().numpy(), flat.abs().sum(0).cpu().numpy()])
        n_tokens.append(len(flat))

    with ExitStack() as stack:
        for module in modules:
            hook = module.module.register_forward_hook(lambda _, __, out, name=module.name: add(name, out))
            stack.callback(hook.remove)
        half.vectors(prepared)
    return n_tokens[0]


def with_values(plan: Sequence[Silenced], means: Mapping[str, Float64[np.ndarray, " f"]]) -> tuple[Silenced, ...]:
    """Return the plan with each neuron's mean output in place of 0."""
    return tuple(replace(silenced, value=means[silenced.name].astype(np.float32)) for silenced in plan)
