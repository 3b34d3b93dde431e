"""What probes' scores come to, where the scores are planted and no probe is trained: values, widths, signs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from dissection.probe_worlds import case, tuned_states
from evidense.dissection.findings import IntervalSettings
from evidense.dissection.probes.agreement import agreement
from evidense.dissection.probes.cross_fit import CrossFitTask, ProbeOutcome, crossfit
from evidense.dissection.probes.estimates import Probed, change, level
from evidense.dissection.probes.layers import ABLATED
from evidense.dissection.probes.pairs_of_encoders import agreements, transfers
from evidense.dissection.probes.task import ProbingTask
from evidense.parts import Case
from evidense.records import Finding
from evidense.stats import mean_intervals
from evidense.values import Item

N, N_FOLDS, N_CANDIDATES = 100, 5, 4
HOW = IntervalSettings(n_resamples=400)
TWO: Case = case({"base": "base", "tuned": "tuned"}, N, 400, {"n_candidates": [N_CANDIDATES]}, n_resamples=400)
RIGHT = np.random.default_rng(1).random((3, N)) < 0.6
"""Which query is right at which of three layers."""


def scores(right: np.ndarray) -> np.ndarray:
    """Return scores whose first candidate is the highest where the query is right, and the lowest where not."""
    spread = np.random.default_rng(2).uniform(0.5, 1.5, len(right))
    made = np.zeros((len(right), N_CANDIDATES), np.float32)
    made[:, 0] = np.where(right, spread, -spread)
    return made


def probed(subject: int, layers: list[Mapping[str, np.ndarray]], clusters: np.ndarray | None = None) -> Probed:
    """Return an encoder whose probes have these scores, layer by layer."""
    n = len(next(iter(layers[0].values())))
    labels = np.arange(n) if clusters is None else clusters
    task = CrossFitTask(labels % N_FOLDS, labels, lambdas=(10.0,))
    items = [tuple(Item(f"{kind}{i}", f"{kind} {i}") for i in range(400)) for kind in "qd"]
    probing = ProbingTask(
        items[0][:n], items[1], np.arange(n * N_CANDIDATES).reshape(n, N_CANDIDATES), task, "random", 0
    )
    outcomes = tuple({name: ProbeOutcome(values) for name, values in layer.items()} for layer in layers)
    return Probed(TWO.subjects[subject], "own", outcomes, probing)


def planted(subject: int, right: np.ndarray, ablated: np.ndarray | None = None) -> Probed:
    blind = np.zeros(right.shape, bool) if ablated is None else ablated
    return probed(subject, [{"hadamard": scores(a), ABLATED: scores(b)} for a, b in zip(right, blind, strict=True)])


def of(findings: list[Finding], estimand: str, control: str = "none") -> list[Finding]:
    return [f for f in findings if f.estimand == estimand and f.site["control"] == control]


def test_accuracy_and_relevance_gain_equal_those_of_the_planted_scores() -> None:
    ablated = np.roll(RIGHT, 7, axis=1)
    found = level(TWO, planted(1, RIGHT, ablated))
    assert [f.value for f in of(found, "accuracy")] == pytest.approx(RIGHT.mean(axis=1))
    assert [f.value for f in of(found, "relevance gain")] == pytest.approx((RIGHT * 1.0 - ablated).mean(axis=1))
    assert {f.details["chance"] for f in of(found, "accuracy")} == {0.25}
    assert {(f.n, f.n_clusters) for f in found if f.value is not None} == {(N, N)}


def test_a_change_is_subject_minus_base() -> None:
    better, worse = RIGHT | (np.arange(N) < 20), RIGHT & (np.arange(N) >= 20)
    gain = better.mean(axis=1) - worse.mean(axis=1)
    found = of(change(TWO, planted(1, better), planted(0, worse)), "change in accuracy")
    assert [f.value for f in found] == pytest.approx(gain)
    assert {(f.site["subject"], f.site["against"]) for f in found} == {("tuned", "base")}
    assert [(f.details["value"], f.details["against_value"]) for f in found] == [
        pytest.approx(pair) for pair in zip(better.mean(axis=1), worse.mean(axis=1), strict=True)
    ]


def widened(values: np.ndarray) -> np.ndarray:
    """Spread the values of five folds: a variance of 1/5 + 1/4 of a fold's, in place of 1/5."""
    mean = values.mean(axis=1, keepdims=True)
    return mean + np.sqrt((1 / 5 + 1 / 4) / (1 / 5)) * (values - mean)


def intervals(values: np.ndarray) -> list[tuple[float, float, float]]:
    return mean_intervals(values, np.arange(N), n_resamples=400, seed=0)


def bits(right: np.ndarray) -> np.ndarray:
    """Return −log₂ of the softmax of the first of four candidates."""
    e = np.exp(np.stack([scores(row) for row in right]).astype(np.float64))
    return -np.log2(e[..., 0] / e.sum(axis=-1))


def test_the_interval_of_a_log_loss_is_widened_for_shared_folds() -> None:
    found = of(level(TWO, planted(1, RIGHT)), "log-loss")
    assert [(f.value, f.low, f.high) for f in found] == [
        pytest.approx(x, abs=1e-6) for x in intervals(widened(bits(RIGHT)))
    ]


def test_the_interval_of_a_change_in_log_loss_is_widened_too() -> None:
    other = np.roll(RIGHT, 3, axis=1)
    found = of(change(TWO, planted(1, RIGHT), planted(0, other)), "change in log-loss")
    expected = intervals(widened(bits(RIGHT) - bits(other)))
    assert [(f.value, f.low, f.high) for f in found] == [pytest.approx(x, abs=1e-6) for x in expected]


def test_the_interval_of_an_accuracy_is_not_widened() -> None:
    found = of(level(TWO, planted(1, RIGHT)), "accuracy")
    assert [(f.value, f.low, f.high) for f in found] == [pytest.approx(x) for x in intervals(RIGHT * 1.0)]


def test_agreement_is_the_kappa_of_the_pair_minus_that_of_the_floor() -> None:
    """Base and tuned are right of the same queries (κ = 1); the two seeds are of opposite ones (κ = −1): 2, and −2 the other way round."""
    half = np.tile(np.arange(N) % 2 == 0, (3, 1))
    same, opposite = (half * 1.0, half * 1.0), (half * 1.0, 1.0 - half)
    clusters = np.arange(N)
    assert agreement([same], clusters, HOW).value.tolist() == pytest.approx([1, 1, 1])
    assert agreement([opposite], clusters, HOW).value.tolist() == pytest.approx([-1, -1, -1])
    assert agreement([same, opposite], clusters, HOW).value.tolist() == pytest.approx([2, 2, 2])
    assert agreement([opposite, same], clusters, HOW).value.tolist() == pytest.approx([-2, -2, -2])


def test_agreement_findings_have_the_right_sign_and_name_the_pair() -> None:
    half = np.tile(np.arange(N) % 2 == 0, (3, 1))
    base, tuned, seed = planted(0, ~half), planted(1, half), planted(1, half)
    found = agreements(TWO, tuned, base, (seed, tuned))
    assert [f.value for f in found if f.estimand == "κ of correctness"] == pytest.approx([-1, -1, -1])
    assert [f.value for f in found if f.estimand == "agreement"] == pytest.approx([-2, -2, -2])


def test_queries_of_one_cluster_count_as_one_in_an_agreement() -> None:
    """Four copies of each query say no more than the query: the same interval, to rounding, from the same number of clusters."""
    pair = (RIGHT * 1.0, np.roll(RIGHT, 1, axis=1) * 1.0)
    once = agreement([pair], np.arange(N), HOW)
    copies = agreement(
        [(np.repeat(pair[0], 4, axis=1), np.repeat(pair[1], 4, axis=1))], np.repeat(np.arange(N), 4), HOW
    )
    for name in ("value", "low", "high", "together"):
        assert getattr(copies, name) == pytest.approx(getattr(once, name))
    assert (once.low < once.value).all()
    assert (once.together[0] <= once.low).all()


def test_findings_of_agreement_count_clusters() -> None:
    right = np.repeat(RIGHT[:, :25], 4, axis=1)
    one, other = (
        probed(s, [{"hadamard": scores(row), ABLATED: scores(row)} for row in rows], np.repeat(np.arange(25), 4))
        for s, rows in ((1, right), (0, np.roll(right, 4, axis=1)))
    )
    assert {(f.n, f.n_clusters) for f in agreements(TWO, one, other) if f.value is not None} == {(N, 25)}


def test_transfer_is_accuracy_on_mapped_states_minus_own_accuracy() -> None:
    """The own probe is always right; the base's is read on states that have nothing to do with it, and is right by chance."""
    everything = np.ones((1, N), bool)
    states: dict[str, Any] = {
        label: tuned_states(N, 400, seed, width=8, layers=1) for label, seed in (("base", 1), ("tuned", 2))
    }
    rng = np.random.default_rng(3)
    states["tuned"] = (rng.standard_normal(states["tuned"][0].shape).astype(np.float32), states["tuned"][1])
    (found,) = transfers(TWO, planted(1, everything), planted(0, everything), states)
    assert found.details["own"] == 1.0
    assert found.details["transferred"] < 0.5
    assert found.value == pytest.approx(found.details["transferred"] - 1.0)
    assert found.high < 0


def test_features_are_scaled_by_training_rows_only() -> None:
    """Each fold asks for features that were scaled without it."""
    states = np.random.default_rng(0).standard_normal((60, 3, 4)).astype(np.float32)
    folds = np.arange(60) % 3
    scaled_by: list[np.ndarray] = []

    def featured(rows: np.ndarray) -> np.ndarray:
        scaled_by.append(rows)
        return states

    crossfit(featured, CrossFitTask(folds, np.arange(60), lambdas=(10.0,)))
    assert len(scaled_by) == 3
    for fold, rows in enumerate(scaled_by):
        assert (rows == (folds != fold)).all()


def test_each_query_is_scored_by_the_probe_of_its_own_fold() -> None:
    """A feature that tells right from wrong only in the fold that is held out cannot be learnt."""
    folds = np.arange(90) % 3
    states = np.zeros((90, 2, 3), np.float32)
    states[np.arange(90), 0, folds] = 1.0
    found = crossfit(lambda rows: states, CrossFitTask(folds, np.arange(90), lambdas=(1.0,)))
    assert found.scores == pytest.approx(np.zeros((90, 2)))
