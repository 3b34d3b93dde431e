"""Integrated gradients of a number along the scaling of one dense module. Only the layers after the module are run again; the result is exact.

Scaling a module's (W, b) by α from 0 to 1 scales its output z by α, since its input does not change. With δ(α) = ∂F/∂z at αz and
δ̄ = ∫₀¹ δ dα:

    activation path   IG_ti = z_ti · δ̄_ti                 sums over neurons and tokens to F(z) − F(0): completeness
    weight path       s_i = Σ_j |W_ij · Σ_t δ̄_ti x_tj|     as published; the sum before |·| is the activation path without the bias's part

Source: Sundararajan et al. 2017, eq. 2 (the path); Yao et al. 2025 (the weight path).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Float64, Int64

from evidense.dissection.attribution.dense_modules import DenseModule, DenseModules
from evidense.dissection.attribution.quadrature import NESTED, added, rule
from evidense.dissection.attribution.suffix import Flow, Trace, from_module
from evidense.dissection.attribution.targets import Target
from evidense.errors import InvalidInput

if TYPE_CHECKING:
    from torch import Tensor

RELATIVE, ABSOLUTE = 1e-3, 1e-6
"""The sum of attributions may miss the change by at most RELATIVE · |F(x) − F(x')| + ABSOLUTE."""
_AIM = 3e-4
"""Points are added until the error is below this bound in place of RELATIVE, so the final error is usually much smaller."""
_COUNTS = (*NESTED, 64, 128, 256)
"""Numbers of points. Each nested rule reuses the points before it; the last three rules start anew."""
_TOKENS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Integral:
    """The path integral of one module for x examples. Tensors are float32 over rows [r, t, …]."""

    attribution: "Tensor"
    """Activation path [r, t, f]."""
    gradient: "Tensor"
    """δ̄ [r, t, f]."""
    change: Float64[np.ndarray, " x"]
    """F(x) − F(x')."""
    missed: Float64[np.ndarray, " x"]
    """|sum of attributions − change|."""
    n_nodes: Int64[np.ndarray, " x"]
    """Number of points of the rule that was used."""


@dataclass(frozen=True, eq=False)
class ModulePath:
    """One module's path for one batch: the flow of the batch, its recorded pass, and the module among the dense modules."""

    flow: Flow
    recorded: Trace
    dense: DenseModules
    module: DenseModule

    @property
    def output(self) -> "Tensor":
        """Return the module's recorded output [r, t, f]."""
        return self.recorded.outputs[self.module.name]

    def take(self, rows: Int64[np.ndarray, " r"]) -> "ModulePath":
        """Return the path for these rows."""
        return replace(self, flow=self.flow.take(rows), recorded=self.recorded.take(rows))


def integrate(path: ModulePath, target: Target) -> Integral:
    """Integrate along one module's path. Examples whose attributions miss the change get more points.

    Raises:
        InvalidInput: an example misses the change even with the most points; the message says by how much.
    """
    import torch

    examples = np.arange(path.flow.n_rows // target.rows_each)
    start, end = _ends(path, target)
    change = end - start
    gradient = torch.zeros_like(path.output)
    missed, n_nodes, unfinished = np.full(len(examples), np.inf), np.zeros(len(examples), np.int64), examples
    allowed = RELATIVE * np.abs(change) + ABSOLUTE
    sums: Tensor | None = None
    for level, count in enumerate(_COUNTS):
        all_left = len(unfinished) == len(examples)
        part = path if all_left else path.take(_rows(unfinished, target.rows_each))
        sums = _summed_up(sums, part, target if all_left else target.take(unfinished), level)
        by_how_much = np.abs(_summed(part.output * sums[0], target.rows_each) - change[unfinished])
        better = by_how_much <= missed[unfinished]
        gradient[_rows(unfinished[better], target.rows_each)] = sums[0][_rows(np.flatnonzero(better), target.rows_each)]
        missed[unfinished], n_nodes[unfinished] = (
            np.minimum(by_how_much, missed[unfinished]),
            np.where(better, count, n_nodes[unfinished]),
        )
        far = missed[unfinished] > _AIM * np.abs(change[unfinished]) + ABSOLUTE
        if not far.any():
            break
        unfinished, sums = unfinished[far], sums[1:, _rows(np.flatnonzero(far), target.rows_each)]
    _refuse_incomplete(path.module, missed, change, allowed)
    return Integral(path.output * gradient, gradient, change, missed, n_nodes)


def _refuse_incomplete(module: DenseModule, missed: np.ndarray, change: np.ndarray, allowed: np.ndarray) -> None:
    worst = int((missed / allowed).argmax())
    if missed[worst] > allowed[worst]:
        raise InvalidInput(
            f"the attributions to '{module.name}' miss the change of {change[worst]:.3g} in example {worst} by {missed[worst]:.3g}, with "
            f"{_COUNTS[-1]} points; expected at most {allowed[worst]:.3g}; the path is too rough for float32: leave this module or example out"
        )


def weight_path(module: DenseModule, recorded: Trace, gradient: "Tensor", rows_each: int) -> Float32[np.ndarray, "x f"]:
    """Return s_i = Σ_j |W_ij · Σ_t δ̄_ti x_tj| for each example, summed over its rows and tokens."""
    import torch

    inputs = recorded.inputs[module.name]
    strengths = torch.empty(len(gradient) // rows_each, gradient.shape[-1])
    size = module.module.weight.detach().abs()
    for example in range(len(strengths)):
        rows = slice(example * rows_each, (example + 1) * rows_each)
        outer = gradient[rows].flatten(0, 1).T @ inputs[rows].flatten(0, 1)
        strengths[example] = (outer.abs_() * size).sum(-1)
    return np.asarray(strengths.numpy())


def _ends(path: ModulePath, target: Target) -> tuple[Float64[np.ndarray, " x"], Float64[np.ndarray, " x"]]:
    """Return F with the module's output set to 0, and F of the unchanged encoder."""
    import torch

    with torch.no_grad():
        silent = torch.zeros_like(path.output)
        with from_module(path.recorded, path.dense, path.module, silent, 1):
            start = target.values(path.flow.vectors().double(), 1)[0]
        return start.cpu().numpy(), target.values(path.recorded.vectors.double(), 1)[0].cpu().numpy()


def _summed_up(sums: "Tensor | None", path: ModulePath, target: Target, level: int) -> "Tensor":
    """Return δ̄ by this rule, followed by what its points contribute to each later rule that contains them: [l, r, t, f]."""
    if level >= len(NESTED):
        nodes, weights = rule(_COUNTS[level])
        return _weighted(path, target, (nodes, weights[None]))
    new = _weighted(path, target, added(level))
    return new if sums is None else new.add_(sums)


def _weighted(
    path: ModulePath,
    target: Target,
    points: tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, "l k"]],
) -> "Tensor":
    """Return Σ_k w_lk δ(α_k) for every rule [l, r, t, f]. Evaluate as many points at once as memory allows."""
    import torch

    output = path.output
    at_once = max(1, _TOKENS_AT_ONCE // max(1, output[..., 0].numel()))
    total = torch.zeros(len(points[1]), output.numel(), dtype=output.dtype, device=output.device)
    for start in range(0, len(points[0]), at_once):
        alphas, shares = (
            torch.tensor(x[..., start : start + at_once], dtype=output.dtype, device=output.device) for x in points
        )
        copies = len(alphas)
        scaled = (alphas.view(-1, 1, 1, 1) * output).flatten(0, 1).requires_grad_(True)
        with torch.enable_grad(), from_module(path.recorded, path.dense, path.module, scaled, copies):
            value = target.values(path.flow.vectors(copies), copies)
            (gradient,) = torch.autograd.grad(value.sum(), scaled)
        total.addmm_(shares, gradient.view(copies, -1))
    return total.view(-1, *output.shape)


def _rows(examples: Int64[np.ndarray, " x"], rows_each: int) -> Int64[np.ndarray, " r"]:
    rows: Int64[np.ndarray, " r"] = (examples[:, None] * rows_each + np.arange(rows_each)).reshape(-1)
    return rows


def _summed(attribution: "Tensor", rows_each: int) -> Float64[np.ndarray, " x"]:
    sums: Float64[np.ndarray, " x"] = attribution.double().flatten(1).sum(1).view(-1, rows_each).sum(1).cpu().numpy()
    return sums
