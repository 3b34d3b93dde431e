"""Attribution: how much each neuron of an encoder's dense modules contributes to a number of each example, and at which token."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from evidense.compute.layer_states import half_of
from evidense.compute.models.modules import evaluating
from evidense.dissection.attribution.dense_modules import DenseModule, DenseModules, dense_modules
from evidense.dissection.attribution.path import ModulePath, integrate, weight_path
from evidense.dissection.attribution.suffix import Flow, flow_of, trace
from evidense.dissection.attribution.targets import Target, refuse_constant_norm
from evidense.errors import InvalidInput
from evidense.values import Item

_TOKENS = 512
"""Tokens per batch, before they are copied for the points of the quadrature."""
ReportProgress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Attribution:
    """One module's contributions to the number of each example, summed over the tokens of the example's texts."""

    name: str
    layer: int
    """1 … n_layers."""
    kind: str
    """'intermediate' or 'output'."""
    weight_path: Float32[np.ndarray, "x f"]
    """Σ_j |A_ij|, as published. It is never negative and does not sum to the change."""
    activation_path: Float32[np.ndarray, "x f"]
    """Signed; sums to the change."""
    tokens: tuple[Float32[np.ndarray, " t"], ...]
    """The activation path at each token, summed over neurons: one array per text (one per row if an example has several)."""
    change: Float64[np.ndarray, " x"]
    """F(x) − F(x'), where x' is the input with this module's output set to 0."""
    missed: Float64[np.ndarray, " x"]
    """|sum of the activation path − change|."""
    n_nodes: Int64[np.ndarray, " x"]

    @property
    def completeness(self) -> Float64[np.ndarray, " x"]:
        """Return the missed share of the change. `integrate` asserts that it is at most 1e-3; a change below 1e-3 counts as 1e-3."""
        share: Float64[np.ndarray, " x"] = self.missed / (np.abs(self.change) + 1e-3)
        return share


@dataclass(frozen=True)
class ModuleSelection:
    """Which modules are attributed."""

    kinds: tuple[str, ...] = ("intermediate", "output")
    layers: tuple[int, ...] = ()
    """() means all."""
    pattern: tuple[str, str] | None = None
    """Regular expressions for both modules, needed if `dense_modules` does not know the family."""


def attribute(
    tower: Any,
    items: Sequence[Item],
    target: Target,
    modules: ModuleSelection = ModuleSelection(),
    report: ReportProgress | None = None,
) -> tuple[Attribution, ...]:
    """Attribute a number of each example to the neurons of each module; `target` says how many items make one example.

    Examples are batched by length. Padding, batch and order change results by rounding only.

    Raises:
        InvalidInput: an encoder without gradients, texts and pictures mixed, a norm that is constant, or a path that cannot be integrated.
        UnknownName: no module matches.
    """
    half = half_of(tower, items)
    if target.rows_each * (len(items) // target.rows_each) != len(items) or not items:
        raise InvalidInput(f"{len(items)} items for examples of {target.rows_each}; expected a multiple, not 0")
    prepared = half.prepare(items)
    if target.kind == "norm":
        refuse_constant_norm(half.vectors(prepared))
    sizes = np.asarray(prepared.sizes).reshape(-1, target.rows_each)
    parts: dict[str, list[Attribution]] = {}
    order: list[np.ndarray] = []
    for examples in _batches(sizes, modules):
        rows = (examples[:, None] * target.rows_each + np.arange(target.rows_each)).reshape(-1)
        flow = flow_of(half, prepared.take(rows))
        for attribution in attributions(
            flow, target.take(examples), modules, sizes[examples].reshape(-1), half.n_layers
        ):
            parts.setdefault(attribution.name, []).append(attribution)
        order.append(examples)
        if report:
            report(sum(map(len, order)), len(sizes))
    back = np.argsort(np.concatenate(order), kind="stable")
    return tuple(_joined(module_parts, back, target.rows_each) for module_parts in parts.values())


def attributions(
    flow: Flow, target: Target, modules: ModuleSelection, sizes: Int64[np.ndarray, " r"], n_layers: int
) -> Iterator[Attribution]:
    """Attribute one batch, module by module."""
    with evaluating(flow.inner):
        dense = dense_modules(flow.inner, n_layers, modules.pattern)
        recorded = trace(flow, dense)
        for module in chosen(dense, modules):
            integral = integrate(ModulePath(flow, recorded, dense, module), target)
            by_token = integral.attribution.sum(-1).cpu().numpy()
            summed = integral.attribution.sum(1).view(-1, target.rows_each, module.n_neurons).sum(1)
            yield Attribution(
                module.name, module.layer, module.kind,
                weight_path(module, recorded, integral.gradient, target.rows_each), summed.cpu().numpy(),
                tuple(row[:size] for row, size in zip(by_token, sizes, strict=True)),
                integral.change, integral.missed, integral.n_nodes,
            )  # fmt: skip


def chosen(dense: DenseModules, modules: ModuleSelection) -> list[DenseModule]:
    """Return the modules that the selection names.

    Raises:
        InvalidInput: no module matches.
    """
    matching = [
        d for d in dense.modules if d.kind in modules.kinds and (not modules.layers or d.layer in modules.layers)
    ]
    if not matching:
        raise InvalidInput(
            f"kinds {', '.join(modules.kinds) or 'none'} of layers {list(modules.layers)} name no module; expected intermediate or output, and layers "
            f"1 … {len(dense.blocks)}"
        )
    return matching


def _batches(sizes: Int64[np.ndarray, "x r"], how: ModuleSelection) -> list[Int64[np.ndarray, " n"]]:
    """Group examples of similar length into batches."""
    longest = sizes.max(axis=1)
    batches: list[list[int]] = []
    for example in np.argsort(longest, kind="stable"):
        if batches and (len(batches[-1]) + 1) * sizes.shape[1] * longest[example] <= _TOKENS:
            batches[-1].append(int(example))
        else:
            batches.append([int(example)])
    return [np.array(batch, np.int64) for batch in batches]


def _joined(parts: Sequence[Attribution], back: Int64[np.ndarray, " x"], rows_each: int) -> Attribution:
    """Join the batches of one module and restore the order of the examples."""
    every = [row for part in parts for row in part.tokens]
    names = ("weight_path", "activation_path", "change", "missed", "n_nodes")
    joined: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts])[back] for name in names}
    tokens = tuple(every[example * rows_each + row] for example in back for row in range(rows_each))
    return replace(parts[0], tokens=tokens, **joined)
