"""Training data with graded similarities, and data too small to stop early on: used as documented, or refused with what helps."""

import json
from pathlib import Path

import numpy as np
import pytest

from evidense import registry
from evidense.cli.main import main
from evidense.errors import InvalidInput
from evidense.parts import Objective
from evidense.records import Recipe
from evidense.store import Store
from evidense.training.readiness import MIN_GROUPS
from evidense.values import Pairs
from evidense.verbs.train import train
from training.text_world import save_bert

WORDS = "alpha beta gamma delta epsilon zeta eta theta".split()


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("bert"))


def table(path: Path, column: str | None, values: list[float], **more: str) -> Path:
    rows = [
        {
            "query": f"{WORDS[i % 8]} {i}",
            "document": f"{WORDS[i % 5]} about {i}",
            **({column: v} if column else {}),
            **more,
        }
        for i, v in enumerate(values)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


VALUES = [0.79, 0.08, 0.61, 1.0, 0.0, 0.5]


@pytest.mark.parametrize("column", ["similarity", "sim", "similarity_score", "score", "label", "cos_sim"])
def test_column_of_similarities_becomes_the_targets(tmp_path: Path, column: str) -> None:
    pairs = registry.pairs(str(table(tmp_path / "sts.jsonl", column, VALUES)))
    assert [target for (target,) in pairs.targets] == VALUES
    objective: Objective = registry.part("objectives", "cosine")
    batch = objective.batch(pairs, np.arange(6), np.random.default_rng(0), objective.options)
    assert batch.targets is not None
    assert batch.targets[:, 0].tolist() == pytest.approx(VALUES)


def test_whole_labels_stay_judgements(tmp_path: Path) -> None:
    pairs = registry.pairs(str(table(tmp_path / "label.jsonl", "label", [1.0, 0.0, 1.0])))
    assert not pairs.targets
    assert len(pairs) == 2


def test_different_similarities_train_different_weights(bert: Path, tmp_path: Path) -> None:
    trained = []
    for name, values in (("a", VALUES), ("b", [1 - v for v in VALUES])):
        data = table(tmp_path / f"{name}.jsonl", "similarity", values)
        recipe = Recipe(start=str(bert), data=(str(data),), objective="cosine", n_steps=2, batch_size=4)
        trained.append(train(recipe, Store(tmp_path / "store")).weights_sha256)
    assert trained[0] != trained[1]


@pytest.mark.parametrize("objective", ["infonce", "clip", "margin", "siglip"])
def test_objectives_that_take_pairs_as_relevant_refuse_similarities(bert: Path, tmp_path: Path, objective: str) -> None:
    data = table(tmp_path / "sts.jsonl", "score", VALUES)
    recipe = Recipe(start=str(bert), data=(str(data),), objective=objective, n_steps=2, batch_size=4)
    with pytest.raises(InvalidInput, match=r"the column 'score'.*every pair as relevant.*objective = cosine"):
        train(recipe, Store(tmp_path / "store"))


def test_similarities_out_of_range_are_named_with_their_lines(tmp_path: Path) -> None:
    data = table(tmp_path / "sts.jsonl", "similarity", [0.5, 4.2, 5.0])
    with pytest.raises(InvalidInput, match=r"2 mistakes\n.*line 2: '4\.2' in the column 'similarity' is no similarity"):
        registry.pairs(str(data))
    both = table(tmp_path / "both.jsonl", "similarity", [0.5, 0.2], label="0.5")
    with pytest.raises(InvalidInput, match="'similarity' and 'label' both say"):
        registry.pairs(str(both))


def test_unused_columns_are_reported(bert: Path, tmp_path: Path) -> None:
    for name, column in (("graded", "similarity"), ("plain", None)):
        data = table(tmp_path / f"{name}.jsonl", column, VALUES, topic="x", negative="other words")
        recipe = Recipe(start=str(bert), data=(str(data),), objective="cosine", n_steps=1, batch_size=4)
        (said,) = [w for w in train(recipe, Store(tmp_path / "store")).warnings if "does not use" in w]
        assert "'topic'" in said
        assert "negative" in said


def test_early_stopping_on_few_groups_is_refused_before_training(bert: Path, tmp_path: Path, capsys) -> None:
    data = table(tmp_path / "pairs.jsonl", None, [0] * (MIN_GROUPS - 1))
    recipe = Recipe(
        start=str(bert), data=(str(data),), objective="infonce", n_steps=6, batch_size=4, early_stop={"every": 1}
    )
    with pytest.raises(InvalidInput, match="has 19 .*expected at least 20, so that two are held out"):
        train(recipe, Store(tmp_path / "store"))
    with pytest.raises(SystemExit) as left:
        main(["train", str(bert), "--data", str(data), "--objective", "infonce", "--steps", "6", "--early-stop", "1",
              "--out", str(tmp_path / "out")])  # fmt: skip
    assert left.value.code == 2
    assert not (tmp_path / "out").exists()
    table(data, None, [0] * MIN_GROUPS)
    assert train(recipe, Store(tmp_path / "store")).n_steps


def test_early_stopping_on_held_out_pairs_of_one_document_is_refused(bert: Path) -> None:
    from evidense.training.readiness import check
    from evidense.values import Item
    from evidense.verbs.retrieve import open_system

    texts = [Item(f"q{i}", f"alpha {i}") for i in range(40)]
    pairs = Pairs("one", "exact", texts, [Item("d", "the same")] * 40, [str(i) for i in range(40)])
    recipe = Recipe(start=str(bert), objective="infonce", n_steps=6, batch_size=4, early_stop={"every": 1})
    with pytest.raises(InvalidInput, match="all 4 held-out pairs of 'one' have the same document"):
        check(recipe, registry.part("objectives", "infonce"), pairs, open_system(str(bert)).engine)  # type: ignore[arg-type]
