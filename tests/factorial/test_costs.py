"""What a study that trains will cost, said before it trains."""

from pathlib import Path

import pytest

from evidense.store import Store
from evidense.study.trained.cells import cells_of
from evidense.study.trained.costs import cost_of_cells
from factorial.world import study_of, write_world

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
