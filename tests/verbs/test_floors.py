"""Floors, planted: on one collection no cell exceeds the controls by the margin, on another they are merely unsure, on a third one does."""

from pathlib import Path

import numpy as np
import pytest

from evidense.compute.comparison.floor import floors
from evidense.compute.comparison.lineup import KNOW_NOTHING, Cell, Lineup, effects_of
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.compute.comparison.sharing import Shared
from evidense.records import Check, Finding, Record, Score, Study, Verdict
from evidense.stats import CELLS
from evidense.store import Store
from evidense.values import Draft, Item, build
from evidense.verbs.decide_effects import decide_effects, decide_effects_over

MEASURE, N_SEEDS, N_QUERIES = "nDCG@10", 3, 40
STUDY = Study(name="s", question="q", systems=(), collections=("a", "b"), margin=0.04, n_resamples=499)
CONTROL = 0.1
"""What the controls reach everywhere, by chance."""


def cell(name: str) -> Cell:
    return Cell(name, tuple(f"{name} #{seed}" for seed in range(N_SEEDS)))


def score(store: Store, label: str, values: np.ndarray) -> Score:
    made = Score(
        system=label, collection="made", measure=MEASURE, query_ids=store.put_json([*range(N_QUERIES)]),
        values=store.put_array(values), mean=float(values.mean()),
    )  # fmt: skip
    store.put(made)
    return made


def scored(store: Store, index: int, name: str, best: float, spread: float) -> ScoredCells:
    """A collection on which "both" reaches `best`, every other cell what the controls reach."""
    cells = [cell(each) for each in (*CELLS, *KNOW_NOTHING)]
    items = [Item(f"{name}{i}", f"text {i} of {name}") for i in range(N_QUERIES)]
    collection = build(Draft(name=name, queries=items, corpus=items, qrels={item.id: {item.id: 1} for item in items}))
    noise = np.random.default_rng(index).uniform(-spread, spread, (len(cells), len(cells[0].labels), N_QUERIES))
    scores = {
        (label, MEASURE): score(store, label, np.clip((best if one.name == "both" else CONTROL) + noise[c, s], 0, 1))
        for c, one in enumerate(cells)
        for s, label in enumerate(one.labels)
    }
    return ScoredCells(index=index, n_collections=2, collection=collection, direction="t→i", scores=scores)


def decided(folder: Path, *planted: tuple[str, float, float]) -> list[Record]:
    store, cells = Store(folder), tuple(cell(name) for name in (*CELLS, *KNOW_NOTHING))
    lineup = Lineup(cells, tuple(effects_of(cells)))
    members = [scored(store, i, *world) for i, world in enumerate(planted)]
    records = [r for member in members for r in decide_effects(STUDY, lineup, member, store)]
    together = CollectionSet(members, Shared(tuple(m.collection for m in members)).sharing)
    return records + decide_effects_over(STUDY, lineup, together, store, floors(records))


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder = tmp_path_factory.mktemp("floors")
    return decided(folder, ("floor", 0.105, 0.02), ("unsure", 0.12, 0.9), ("able", 0.5, 0.02))


def test_a_floor_is_what_no_cell_lifts_above_the_controls_and_never_what_is_unsure(records: list[Record]) -> None:
    assert list(floors(records)) == ["floor"]


def test_nothing_is_decided_on_a_floor_but_the_comparison_with_controls(records: list[Record]) -> None:
    on_floor = [r for r in records if isinstance(r, Check | Verdict) and r.collection == "floor"]
    speaks_of_floor = {(r.details["group"], r.verdict, "a floor, no test" in r.reason) for r in on_floor}
    assert {row for row in speaks_of_floor if row[0] != "control"} == {
        ("factorial", "UNDECIDED", True),
        ("stage", "UNDECIDED", True),
    }
    assert {row[2] for row in speaks_of_floor if row[0] == "control"} == {False}


def test_a_floor_enters_no_mean(records: list[Record]) -> None:
    means = [r for r in records if isinstance(r, Finding) and r.estimand == "effect, mean over collections"]
    assert means
    assert {name for r in means for name in r.site["collections"]} == {"unsure", "able"}
