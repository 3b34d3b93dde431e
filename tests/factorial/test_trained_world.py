"""One world that is really trained, end to end: twelve encoders in seconds, the signs of their effects, and what is kept of them."""

from pathlib import Path

import pytest

from evidense.records import Checkpoint, Recipe
from evidense.store import Store
from evidense.study.result import Result
from evidense.study.run import RunOptions, run_study
from factorial.world import study_of, write_world

pytest.importorskip("torch")

SEEDS = [0, 1, 2]
CELLS = ("neither", "pre-trained", "fine-tuned", "both")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder / "world.csv")
    return folder


@pytest.fixture(scope="module")
def result(place: Path) -> Result:
    return run_study(study_of(place / "world.csv", SEEDS), Store(place / "store"), RunOptions(n_workers=0))


def mean(result: Result, cell: str) -> float:
    """nDCG@10 of a cell over seeds and queries."""
    (finding,) = (
        f for f in result.findings if f.estimand == "cell mean" and f.site["cell"] == cell and f.unit == "nDCG@10"
    )
    assert finding.details["n_seeds"] == len(SEEDS)
    return finding.value


def test_each_training_stage_gains_and_both_together_gain_most(result: Result) -> None:
    neither, pre, fine, both = (mean(result, cell) for cell in CELLS)
    assert neither < 0.1 < min(pre, fine)
    assert both > max(pre, fine) + 0.1
    verdicts = {v.claim: v for v in result.checks if v.claim in ("pretraining_adds", "finetuning_adds")}
    assert {name: v.verdict for name, v in verdicts.items()} == {
        "pretraining_adds": "HOLDS",
        "finetuning_adds": "HOLDS",
    }


def test_every_seed_agrees_on_the_signs(result: Result) -> None:
    effects = {f.site["effect"]: f.details["seeds"] for f in result.findings if f.estimand == "effect" and f.unit == "nDCG@10"}  # fmt: skip
    for effect in ("pretraining alone", "finetuning alone", "finetuning after pretraining", "pretraining before finetuning"):  # fmt: skip
        assert len(effects[effect]) == len(SEEDS), effect
        assert min(effects[effect]) > 0, effect
    assert max(effects["interaction"]) < 0  # what one regime has given, the other need not give again


def test_cells_share_the_stages_that_they_have_in_common(result: Result) -> None:
    recipes = {r.id: r for r in result.of(Recipe)}
    checkpoint_of_recipe = {c.parents[0]: c for c in result.of(Checkpoint)}
    assert len(recipes) == len(checkpoint_of_recipe) == len(CELLS) * len(SEEDS)
    of_seed = [(r, checkpoint_of_recipe[id_]) for id_, r in recipes.items() if r.seed == 1]
    backbone = next(c.id for r, c in of_seed if not r.objective)
    pretrained = next(c.id for r, c in of_seed if r.objective == "crop")
    starts = sorted((r.objective, r.parents) for r, _ in of_seed if r.objective)
    assert starts == sorted([("crop", (backbone,)), ("infonce", (backbone,)), ("infonce", (pretrained,))])


def test_the_model_card_of_a_checkpoint_lists_the_verdicts(result: Result) -> None:
    recipes = {r.id: r for r in result.of(Recipe)}
    best = next(c for c in result.of(Checkpoint) if recipes[c.parents[0]].objective == "infonce")
    card = (result.store.folder(best.id) / "README.md").read_text(encoding="utf-8")
    assert "HOLDS" in card
    assert "infonce" in card


def test_a_second_run_trains_nothing_and_gives_the_same_records(result: Result, place: Path) -> None:
    n_folders = len(list((place / "store" / "folders").iterdir()))
    heard: list[str] = []
    again = run_study(
        result.study, Store(place / "store"), RunOptions(n_workers=0, line=lambda words, _: heard.append(words))
    )
    assert [r.id for r in again.records] == [r.id for r in result.records]
    assert not [words for words in heard if ", step " in words]
    assert len(list((place / "store" / "folders").iterdir())) == n_folders
