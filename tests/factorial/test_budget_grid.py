"""[factorial.budgets]: cells at further budgets chain as the four do; what is found of their curves stands in records and on the page."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense import report
from evidense.compute.comparison.budget_grid import BudgetGrid
from evidense.compute.comparison.lineup import Cell, Lineup, effects_of
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.errors import InvalidInput, UnknownName
from evidense.records import Finding, Record, Score, Study
from evidense.report.factorial.budgets import budget_parts
from evidense.stats import Sharing
from evidense.store import Store
from evidense.study.files.toml import study_from, write_study
from evidense.study.trained.factorial import Factorial, factorial_of, stages_of
from evidense.values import Draft, Item, build
from evidense.verbs.decide_budgets import decide_budgets
from evidense.verbs.decide_effects import decide_effects

BUDGETS = {"pretraining": [640, 1280, 2560], "finetuning": [320, 640]}
SEEDS, N_QUERIES, MEASURE = range(3), 40, "nDCG@10"


def section(budgets: Any) -> dict[str, Any]:
    """A section [factorial] whose stages have 1,280 and 640 pairs."""
    return {
        "seeds": [*SEEDS],
        "controls": [],
        "backbone": {"text": {"kind": "bert"}, "image": {"kind": "convnet"}},
        "pretraining": {"objective": "clip", "data": "glyphs/sans:cheap@train", "pairs": 1280},
        "finetuning": {"objective": "infonce", "data": "glyphs/sans:t2i@train", "pairs": 640},
        "budgets": budgets,
    }


def read(budgets: Any) -> Factorial:
    return factorial_of(section(budgets), "x")


# --- reading and stages


def test_every_budget_of_one_stage_is_combined_with_every_budget_of_the_other() -> None:
    stages = [stage for stage in stages_of(read(BUDGETS)) if stage.seed == 1]
    assert len(stages) == (3 + 1) * (2 + 1)
    by_cell = {stage.cell: stage for stage in stages}
    tuned = by_cell["both, 2560 and 320 pairs"]
    assert tuned.recipe.budget == {"pairs": 320}
    assert tuned.after == "pre-trained, 2560 pairs"
    assert by_cell[tuned.after].recipe.budget == {"pairs": 2560}
    assert by_cell[tuned.after].after == "neither"
    assert by_cell["both, 2560 and 640 pairs"].recipe == by_cell["both"].recipe, "the same training, from another start"
    assert by_cell["both"].after == "pre-trained"
    assert by_cell["fine-tuned, 320 pairs"].after == "neither"


def test_each_stage_comes_after_the_one_that_it_starts_from() -> None:
    labels = [stage.label for stage in stages_of(read(BUDGETS))]
    for stage in stages_of(read(BUDGETS)):
        if stage.after:
            assert labels.index(f"{stage.after} #{stage.seed}") < labels.index(stage.label)


def test_a_grid_of_one_stage_keeps_the_budget_of_the_other() -> None:
    factorial = read({"pretraining": [1280, 5120]})
    assert factorial.grid == BudgetGrid((1280, 5120), (640,), (1280, 640), ("pairs", "pairs"))


@pytest.mark.parametrize(
    ("budgets", "message"),
    [
        ({"pretraining": [640, 2560]}, "expected the stage's own 1280 pairs among them"),
        ({"finetuning": [640, 320]}, "in growing order"),
        ({"finetuning": [640]}, "two or more"),
        ({"finetuning": [0, 640]}, "in growing order"),
        ({"finetuning": "640"}, "two or more"),
        ({"tuning": [320, 640]}, "tuning"),
    ],
    ids=["own missing", "falling", "one", "zero", "text", "unknown stage"],
)
def test_wrong_budgets_are_refused_in_words(budgets: Any, message: str) -> None:
    with pytest.raises((InvalidInput, UnknownName), match=message):
        read(budgets)


def test_a_study_with_budgets_is_written_back_and_read_again() -> None:
    study = study_from(
        {"name": "s", "question": "q?", "collections": ["glyphs/sans:t2i@test"], "factorial": section(BUDGETS)}, "s"
    )
    again = study_from(tomllib.loads(write_study(study)), "s")
    assert again.id == study.id
    assert factorial_of(again.factorial, "s").grid == read(BUDGETS).grid


# --- what is found


def gain(pre: float, fine: float) -> float:
    """Two doublings of pre-training gain .10, one of fine-tuning .10; without either, .3."""
    return 0.3 + (0.05 * np.log2(pre / 320) if pre else 0.0) + (0.1 * np.log2(fine / 160) if fine else 0.0)


class GridWorld:
    """Two collections on which the cells of a grid have the scores of `gain`, with a little chance."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.study = Study(name="grid", question="what adds?", systems=(), collections=(), measures=(MEASURE,), n_resamples=499,
                           factorial=section(BUDGETS))  # fmt: skip
        self.grid = read(BUDGETS).grid
        assert self.grid is not None
        cells = [Cell(self.grid.cell(p), tuple(f"{self.grid.cell(p)} #{s}" for s in SEEDS)) for p in self.grid.points]
        self.lineup = Lineup(tuple(cells), tuple(effects_of(cells)), self.grid)
        self.places = [self._place(index) for index in range(2)]
        shared = CollectionSet(self.places, Sharing.nothing(2))
        self.records: list[Record] = decide_budgets(self.study, self.lineup, shared, store)

    def findings(self, estimand: str, **site: object) -> list[Finding]:
        """Return the findings on the mean of both collections."""
        return [f for f in self.records if isinstance(f, Finding) and f.estimand == estimand and "collections" in f.site
                and all(f.site[key] == value for key, value in site.items())]  # fmt: skip

    def _place(self, index: int) -> ScoredCells:
        assert self.grid is not None
        ids = [f"q{i}" for i in range(N_QUERIES)]
        items = [Item(i, f"text of {i}") for i in ids]
        collection = build(Draft(name=f"made/{index}", queries=items, corpus=items, qrels={i: {i: 1} for i in ids}))
        rng = np.random.default_rng(index)
        of_query = 0.03 * rng.standard_normal(N_QUERIES)
        scores = {}
        for point in self.grid.points:
            for seed in SEEDS:
                label = f"{self.grid.cell(point)} #{seed}"
                values = gain(*point) + of_query + 0.004 * rng.standard_normal(N_QUERIES)
                scores[label, MEASURE] = self._score(label, collection.name, values - values.mean() + gain(*point))
        return ScoredCells(index=index, n_collections=2, collection=collection, direction="t→i", scores=scores)

    def _score(self, label: str, collection: str, values: np.ndarray) -> Score:
        ids = self.store.put_json([f"q{i}" for i in range(N_QUERIES)])
        score = Score(system=label, collection=collection, measure=MEASURE, query_ids=ids, values=self.store.put_array(values),
                      mean=float(values.mean()))  # fmt: skip
        self.store.put(score)
        return score


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> GridWorld:
    return GridWorld(Store(tmp_path_factory.mktemp("grid")))


def test_the_gain_a_doubling_is_found_beside_every_budget_of_the_other_stage(world: GridWorld) -> None:
    for beside in (0, 320, 640):
        (finding,) = world.findings("gain a doubling", stage="pretraining", beside=beside)
        assert finding.value == pytest.approx(0.05)
        assert finding.low is not None
        assert finding.low > 0.04
        assert finding.details["change_of_gain"]["value"] == pytest.approx(0, abs=1e-9)
    tuning = world.findings("gain a doubling", stage="finetuning")
    assert [f.site["beside"] for f in tuning] == [0, 640, 1280, 2560]
    assert [f.value for f in tuning] == pytest.approx([0.1] * 4)


def test_a_pair_of_one_stage_is_priced_in_pairs_of_the_other(world: GridWorld) -> None:
    (rate,) = world.findings("exchange rate", pretraining=1280, finetuning=640)
    assert rate.value == pytest.approx((0.1 / 640) / (0.05 / 1280), rel=1e-2)
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < 4 < rate.high
    (equal,) = world.findings("equivalent budget", finetuning=320)
    assert equal.value == pytest.approx(1280, rel=1e-2)  # .3 + .1 = .3 + .05 · log₂(1280 / 320)


def test_no_curves_cross_outside_of_what_was_tried(world: GridWorld) -> None:
    assert world.findings("crossing of budget curves") == []  # 320 to 640, and 640 to 2560: no common range


def test_a_study_without_a_grid_finds_nothing_about_budgets(world: GridWorld) -> None:
    plain = Lineup(world.lineup.cells, world.lineup.effects)
    assert decide_budgets(world.study, plain, CollectionSet(world.places, Sharing.nothing(2)), world.store) == []


def page_of(world: GridWorld, records: Sequence[Record], study: Study, out: Path) -> str:
    return report.write(study, records, world.store, out, text=False).read_text(encoding="utf-8")


def test_the_page_draws_the_curves_and_prices_the_pairs(world: GridWorld, tmp_path: Path) -> None:
    decided = [r for place in world.places for r in decide_effects(world.study, world.lineup, place, world.store)]
    page = page_of(world, [*decided, *world.records], world.study, tmp_path / "grid")
    assert "By budget" in page
    assert "At one budget" not in page
    first = budget_parts(world.records)[0]
    assert first.name == "mean of all 2 collections"
    assert [plot.stage for plot in first.plots] == ["pre-training", "fine-tuning"]
    assert any("320 pairs of fine-tuning alone do as well as 1,2" in text for text in first.sentences)
    assert first.rate_columns == ["320", "640"]
    alone = replace(world.study, factorial=section({}))
    without = page_of(world, decided, alone, tmp_path / "one")
    assert "At one budget, pre-training adds" in without
    assert "By budget" not in without
