"""Silenced neurons: the original stays as it is, silence is what it says, and retrieval notices."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissection.geometry_cases import bench_of, case_of
from dissection.neuron_worlds import QUERIES, items, query_margin, text_encoder
from evidense import registry
from evidense.dissection.attribution.attribute import ModuleSelection, attribute
from evidense.dissection.neurons.ablation import Silenced, ablated, mean_outputs, with_values
from evidense.dissection.neurons.orders import by_attribution, by_magnitude, plan
from evidense.dissection.neurons.pruning_curves import area
from evidense.errors import InvalidInput
from evidense.parts import Subject
from evidense.values import Item
from evidense.values.build import Draft, build

NAME = "encoder.layer.1.intermediate.dense"


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return text_encoder(tmp_path_factory.mktemp("bert"))


def vectors(encoder: Any, side: Any = "query") -> np.ndarray:
    tower = encoder.tower(side)
    return np.asarray(tower.vectors(tower.prepare(items(QUERIES))))


def some(n: int = 20) -> np.ndarray:
    return np.arange(64) < n


def test_silencing_equals_zero_weights_and_does_not_change_the_original(bert: Any, tmp_path: Path) -> None:
    import torch

    before = vectors(bert)
    changed = ablated(bert, ["query"], [Silenced(NAME, some())], items(QUERIES))
    slow = text_encoder(tmp_path)
    dense = slow.tower("query").backbone.inner.get_submodule(NAME)
    with torch.no_grad():
        dense.weight[:20] = 0
        dense.bias[:20] = 0
    np.testing.assert_allclose(vectors(changed), vectors(slow), atol=1e-6)
    assert np.abs(vectors(changed) - before).max() > 1e-3
    assert np.array_equal(vectors(bert), before)
    assert np.array_equal(vectors(changed, "document"), before)


def test_fingerprints_differ_between_plans_and_agree_for_equal_plans(bert: Any) -> None:
    def of(*silenced: Silenced) -> str:
        return str(ablated(bert, ["query"], silenced, items(QUERIES)).tower("query").fingerprint)

    value = np.ones(64, np.float32)
    plans = [
        Silenced(NAME, some()),
        Silenced(NAME, some(21)),
        Silenced(NAME, some(), value),
        Silenced(NAME.replace("1", "2"), some()),
    ]
    prints = [bert.tower("query").fingerprint, *(of(one) for one in plans)]
    assert len(set(prints)) == 5
    assert of(Silenced(NAME, some())) == prints[1]


def test_mean_outputs_are_over_real_tokens(bert: Any) -> None:
    found = mean_outputs(bert.tower("query"), items(QUERIES), ("intermediate",))
    tower = bert.tower("query")
    rows = []
    dense = tower.backbone.inner.get_submodule(NAME)
    hook = dense.register_forward_hook(lambda _, __, out: rows.append(out.detach()[0].numpy()))
    for query in items(QUERIES):
        tower.vectors(tower.prepare([query]))
    hook.remove()
    assert found[NAME][0] == pytest.approx(np.concatenate(rows).mean(axis=0), abs=1e-6)
    plan_ = with_values([Silenced(NAME, np.ones(64, bool))], {NAME: found[NAME][0]})
    quiet = ablated(bert, ["query"], plan_, items(QUERIES))
    assert not np.array_equal(vectors(quiet), vectors(bert))


def test_a_plan_of_another_architecture_is_refused(bert: Any) -> None:
    with pytest.raises(InvalidInput, match="is no module of this BertModel"):
        vectors(ablated(bert, ["query"], [Silenced("layers.0.mlp.fc1", some())], items(QUERIES)))
    with pytest.raises(InvalidInput, match="with 10 neurons"):
        vectors(ablated(bert, ["query"], [Silenced(NAME, np.ones(10, bool))], items(QUERIES)))


def test_matched_neurons_have_similar_magnitude_and_are_different_neurons() -> None:
    rng = np.random.default_rng(0)
    magnitude = rng.gamma(2, size=500)
    order = np.argsort(-magnitude + rng.normal(0, 0.5, 500), kind="stable")
    matched = by_magnitude(order, magnitude, 50, rng)
    assert sorted(matched.tolist()) == list(range(500))
    assert not set(matched[:50].tolist()) & set(order[:50].tolist())
    far = np.abs(magnitude[order[:50]].mean() - magnitude.mean())
    assert np.abs(magnitude[matched[:50]].mean() - magnitude[order[:50]].mean()) < 0.5 * far


def test_orders_and_plans_use_the_same_numbering(bert: Any) -> None:
    tower = bert.tower("query")
    modules = attribute(tower, items(QUERIES), query_margin(tower), ModuleSelection(("intermediate",)))
    order = by_attribution(modules)
    first = plan(modules, order[:1])[0]
    total = np.abs(np.concatenate([one.activation_path for one in modules], axis=1)).sum(axis=1)[:, None]
    strengths = {one.name: np.abs(one.activation_path / total).mean(axis=0) for one in modules}
    best = max(strengths, key=lambda name: strengths[name].max())
    assert (first.name, int(first.neurons.argmax())) == (best, int(strengths[best].argmax()))


def test_area_is_the_mean_height_of_the_curve() -> None:
    curve = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert area(curve, [0.0, 0.25, 0.5]) == pytest.approx([0.75, 0.75])


def collection() -> Any:
    """Queries of five words, each answered by a document that shares three of them."""
    rng = np.random.default_rng(0)
    queries, corpus, qrels = [], [], {}
    for row in range(40):
        words = rng.choice(60, 7, replace=False)
        queries.append(Item(f"q{row}", " ".join(f"w{i}" for i in words[:5])))
        corpus.append(Item(f"d{row}", " ".join(f"w{i}" for i in words[2:])))
        qrels[f"q{row}"] = {f"d{row}": 1}
    return build(Draft("made/shared-words", queries, corpus, qrels))


def test_the_pruning_analysis_reports_what_retrieval_loses(bert: Any, tmp_path: Path) -> None:
    other = text_encoder(tmp_path / "other", normalize="false")
    subjects = [Subject("base", "a", bert, "base"), Subject("same", "b", other, "tuned")]
    options = {"n_queries": 40, "n_attributed": 6, "n_random": 1, "parts": [0.1, 0.5], "ablations": ["zero", "mean"]}
    case = case_of(subjects, collection(), **options)
    found = registry.part("analyses", "pruning").examine(case, bench_of(case, tmp_path / "store"))
    assert {one.estimand for one in found} == {"pruning", "deletion", "insertion"}
    assert [one.site["control"] for one in found if one.estimand == "pruning"] == ["magnitude", "magnitude"]
    assert all(one.low <= one.value <= one.high and one.id for one in found)
    deleted = [one for one in found if one.estimand != "insertion" and one.site["subject"] == "base"]
    assert len({one.details["attributed"][0] for one in deleted if one.site["measure"] == "nDCG@10"}) == 1
    of_margin = next(one for one in deleted if (one.site["measure"], one.site["control"]) == ("margin", "random"))
    assert of_margin.details["attributed"][-1] != of_margin.details["attributed"][0]


def test_shares_in_descending_order_are_refused(bert: Any, tmp_path: Path) -> None:
    case = case_of([Subject("base", "a", bert, "base")], collection(), parts=[0.5, 0.1])
    with pytest.raises(InvalidInput, match="two growing shares"):
        registry.part("analyses", "pruning").examine(case, bench_of(case, tmp_path))
