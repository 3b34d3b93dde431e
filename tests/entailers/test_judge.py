"""The small judge: a training that was killed ends with the same bytes; what the script writes is what `judge:FOLDER` says."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.text_models import config_of
from entailers.pair_models import PAIRS, pair_tokenizer
from entailers.small_judges import save_judge
from evidense.checking.decide import Judges
from evidense.checking.library import WorkLibrary
from evidense.entailers import judge
from evidense.entailers._judge_net import built_net
from evidense.entailers._judge_table import TABLE
from evidense.entailers._pair_model import PairModel
from evidense.errors import IncompleteWeights, InvalidInput
from evidense.records import Recipe
from evidense.values import STANCES, EvidencePair

ROOT = Path(__file__).parents[2]
N_STEPS = 6


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the loop of the script, which is no part of the package; it saves its state every second step."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT)])
    from judge.small import loop

    monkeypatch.setattr(loop, "SAVED_STEPS", 2)
    return loop


def small_net(seed: int = 0) -> Any:
    import torch

    torch.manual_seed(seed)
    return built_net(config_of("bert"))


def stage_of(loop: Any, folder: Path) -> Any:
    tokenizer = pair_tokenizer()
    windows = PairModel("", "", "", tokenizer, 64, STANCES, lambda batch: batch["input_ids"]).windows(PAIRS)
    recipe = Recipe(n_steps=N_STEPS, batch_size=2, learning_rate=1e-2, seed=3)
    return loop.Stage(windows, np.array([0, 1, 2, 1, 0]), recipe, folder, tokenizer.pad)


def test_a_stage_that_was_killed_resumes_and_ends_with_the_same_weights(loop: Any, tmp_path: Path) -> None:
    whole, killed, resumed = small_net(), small_net(), small_net()
    loop.trained(whole, stage_of(loop, tmp_path / "whole"), lambda step, loss: None)

    def kill(step: int, loss: float) -> None:
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop.trained(killed, stage_of(loop, tmp_path / "killed"), kill)
    steps: list[int] = []
    loop.trained(resumed, stage_of(loop, tmp_path / "killed"), lambda step, loss: steps.append(step))
    assert steps == [5, 6], "the state of step 4 is the last one"
    start, ended = small_net().state_dict(), resumed.state_dict()
    assert all(weight.equal(ended[name]) for name, weight in whole.state_dict().items())
    assert [name for name in start if not start[name].equal(ended[name]) and ".embeddings." in name] == []
    assert not start["encoder.encoder.layer.0.output.dense.weight"].equal(ended["encoder.encoder.layer.0.output.dense.weight"])  # fmt: skip


def test_a_state_of_another_recipe_is_refused(loop: Any, tmp_path: Path) -> None:
    stage = stage_of(loop, tmp_path)
    loop.trained(small_net(), stage, lambda step, loss: None)
    with pytest.raises(InvalidInput, match="learning_rate"):
        loop.trained(
            small_net(), replace(stage, recipe=replace(stage.recipe, learning_rate=1.0)), lambda step, loss: None
        )


def test_an_epoch_has_every_row_once_and_little_padding(loop: Any) -> None:
    lengths = np.random.default_rng(0).integers(10, 190, 1000)
    batches = loop.epoch_batches(lengths, 16, 0, 0)
    assert sorted(np.concatenate(batches)) == list(range(1000))
    assert len(batches) == loop.n_batches(1000, 16)
    assert sum(len(rows) * lengths[rows].max() for rows in batches) < 1.15 * lengths.sum()
    assert [rows.tolist() for rows in loop.epoch_batches(lengths, 16, 0, 1)] != [rows.tolist() for rows in batches]


def test_questions_become_statements_only_where_they_ask_one_thing(loop: Any) -> None:
    from judge.small.examples import statement_of

    assert statement_of("Is there a link of sleep to weight?") == "A link of sleep to weight."
    assert [statement_of(q) for q in ("Sleep: does it help?", "Is it sleep or weight?", "Why sleep?", "Is it? Was it?")] == [None] * 4  # fmt: skip


def test_the_regression_joins_features_and_net(tmp_path: Path) -> None:
    from evidense.checking.features import features
    from evidense.entailers._judge_table import read_table, stacked

    opened = judge.PART.open(f"judge:{save_judge(tmp_path)}")
    assert isinstance(opened, judge.Judge)
    net = opened.net.entail(PAIRS)
    inputs = stacked(np.array([features(pair) for pair in PAIRS]), net)
    expected = read_table(tmp_path).stack("claim", "")(inputs)
    np.testing.assert_allclose(opened.entail(PAIRS), expected, rtol=1e-12)
    long_claim = EvidencePair("w1 w2", " ".join(["w3"] * 60))
    assert opened.entail([long_claim]).tolist() == [[0, 0, 1]]


def test_each_kind_of_text_has_a_head_and_an_identity_of_its_own(tmp_path: Path) -> None:
    save_judge(tmp_path)
    of_claims, of_citing = (judge.PART.open(f"judge:{tmp_path}{ending}") for ending in ("", "#citing"))
    assert of_claims.identity != of_citing.identity
    assert not np.allclose(of_claims.entail(PAIRS), of_citing.entail(PAIRS))


def test_calibrations_hold_for_these_weights_alone(tmp_path: Path) -> None:
    save_judge(tmp_path)
    identity = judge.PART.open(f"judge:{tmp_path}").identity
    table = json.loads((tmp_path / TABLE).read_text())
    row = {"entailer": identity, "kind": "claim", "data": "invented", "stated": [0.9] * 200, "is_right": "1" * 200, "clusters": list(range(200))}  # fmt: skip
    (tmp_path / TABLE).write_text(json.dumps({**table, "calibrations": [row]}))
    judges = Judges(WorkLibrary(()), judge.PART.open(f"judge:{tmp_path}"))
    assert judges.entailer.identity == identity, "calibrations change no probability"
    assert judges.threshold("claim") is not None
    assert judges.calibration("citing sentence") is None
    save_judge(tmp_path / "other", seed=1)
    (tmp_path / "model.safetensors").write_bytes((tmp_path / "other" / "model.safetensors").read_bytes())
    assert Judges(WorkLibrary(()), judge.PART.open(f"judge:{tmp_path}")).calibration("claim") is None


def test_a_judge_that_is_not_there_or_broken_is_refused_with_the_command(tmp_path: Path) -> None:
    save_judge(tmp_path)
    table = json.loads((tmp_path / TABLE).read_text())

    def refused(change: dict[str, Any]) -> str:
        (tmp_path / TABLE).write_text(json.dumps({**table, **change}))
        with pytest.raises(InvalidInput) as caught:
            judge.PART.open(f"judge:{tmp_path}{judge.CITING}")
        return str(caught.value)

    with pytest.raises(InvalidInput, match="weights do not ship.*make judge-model"):
        judge.PART.open(f"judge:{tmp_path / 'none'}")
    assert "make judge-model" in refused({"features_version": 0})
    assert "make judge-model" in refused({"stacks": {}})
    assert "no head" in refused({"head": None})
    assert "rows of weights" in refused({"head": {**table["head"], "scales": [0.0] * 64}})
    assert "stacks" in refused({"stacks": {"claim": 3}})


def test_weights_that_do_not_fill_the_net_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_judge(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["head.3.bias"]
    save_file(tensors, str(tmp_path / "model.safetensors"))
    with pytest.raises(IncompleteWeights, match="head.3.bias"):
        judge.PART.open(f"judge:{tmp_path}")


def test_the_gain_is_paired_and_by_document(loop: Any) -> None:
    from judge.__main__ import macro_f1
    from judge.pairs import Pairs
    from judge.small.measured import by_cluster, f1_of, gained

    rng = np.random.default_rng(0)
    dev = Pairs([], rng.integers(0, 3, 300), np.repeat(np.arange(100), 3))
    guessed = np.eye(3)[rng.integers(0, 3, 300)]
    better = np.where(rng.random((300, 1)) < 0.5, np.eye(3)[dev.stances], guessed)
    assert f1_of(by_cluster(dev, better.argmax(axis=1)).sum(axis=0)) == pytest.approx(
        macro_f1(dev.stances, better.argmax(axis=1))
    )
    assert vars(gained(dev, guessed, guessed)) == {"gain": 0.0, "low": 0.0, "high": 0.0}
    won = gained(dev, better, guessed)
    assert 0 < won.low < won.gain < won.high
