"""Shares of a change: Fieller against brute force, coverage, the guard; and the analysis on real encoders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from encoders.opening import open_encoder
from evidense import registry
from evidense.compute.search.encode import encode
from evidense.compute.search.scoring import score
from evidense.dissection.findings import IntervalSettings
from evidense.dissection.patching.shares import shares
from evidense.parts import Case, Subject
from evidense.store import Store
from evidense.values import Collection, Item
from training import towers
from training.text_world import open_bert, save_bert

HOW = IntervalSettings(n_resamples=2000)


class Bench:
    """What patching asks of a bench, from the store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def vectors(self, subject: Subject, side: Any, items: Any) -> np.ndarray:
        return encode(subject.encoder.tower(side), items, self.store).all()

    def score(self, lists: Any, collection: Collection, measure: str) -> np.ndarray:
        return score(lists, collection, [measure]).values[measure]

    def tell(self, *_: Any) -> None:
        pass


def world(seed: int, share: float, n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    whole = 0.2 + 0.3 * rng.standard_normal(n)
    return (share * whole + 0.1 * rng.standard_normal(n))[None], whole


def test_fiellers_interval_holds_the_shares_that_no_test_rejects() -> None:
    part, whole = world(0, 0.4)
    found = shares(part, whole, np.arange(120), HOW)[0]
    grid = np.linspace(-1, 2, 30001)
    residual = part[0] - grid[:, None] * whole
    statistic = np.abs(residual.mean(axis=1)) / (residual.std(axis=1, ddof=1) / np.sqrt(120))
    kept = grid[statistic <= student.ppf(0.975, 119)]
    assert found.low == pytest.approx(kept.min(), abs=1e-4)
    assert found.high == pytest.approx(kept.max(), abs=1e-4)
    assert found.value == pytest.approx(part.sum() / whole.sum())


def test_the_interval_of_a_share_covers_the_planted_share() -> None:
    hits = [s.low <= 0.4 <= s.high for seed in range(200) for s in shares(*world(seed, 0.4), np.arange(120), HOW) if s.low is not None]  # fmt: skip
    assert len(hits) > 190
    assert 0.91 <= np.mean(hits) <= 0.985


def test_repeating_each_query_in_its_cluster_does_not_narrow_the_interval() -> None:
    part, whole = world(1, 0.4, 40)
    once = shares(part, whole, np.arange(40), HOW)[0]
    thrice = shares(np.repeat(part, 3, axis=1), np.repeat(whole, 3), np.repeat(np.arange(40), 3), HOW)[0]
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))


def test_the_joint_interval_of_many_shares_is_wider() -> None:
    rows, whole = zip(*(world(seed, 0.3) for seed in range(12)), strict=True)
    found = shares(np.vstack(rows), whole[0], np.arange(120), HOW)
    assert all(s.together[0] < s.low < s.high < s.together[1] for s in found)


def test_a_share_of_a_change_that_may_be_zero_has_no_value() -> None:
    rng = np.random.default_rng(0)
    found = shares(rng.standard_normal((2, 50)), rng.standard_normal(50), np.arange(50), HOW)
    assert all(s.value is None and "cannot be told from 0" in s.reason for s in found)
    assert "do not differ" in shares(np.zeros((1, 9)), np.zeros(9), np.arange(9), HOW)[0].reason


# --- the analysis ------------------------------------------------------------------------------------------------------


def collection(n: int = 12) -> Collection:
    queries = [Item(f"q{i}", f"w{i} w{i + 1}") for i in range(n)]
    corpus = [Item(f"d{i}", f"w{i} w{i + 2} w{i + 3} w{40 + i}") for i in range(2 * n)]
    return Collection("words", queries, corpus, {f"q{i}": {f"d{i}": 1} for i in range(n)})


def findings(base: Any, tuned: Any, tmp_path: Path, **options: Any) -> list[Any]:
    subjects = (Subject("base", "b", base, "base"), Subject("tuned", "t", tuned, "tuned"))
    case = Case(subjects, options.pop("on", collection()), n_resamples=500, options={"n_candidates": 4, **options})
    return list(registry.part("analyses", "patching").examine(case, Bench(Store(tmp_path / "s"))))


def at(found: list[Any], **site: Any) -> list[Any]:
    return [f for f in found if all(f.site.get(k) == v for k, v in site.items())]


def test_patching_identical_encoders_changes_exactly_nothing(tmp_path: Path) -> None:
    base, twin = (open_bert(save_bert(tmp_path / name)) for name in ("a", "b"))
    found = findings(base, twin, tmp_path)
    changes = [f for f in found if f.estimand in ("tuning difference", "patching difference")]
    assert len(changes) > 20
    assert {(f.value, f.low, f.high) for f in changes} == {(0.0, 0.0, 0.0)}
    unshared = [f for f in found if f.estimand == "patching effect" and f.site["module"] != "final"]
    assert unshared
    assert all("do not differ" in f.details["reason"] for f in unshared)


def test_patching_everything_has_share_one_and_other_halves_stay_unpatched(tmp_path: Path) -> None:
    base, moved = (towers.opened(tmp_path / "towers", towers.VIT) for _ in range(2))
    towers.trained_a_little(moved, towers.mixed_items())
    moved.save(tmp_path / "moved")
    tuned = open_encoder(str(tmp_path / "moved"))
    found = findings(base, tuned, tmp_path, modules=["all", "mlp"], halves=["text"])
    whole = at(found, half="text", module="all")
    assert whole
    for measure in ("nDCG@10", "margin"):
        denominator = next(f for f in found if f.estimand == "tuning difference" and f.site["measure"] == measure)
        for f in at(whole, measure=measure):
            assert f.estimand == "patching effect" or f.value == denominator.value
            assert f.estimand != "patching effect" or f.value is None or f.value == pytest.approx(1.0)
    assert {f.site["layer"] for f in at(found, module="mlp")} == {1, 2}
    assert not at(found, half="image")


def test_encoders_of_other_shapes_give_a_finding_without_value(tmp_path: Path) -> None:
    base, tuned = open_bert(save_bert(tmp_path / "a")), towers.opened(tmp_path / "towers")
    found = findings(base, tuned, tmp_path)
    assert [f.value for f in found] == [None]
    reason: Mapping[str, Any] = found[0].details
    assert "architectures" in reason["reason"] or "shape" in reason["reason"]
