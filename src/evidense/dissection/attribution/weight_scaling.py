"""Attribution by scaling a module's weights step by step, as published: the slow reference that tests and benchmarks compare `path` with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Float64

from evidense.dissection.attribution.dense_modules import DenseModule
from evidense.dissection.attribution.quadrature import rule
from evidense.dissection.attribution.suffix import Flow
from evidense.dissection.attribution.targets import Target

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class ByWeights:
    """Attributions of one module's weights for one example."""

    weights: "Tensor"
    """A[f, j]: the attribution of each weight."""
    bias: "Tensor"
    """Attribution of each bias [f], which the published form leaves out; zeros if there is no bias."""
    change: float
    """F(x) − F(x')."""

    @property
    def weight_path(self) -> Float32[np.ndarray, " f"]:
        """Return Σ_j |A_ij|."""
        strengths: Float32[np.ndarray, " f"] = self.weights.abs().sum(1).numpy()
        return strengths

    @property
    def activation_path(self) -> Float32[np.ndarray, " f"]:
        """Return Σ_j A_ij plus the attribution of the bias."""
        sums: Float32[np.ndarray, " f"] = (self.weights.sum(1) + self.bias).numpy()
        return sums


def published_nodes() -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """Return the 20 points of the published sum, both ends included, each with weight 1/20."""
    return np.linspace(1e-6, 1, 20), np.full(20, 1 / 20)


def by_weights(
    flow: Flow, dense: DenseModule, target: Target, nodes: tuple[np.ndarray, np.ndarray] | None = None
) -> ByWeights:
    """Attribute one example: at each point α, scale W and b of one module, run the whole encoder and take ∂F/∂W.

    Source: Yao et al. 2025, as described; Dai et al. 2022, eq. 1.
    """
    import torch

    module = dense.module
    weight, bias = module.weight, module.bias
    total = torch.zeros_like(weight), torch.zeros(len(weight))
    ends = []
    try:
        for alpha, share in zip(*(rule(63) if nodes is None else nodes), strict=True):
            module.weight = torch.nn.Parameter(weight.detach() * float(alpha))
            module.bias = None if bias is None else torch.nn.Parameter(bias.detach() * float(alpha))
            value = target.values(flow.vectors(), 1).sum()
            leaves = [module.weight] if bias is None else [module.weight, module.bias]
            gradients = torch.autograd.grad(value, leaves)
            total[0].add_(gradients[0] * weight.detach(), alpha=float(share))
            if bias is not None:
                total[1].add_(gradients[1] * bias.detach(), alpha=float(share))
        for alpha in (0.0, 1.0):
            module.weight = torch.nn.Parameter(weight.detach() * alpha)
            module.bias = None if bias is None else torch.nn.Parameter(bias.detach() * alpha)
            with torch.no_grad():
                ends.append(float(target.values(flow.vectors().double(), 1).sum()))
    finally:
        module.weight, module.bias = weight, bias
    return ByWeights(*total, ends[1] - ends[0])
