"""Decide effects on planted scores of cells: the number of groups, the size of the family and the margins are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense.compute.comparison.lineup import Cell, Lineup, effects_of
from evidense.compute.comparison.scored import ScoredCells
from evidense.records import Check, Finding, Record, Score, Study, Verdict
from evidense.stats import CELLS
from evidense.store import Store
from evidense.values import Draft, Item, build
from evidense.verbs.decide_effects import decide_effects

N_QUERIES, N_SEEDS, MEASURE = 120, 5, "nDCG@10"
GROUPS = [f"g{i // 4}" for i in range(N_QUERIES)]
MEANS = dict(zip(CELLS, (0.3, 0.4, 0.5, 0.6), strict=True))
"""Pre-training adds .1, fine-tuning .2, and they do not interact."""


def decided(
    folder: Path, *, n_collections: int = 1, grouped_by: str = "", noise: np.ndarray | None = None
) -> list[Record]:
    """Decide the four cells of a factorial on the first of `n_collections` collections, of 30 groups of four queries each."""
    store, lineup = Store(folder), Lineup(cells := tuple(_cell(name) for name in CELLS), tuple(effects_of(cells)))
    ids = [f"q{i}" for i in range(N_QUERIES)]
    items = [Item(i, f"text of {i}") for i in ids]
    collection = build(
        Draft(name="made", queries=items, corpus=items, qrels={i: {i: 1} for i in ids},
              columns={"author": dict(zip(ids, GROUPS, strict=True))})
    )  # fmt: skip
    drawn = np.random.default_rng(3).uniform(-0.25, 0.25, (4, N_SEEDS, N_QUERIES)) if noise is None else noise
    scores = {
        (label, MEASURE): _score(store, label, MEANS[cell.name] + drawn[c, s])
        for c, cell in enumerate(cells)
        for s, label in enumerate(cell.labels)
    }
    scored = ScoredCells(
        index=0,
        n_collections=n_collections,
        collection=collection,
        direction="t→t",
        scores=scores,
        grouped_by=grouped_by,
    )
    study = Study(name="s", question="q", systems=(), collections=("made",), margin=0.04, n_resamples=999)
    return decide_effects(study, lineup, scored, store)


def _cell(name: str) -> Cell:
    return Cell(name, tuple(f"{name} #{seed}" for seed in range(N_SEEDS)))


def _score(store: Store, label: str, values: np.ndarray) -> Score:
    score = Score(
        system=label, collection="made", measure=MEASURE, query_ids=store.put_json([*range(N_QUERIES)]),
        values=store.put_array(values), mean=float(values.mean()),
    )  # fmt: skip
    store.put(score)
    return score


def effects(records: list[Record]) -> dict[str, Finding]:
    return {str(r.site["effect"]): r for r in records if isinstance(r, Finding) and r.estimand == "effect"}


def verdicts(records: list[Record]) -> dict[str, Verdict | Check]:
    return {r.system: r for r in records if isinstance(r, Verdict | Check)}


def test_each_effect_is_the_contrast_of_its_planted_cells(tmp_path: Path) -> None:
    findings = effects(decided(tmp_path, noise=np.zeros((4, N_SEEDS, N_QUERIES))))
    planted: dict[str, Any] = {
        "pretraining": 0.1, "finetuning": 0.2, "interaction": 0.0, "pretraining alone": 0.1, "finetuning alone": 0.2,
        "finetuning after pretraining": 0.2, "pretraining before finetuning": 0.1,
    }  # fmt: skip
    assert {name: f.value for name, f in findings.items()} == pytest.approx(planted)


@pytest.mark.parametrize(("grouped_by", "n_groups"), [("", N_QUERIES), ("author", 30)])
def test_queries_of_one_group_count_as_one(tmp_path: Path, grouped_by: str, n_groups: int) -> None:
    records = decided(tmp_path, grouped_by=grouped_by)
    assert {r.n_clusters for r in records if isinstance(r, Finding | Verdict | Check)} == {n_groups}
    assert {r.n for r in records if isinstance(r, Finding | Verdict | Check)} == {N_QUERIES}


def test_the_family_counts_every_collection(tmp_path: Path) -> None:
    """Collections are independent: Šidák over their number, beside the effects of a group."""
    by_query = 0.3 * np.random.default_rng(3).choice([-1.0, 1.0], (4, 1, N_QUERIES))
    weak = np.broadcast_to(by_query, (4, N_SEEDS, N_QUERIES))
    single, four = (effects(decided(tmp_path / str(n), n_collections=n, noise=weak)) for n in (1, 4))
    assert single.keys() == four.keys()
    for name, finding in four.items():
        assert finding.p_adjusted == pytest.approx(1 - (1 - single[name].p_adjusted) ** 4)
        assert finding.p == pytest.approx(single[name].p)
        assert finding.low < single[name].low
        assert finding.high > single[name].high
    assert four["pretraining"].family.startswith("12 intervals: 3 factorial effects × 4 collections")
    assert four["finetuning alone"].family.startswith("16 intervals: 4 stage effects × 4 collections")


def test_the_margin_of_an_interaction_is_twice_that_of_a_gain(tmp_path: Path) -> None:
    margins = {name: v.margin for name, v in verdicts(decided(tmp_path)).items()}
    assert margins.pop("interaction") == pytest.approx(0.08)
    assert set(margins.values()) == {0.04}


def test_each_verdict_holds_its_two_sides_and_word(tmp_path: Path) -> None:
    verdict_of_effect = verdicts(decided(tmp_path))
    sides = {name: (v.base_mean, v.system_mean) for name, v in verdict_of_effect.items()}
    assert sides["pretraining"] == pytest.approx((0.4, 0.5), abs=0.02)
    assert sides["finetuning after pretraining"] == pytest.approx((0.4, 0.6), abs=0.02)
    words = {name: v.verdict for name, v in verdict_of_effect.items()}
    assert (words["pretraining"], words["finetuning"], words["finetuning alone"]) == ("HOLDS", "HOLDS", "HELPS")
    assert words["interaction"] != "HOLDS"
