"""The analysis of neurons: one finding a place, exact zeros between equal encoders, and reasons where nothing can be said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissection.geometry_cases import bench_of, case_of
from dissection.neuron_worlds import text_encoder
from dissection.test_pruning import collection
from encoders.opening import open_encoder
from evidense import registry
from evidense.errors import InvalidInput
from evidense.parts import Subject

NEURONS = registry.part("analyses", "neurons")
OPTIONS = {"n_queries": 8, "n_queries_document": 4}


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return text_encoder(tmp_path_factory.mktemp("bert"))


def found(tmp_path: Path, *subjects: Subject, **options: Any) -> list[Any]:
    case = case_of(subjects, collection(), **{**OPTIONS, **options})
    return list(NEURONS.examine(case, bench_of(case, tmp_path)))


def test_neurons_of_equal_encoders_do_not_differ(bert: Any, tmp_path: Path) -> None:
    every = found(tmp_path, Subject("base", "a", bert, "base"), Subject("again", "b", bert, "tuned"))
    for name in ("effective neurons ratio", "published count ratio"):
        ratios = [one for one in every if one.estimand == name]
        assert len(ratios) == 2 * 3 * 2  # sides, layers, kinds
        assert all((one.value, one.low, one.high) == (0.0, 0.0, 0.0) for one in ratios)
    assert {one.value for one in every if one.estimand == "neuron overlap"} == {1.0}
    assert all(one.details["together"] == [0.0, 0.0] for one in every if one.estimand == "effective neurons ratio")
    assert max(one.value for one in every if one.estimand == "completeness") <= 1e-3
    assert {(one.site["layer"], one.site["module"]) for one in every if one.estimand == "effective neurons"} == {
        (layer, kind) for layer in (1, 2, 3) for kind in ("intermediate", "output")
    }
    effective = [one for one in every if one.estimand == "effective neurons"]
    assert all(1 <= one.low <= one.value <= one.high + 1e-9 for one in effective)
    assert all(one.id for one in every)


def test_a_second_seed_is_the_floor_and_another_width_gives_the_reason(bert: Any, tmp_path: Path) -> None:
    other = text_encoder(tmp_path / "llama", "LlamaModel")
    subjects = [Subject("base", "a", bert, "base"), Subject("tuned", "b", bert, "tuned")]
    subjects += [Subject("seed", "c", bert, "seed"), Subject("llama", "d", other, "random")]
    every = found(tmp_path, *subjects, sides=["query"], n_queries=4)
    floor = [one for one in every if one.site["role"] == "floor"]
    assert {one.site["against"] for one in floor} == {"tuned"}
    llama = [one for one in every if one.site["subject"] == "llama" and one.estimand == "effective neurons"]
    assert len(llama) == 6
    text = {str(one.details.get("reason")) for one in every if one.value is None}
    assert text <= {
        "the encoders differ in depth or in the width of these modules, so neurons and their numbers cannot be compared"
    }


def test_a_constant_norm_is_refused_before_any_attribution(tmp_path: Path) -> None:
    unit = text_encoder(tmp_path / "unit", normalize="true")
    with pytest.raises(InvalidInput, match="gradient is exactly zero"):
        found(tmp_path, Subject("base", "a", unit, "base"), target="norm")


def test_a_subject_without_gradients_gets_a_finding_with_the_reason(bert: Any, tmp_path: Path) -> None:
    static = Subject("static", "wordllama", open_encoder("wordllama"), "tuned")
    every = found(tmp_path, Subject("base", "a", bert, "base"), static, sides=["query"], n_queries=4)
    reasons = [one.details["reason"] for one in every if one.value is None]
    assert len(reasons) == 1
    assert "gives no gradients" in reasons[0]


def test_equal_seeds_give_equal_findings(bert: Any, tmp_path: Path) -> None:
    runs = [
        found(tmp_path / str(i), Subject("base", "a", bert, "base"), sides=["query"], n_queries=4) for i in range(2)
    ]
    assert [one.id for one in runs[0]] == [one.id for one in runs[1]]
    assert np.isfinite([one.value for one in runs[0]]).all()
