"""What explains the spread of effects, planted: by direction within families, by training between them; kinds of one family each decide nothing."""

from pathlib import Path

import numpy as np
import pytest

from evidense.compute.comparison.lineup import Cell, Lineup, effects_of
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.compute.comparison.sharing import Shared
from evidense.compute.comparison.strata import Strata
from evidense.records import Finding, Json, Score, Study
from evidense.stats import CELLS
from evidense.store import Store
from evidense.values import Draft, Item, build
from evidense.verbs.decide_spread import decide_spread

MEASURE, N_SEEDS, N_QUERIES = "nDCG@10", 3, 40
STUDY = Study(name="s", question="q", systems=(), collections=("a",), margin=0.02)
LINEUP = Lineup(
    cells := tuple(Cell(name, tuple(f"{name} #{s}" for s in range(N_SEEDS))) for name in CELLS),
    tuple(effects_of(cells)),
)


def scored(store: Store, index: int, family: int, direction: str) -> ScoredCells:
    """A collection of a family: fine-tuning adds .1, and .1 more from i→t; pre-training adds .05, and .1 more where it saw such pictures."""
    rng = np.random.default_rng((7, index))
    is_seen = family % 2 == 0
    gains = (
        0.05 + 0.1 * is_seen + 0.005 * rng.standard_normal(),
        0.1 + 0.1 * (direction == "i→t") + 0.005 * rng.standard_normal(),
    )
    items = [Item(f"{i}", f"text {i} of family {family}") for i in range(N_QUERIES)]
    collection = build(
        Draft(name=f"f{family} {direction}", queries=items, corpus=items, qrels={i.id: {i.id: 1} for i in items})
    )
    scores = {}
    for cell, (pre, fine) in zip(cells, ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
        for label in cell.labels:
            values = 0.2 + pre * gains[0] + fine * gains[1] + 0.05 * rng.standard_normal(N_QUERIES)
            score = Score(system=label, collection="made", measure=MEASURE, query_ids=store.put_json([*range(N_QUERIES)]),
                          values=store.put_array(values), mean=float(values.mean()))  # fmt: skip
            scores[label, MEASURE] = score
    strata: dict[str, Json] = {"kind": f"kind {family}", "seen": "yes" if is_seen else "no", "size": float(family)}
    return ScoredCells(
        index=index, n_collections=12, collection=collection, direction=direction, scores=scores, strata=strata
    )


def found(folder: Path, n_families: int) -> dict[tuple[str, str, str], Finding]:
    store = Store(folder)
    members = [
        scored(store, 2 * f + d, f, direction) for f in range(n_families) for d, direction in enumerate(("t→i", "i→t"))
    ]
    sharing = Shared(tuple(member.collection for member in members)).sharing
    records = decide_spread(STUDY, LINEUP, CollectionSet(members, sharing), store)
    return {
        (str(r.site["effect"]), str(r.site["moderator"]), str(r.site["level"])): r
        for r in records
        if isinstance(r, Finding)
    }


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], Finding]:
    return found(tmp_path_factory.mktemp("spread"), 6)


def test_a_difference_within_families_is_found_with_their_number(six: dict[tuple[str, str, str], Finding]) -> None:
    fine, pre = six["finetuning", "direction", "i→t"], six["pretraining", "direction", "i→t"]
    assert fine.details["how"] == "within families"
    assert (fine.n, fine.n_clusters) == (12, 6)
    assert fine.value == pytest.approx(0.1, abs=0.02)
    assert (fine.details["verdict"], pre.details["verdict"]) == ("DIFFERS", "SAME")


def test_a_difference_between_families_is_found_where_it_is(six: dict[tuple[str, str, str], Finding]) -> None:
    pre, fine = six["pretraining", "seen", "no"], six["finetuning", "seen", "no"]
    assert pre.details["how"] == "between families"
    assert pre.n == 6, "of each family the direction that comes first"
    assert pre.value == pytest.approx(-0.1, abs=0.02)
    assert pre.details["explained"] > 0.9
    assert pre.details["verdict"] == "DIFFERS" != fine.details["verdict"]


def test_a_kind_of_one_family_decides_nothing_and_says_why(
    six: dict[tuple[str, str, str], Finding], tmp_path: Path
) -> None:
    kind = six["pretraining", "kind", "kind 3"]
    assert (kind.value, kind.details["verdict"], kind.details["reason"]) == (
        None,
        "UNDECIDED",
        "2 independent families, fewer than 5",
    )
    few = found(tmp_path, 4)["finetuning", "direction", "i→t"]
    assert (few.low, few.details["reason"]) == (None, "4 independent families, fewer than 5")


def test_only_collections_that_are_alike_in_all_else_are_compared() -> None:
    profiles: list[dict[str, Json]] = [
        {"language": "en", "direction": "t→i"}, {"language": "de", "direction": "t→i"}, {"language": "en", "direction": "i→t"},
        {"language": "en", "direction": "t→i"}, {"language": "de", "direction": "t→i"}, {"language": "de", "direction": "i→t"},
    ]  # fmt: skip
    german, backwards = Strata(profiles, [(0, 1, 2), (3, 4, 5)]).moderators()
    assert [dict(zip(f.members, f.weights, strict=True)) for f in german.families] == [{1: 1, 0: -1}, {4: 1, 3: -1}]
    assert [dict(zip(f.members, f.weights, strict=True)) for f in backwards.families] == [{2: 1, 0: -1}, {5: 1, 4: -1}]
