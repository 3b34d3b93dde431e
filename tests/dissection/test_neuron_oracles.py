"""captum as the oracle where the query is fixed; and where both sides share the module, its mistake, which ours does not make."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissection.neuron_worlds import QUERIES, document_margin, items, query_margin, text_encoder
from evidense.dissection.attribution.attribute import ModuleSelection, attribute
from evidense.dissection.attribution.suffix import flow_of


@pytest.fixture(scope="module")
def captum() -> Any:
    return pytest.importorskip("captum.attr", reason="captum, the oracle, is not installed (pip install '.[test]')")


def gated(original: Any, state: dict[str, Any]) -> Any:
    """Return the module followed by a factor, so that the baseline that captum reads off its output is zero."""
    import torch

    class Gated(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.original = original

        def forward(self, states: Any) -> Any:
            return self.original(states) * state["opened"].view(-1, 1, 1)

    return Gated()


@pytest.fixture
def encoder(tmp_path: Path) -> Any:
    return text_encoder(tmp_path)


@pytest.mark.parametrize("kind", ["intermediate", "output"])
def test_captum_agrees_if_the_documents_are_fixed(encoder: Any, kind: str, captum: Any) -> None:
    import torch

    tower, query = encoder.tower("query"), items(QUERIES[1:2])
    target = query_margin(tower).take(np.array([1]))
    ours = attribute(tower, query, target, ModuleSelection((kind,), (2,)))[0]
    assert ours.n_nodes[0] == 7
    flow = flow_of(tower, tower.prepare(query))
    owner, state = getattr(flow.inner.encoder.layer[1], kind), {"opened": torch.ones(1, 1)}
    owner.dense = gate = gated(owner.dense, state)

    def number(opened: Any) -> Any:
        state["opened"] = opened
        return target.values(flow.vectors(len(opened)), len(opened))[:, 0]

    theirs = captum.LayerIntegratedGradients(number, gate).attribute(
        torch.ones(1, 1), torch.zeros(1, 1), n_steps=7, method="gausslegendre"
    )
    theirs = theirs.detach().sum(1).numpy()[0]
    assert np.abs(ours.activation_path[0] - theirs).max() <= 1e-5 * np.abs(theirs).max()


def test_captum_fails_completeness_with_a_shared_module_and_ours_does_not(encoder: Any, captum: Any) -> None:
    """Its hook hands the query's scaled output to the documents' pass as well; see captum's issues 794, 904, 956."""
    import torch

    tower = encoder.tower("query")
    texts = ["w4 w5 w6 w7", "w4 w5 w9 w8", "w31 w32 w33 w34"]  # of one length, else the wrong output would not even fit
    passes = [flow_of(tower, tower.prepare([item])) for item in items(texts)]
    owner, state = passes[0].inner.encoder.layer[1].intermediate, {"opened": torch.ones(1, 1)}
    original = owner.dense
    owner.dense = gate = gated(original, state)

    def number(opened: Any) -> Any:
        state["opened"] = opened
        query, good, bad = (flow.vectors(len(opened)) for flow in passes)
        return (query * good).sum(-1) - (query * bad).sum(-1)

    try:
        found = captum.LayerIntegratedGradients(number, gate).attribute(
            torch.ones(1, 1), torch.zeros(1, 1), n_steps=32, method="gausslegendre"
        )
        change = float(number(torch.ones(1, 1)) - number(torch.zeros(1, 1)))
    finally:
        owner.dense = original
    assert abs(float(found.sum()) - change) > 0.2 * abs(change)

    how = ModuleSelection(("intermediate",), (2,))
    query_side = attribute(tower, items(texts[:1]), query_margin(tower, items(texts[1:])), how)[0]
    document_side = attribute(tower, items(texts[1:]), document_margin(tower, items(texts[:1])), how)[0]
    assert query_side.completeness[0] <= 1e-3
    assert document_side.completeness[0] <= 1e-3
