"""Simulated score tables with known effects, put into a real store: what is decided, over several collections, and its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from evidense import report
from evidense.claims._effects import scores as drawn
from evidense.compute.comparison.lineup import Cell, Effect, Lineup, effects_of
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.records import Finding, Outcome, Record, Score, Study
from evidense.stats import CELLS, Sharing
from evidense.store import Store
from evidense.values import Draft, Item, build
from evidense.verbs.decide_effects import decide_effects, decide_effects_over
from report.number_style import shown_text, wrongly_written

MEASURES = ("nDCG@10", "RR@10")
N_QUERIES = 200
TOTAL = "pre-trained, total budget"
SEEDS = range(5)


@dataclass
class World:
    """Collections on which the four cells, one control and one arm have scores with these gains."""

    store: Store
    gains: Sequence[tuple[float, float, float]]
    """Of each collection: by pre-training, by fine-tuning, and their interaction."""
    seeds: range = SEEDS

    study = Study(name="simulated", question="what adds?", systems=(), collections=(), measures=MEASURES, margin=0.04,
                  n_resamples=499, factorial={"seeds": [*SEEDS]}, arms=({"label": "tuned", "start": "ready"},))  # fmt: skip

    @cached_property
    def lineup(self) -> Lineup:
        """The control does as pre-training alone; the arm has three seeds, and what it started from has one."""
        trained = [Cell(name, tuple(f"{name} #{seed}" for seed in self.seeds)) for name in (*CELLS, TOTAL)]
        arm = [Cell("tuned", ("tuned #0", "tuned #1", "tuned #2")), Cell("ready", ("ready",))]
        effects = [*effects_of(trained), Effect("tuned", "arm", {"tuned": 1, "ready": -1}, start="ready")]
        return Lineup((*trained, *arm), tuple(effects))

    @cached_property
    def places(self) -> list[ScoredCells]:
        """The first two are in-domain, the others far; directions take turns."""
        return [self._place(index, gains) for index, gains in enumerate(self.gains)]

    @cached_property
    def records(self) -> list[Record]:
        """All that is decided, each collection by itself, then together."""
        decided = [r for place in self.places for r in decide_effects(self.study, self.lineup, place, self.store)]
        return [
            *decided,
            *decide_effects_over(
                self.study, self.lineup, CollectionSet(self.places, Sharing.nothing(len(self.places))), self.store
            ),
        ]

    def effect(self, name: str, at: int = 0, measure: str = MEASURES[0]) -> Finding:
        """Return the finding on an effect on one collection."""
        return next(f for f in self.findings("effect") if f.site["effect"] == name
                    and f.site["collection"] == f"made/{at}" and f.site["measure"] == measure)  # fmt: skip

    def findings(self, estimand: str) -> list[Finding]:
        """Return the findings on one estimand."""
        return [r for r in self.records if isinstance(r, Finding) and r.estimand == estimand]

    def word(self, name: str, at: int = 0) -> str:
        """Return the verdict on an effect on one collection."""
        return next(r.verdict for r in self.records if isinstance(r, Outcome)
                    and r.system == name and r.collection == f"made/{at}")  # fmt: skip

    def _place(self, at: int, gains: tuple[float, float, float]) -> ScoredCells:
        ids = [f"q{i}" for i in range(N_QUERIES)]
        items = [Item(i, f"text of {i}") for i in ids]
        collection = build(Draft(name=f"made/{at}", queries=items, corpus=items, qrels={i: {i: 1} for i in ids}))
        table = drawn(gains, at, n_queries=N_QUERIES)
        again = np.random.default_rng([at, 7]).permutation(
            table[1]
        )  # the control: pre-training alone in another order of seeds
        values = {f"{cell} #{s}": table[c, s] for c, cell in enumerate(CELLS) for s in self.seeds}
        values |= {f"{TOTAL} #{s}": again[s] for s in self.seeds} | {f"tuned #{s}": table[0, s] for s in range(3)}
        values |= {"ready": table[3, 0]}
        return ScoredCells(
            index=at, n_collections=len(self.gains), collection=collection, direction="t→i" if at % 2 else "t→t",
            role="far" if at > 1 else "in-domain", arm_roles={"tuned": "home"},
            scores={(label, m): self._score(label, f"made/{at}", m, row) for label, row in values.items() for m in MEASURES},
            near_duplicates={"both": {"n_equal": 1, "n_near": 2, "n_checked": 400}},
        )  # fmt: skip

    def _score(self, label: str, collection: str, measure: str, values: np.ndarray) -> Score:
        ids = self.store.put_json([f"q{i}" for i in range(N_QUERIES)])
        score = Score(system=label, collection=collection, measure=measure, query_ids=ids, values=self.store.put_array(values),
                    mean=float(values.mean()))  # fmt: skip
        self.store.put(score)
        return score


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Both stages help on five collections, and their gains add up."""
    return World(Store(tmp_path_factory.mktemp("both")), [(0.2, 0.25, 0.0)] * 5)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Pre-training alone helps, then nothing does, then fine-tuning harms."""
    return World(Store(tmp_path_factory.mktemp("mixed")), [(0.25, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, -0.25, 0.0)])


def test_planted_gains_are_found_on_every_collection(both: World) -> None:
    for index in range(5):
        for name, gain in (("pretraining", 0.2), ("finetuning", 0.25)):
            effect = both.effect(name, index)
            assert effect.low < gain < effect.high
            assert both.word(name, index) == "HOLDS"
        assert both.effect("interaction", index).low < 0 < both.effect("interaction", index).high
        assert both.word("interaction", index) != "HOLDS"


@pytest.mark.parametrize(("n_seeds", "is_said"), [(1, False), (2, True), (3, False)])
def test_two_training_seeds_are_too_few_to_decide(tmp_path: Path, n_seeds: int, is_said: bool) -> None:
    """On the page's first screen and in the reason of every UNDECIDED; five such seeds find the same gain."""
    world = World(Store(tmp_path / "store"), [(0.2, 0.25, 0.0)], range(n_seeds))
    (page, *_) = report.write(world.study, world.records, world.store, tmp_path / "page").parent.glob("report.html")
    warning = "two training seeds hardly ever decide"
    text = page.read_text(encoding="utf-8")
    before_records = text[: text.index('id="evidence"')]  # whose names are identifiers
    assert wrongly_written(shown_text(before_records)) == []
    assert (warning in text[: text.index('id="cells"')]) is is_said
    verdicts = [r for r in world.records if isinstance(r, Outcome) and r.details["n_seeds"] == n_seeds]
    doubts = [v for v in verdicts if v.verdict == "UNDECIDED"]
    assert all((warning in v.reason) is is_said for v in doubts)
    assert bool(doubts) or not is_said


def test_a_claim_holds_only_where_its_own_stage_helps(mixed: World) -> None:
    words = [[mixed.word(name, index) for name in ("pretraining", "finetuning")] for index in range(3)]
    assert words[0][0] == "HOLDS"
    assert words[2][1] == "FAILS"
    assert "HOLDS" not in (words[0][1], *words[1], *words[2])


def test_a_planted_interaction_has_its_sign_on_both_scales(tmp_path: Path) -> None:
    world = World(Store(tmp_path), [(0.0, 0.0, 0.4), (0.0, 0.0, -0.4)])
    for index, sign in enumerate((1, -1)):
        effect = world.effect("interaction", index)
        assert world.word("interaction", index) == "HOLDS"
        assert effect.value * sign > 0
        assert effect.details["logit"]["value"] * sign > 0


def test_stages_controls_and_arms_are_compared_in_words(both: World) -> None:
    assert both.word("finetuning after pretraining") == both.word(f"both − {TOTAL}") == "HELPS"
    assert both.word("tuned") == "HARMS"  # its scores are those of `neither`, its start's those of `both`
    stage, arm = both.effect("finetuning alone"), both.effect("tuned")
    assert (stage.details["n_seeds"], arm.details["n_seeds"]) == (5, 3)
    assert (arm.details["start"], arm.site["role"], arm.site["group"]) == ("ready", "home", "arm")
    assert (
        len({both.effect(name).family for name in ("pretraining", "finetuning alone", f"both − {TOTAL}", "tuned")}) == 4
    )


def test_the_value_is_the_contrast_of_the_cells_it_names(both: World) -> None:
    mean = {f.site["cell"]: f.value for f in both.findings("cell mean") if f.site["collection"] == "made/0"
            and f.site["measure"] == MEASURES[0]}  # fmt: skip
    gain = (mean["pre-trained"] - mean["neither"] + mean["both"] - mean["fine-tuned"]) / 2
    effect = both.effect("pretraining")
    assert effect.value == pytest.approx(gain)
    assert np.mean(effect.details["seeds"]) == pytest.approx(gain)
    verdict = next(r for r in both.records if isinstance(r, Outcome) and effect.id in r.parents)
    assert verdict.system_mean - verdict.base_mean == pytest.approx(gain)


def test_secondary_measures_have_findings_without_p_or_verdict(both: World) -> None:
    assert both.effect("pretraining", measure="RR@10").p_adjusted is None
    assert both.effect("pretraining").p_adjusted < 0.05
    assert {r.measure for r in both.records if isinstance(r, Outcome)} == {"nDCG@10"}


def test_means_cover_all_collections_and_each_role_and_direction(both: World) -> None:
    means = [f for f in both.findings("effect, mean over collections") if f.site["effect"] == "pretraining"]
    sizes = {(f.site["role"], f.site["direction"]): len(f.site["collections"]) for f in means}
    assert sizes == {
        ("all", "all"): 5,
        ("in-domain", "all"): 2,
        ("far", "all"): 3,
        ("all", "t→t"): 3,
        ("all", "t→i"): 2,
    }
    alone = [both.effect("pretraining", index).value for index in range(5)]
    assert means[0].value == pytest.approx(np.mean(alone))


def test_random_effects_need_five_collections(both: World, mixed: World) -> None:
    effect = next(f for f in both.findings("effect, random effects") if f.site["effect"] == "finetuning")
    assert effect.details["n_collections"] == 5
    assert effect.low < 0.25 < effect.high
    assert effect.details["prediction_low"] <= effect.low
    assert effect.high <= effect.details["prediction_high"]
    assert not mixed.findings("effect, random effects")
    assert mixed.findings("effect, mean over collections")


def test_the_same_scores_make_the_same_records(mixed: World, tmp_path: Path) -> None:
    again = World(Store(tmp_path), mixed.gains)
    place = again.places[1]
    ids = [r.id for r in decide_effects(again.study, again.lineup, place, again.store)]
    assert ids == [r.id for r in mixed.records][len(ids) : 2 * len(ids)]
    assert all(mixed.store.get(r.id) == r for r in mixed.records)


def test_the_report_writes_a_page_of_the_effects(both: World, tmp_path: Path) -> None:
    everything = [*(s for place in both.places for s in place.scores.values()), *both.records]
    page = report.write(both.study, everything, both.store, tmp_path / "out").read_text(encoding="utf-8")
    for words in ("Pre-training adds", "Alignment fine-tuning adds", "They interact", "made/4", TOTAL,
                  "1 equal, 2 near of 400", "mean of these 5 collections"):  # fmt: skip
        assert words in page
