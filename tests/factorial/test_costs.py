"""What a study that trains will cost, said before it trains."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidense.errors import InvalidInput
from evidense.store import Store
from evidense.study.plan import plan
from evidense.study.run import RunOptions, open_study
from evidense.study.trained.cells import cells_of
from evidense.study.trained.costs import cost_of_cells
from factorial.world import study_of, write_world
from training.text_world import save_bert
from training.towers import built

pytest.importorskip("torch")


def test_a_backbone_of_masked_words_has_a_cost_before_it_is_trained(tmp_path: Path) -> None:
    world = write_world(tmp_path / "world.csv", n_train=40, n_test=20)
    masked_words = {
        "backbone": {"text": {"kind": "bert", "n_layers": 1, "width": 16, "n_heads": 1, "max_length": 16, "vocabulary": 300}},
        "pretraining": {"objective": "mlm", "data": [f"{world}:items@train"], "pairs": 64, "batch_size": 8},
    }  # fmt: skip
    study = study_of(world, [0, 1, 2], **masked_words)
    costs = cost_of_cells(study, cells_of(study), Store(tmp_path / "store"))
    flops = {cost.label: cost.flops for cost in costs.trainings}
    assert 0 < flops["pre-trained #0"] < flops["fine-tuned #0"], "one item a pair, of a smaller budget"


def test_locked_towers_cost_their_states_once_and_their_heads_each_time(tmp_path: Path) -> None:
    built(tmp_path / "scratch")
    bert, image = save_bert(tmp_path / "bert"), tmp_path / "scratch" / "image"
    world = write_world(tmp_path / "world.csv", n_train=40, n_test=20)
    towers = {"text": {"kind": str(bert)}, "image": {"kind": str(image)}}
    stage = {"objective": "infonce", "data": [f"{world}@train"], "pairs": 640, "batch_size": 8}
    seconds = {}
    for value in ("heads", "all"):
        stages = {name: {**stage, "tuned": value} for name in ("pretraining", "finetuning")}
        study = study_of(world, [0, 1, 2], backbone=towers, **stages)
        costs = cost_of_cells(study, cells_of(study), Store(tmp_path / "store"))
        seconds |= {(value, cost.label): cost.seconds for cost in costs.trainings}
    assert seconds["all", "pre-trained #0"] > seconds["heads", "pre-trained #0"]
    first, second, third = (seconds["heads", f"pre-trained #{seed}"] for seed in range(3))
    assert first > 1.2 * second == pytest.approx(1.2 * third), "the states once"
    assert seconds["all", "both #0"] == pytest.approx(seconds["all", "both #1"])


def test_a_second_stage_after_a_ready_backbone_has_the_costs_of_that_backbone(tmp_path: Path) -> None:
    world = write_world(tmp_path / "world.csv", n_train=40, n_test=20)
    study = study_of(world, [0], backbone={"start": str(save_bert(tmp_path / "bert"))})
    memory = plan(open_study(study, RunOptions()), Store(tmp_path / "store")).memory_by_task
    assert min(memory.values()) > 0
    assert memory["both #0"] == memory["fine-tuned #0"]


def test_systems_behind_servers_have_a_bill_and_are_not_asked(tmp_path: Path) -> None:
    world = write_world(tmp_path / "world.csv", n_train=40, n_test=20)
    url = "url=http://127.0.0.1:1/v1@price=1"  # nobody listens: who asks, fails
    served = (f"openai:m@{url}", f"rerank:m@{url}@depth=5", f"rerank:m@{url}@first=[openai:m@{url}]@depth=5")
    study = replace(study_of(world, [0]), references=served)
    plan_of_cells = plan(open_study(study, RunOptions()), Store(tmp_path / "store"))
    bills = {step.system: step.bills for step in plan_of_cells.steps if step.bills}
    assert [[bill.noun for bill in of_system] for of_system in bills.values()] == [
        ["texts"],
        ["pairs of query and document"],
        ["texts", "pairs of query and document"],
    ]
    (first,), _, (again, _) = bills.values()
    assert first.n_texts
    assert first.cost_usd
    assert (again.n_texts, again.n_above) == (0, first.n_texts), "the same model is asked once"
    with pytest.raises(InvalidInput, match="exceeds the budget of 3 tokens"):
        dear = replace(study, references=(f"{served[0]}@budget=3tokens",))
        plan(open_study(dear, RunOptions()), Store(tmp_path / "store"))
