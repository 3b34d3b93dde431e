"""What probes find where the truth is known: interaction alone, an artefact alone, nothing, and equal encoders."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dissection.probe_worlds import Given, artefact, case, interaction, tuned_states
from evidense.analyses import probes, published_probe
from evidense.dissection.probes.agreement import kappa
from evidense.dissection.probes.controls import hashed_labels, permuted
from evidense.dissection.probes.cross_fit import CrossFitTask
from evidense.dissection.probes.description_length import online_code
from evidense.dissection.probes.features import PairStates, features
from evidense.dissection.probes.layers import ABLATED, PERMUTED, ProbeSettings, probe
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.transfer import transferred
from evidense.dissection.published_probe.draw import slots
from evidense.dissection.published_probe.fit import TWINS, PublishedRecipe, SlotDraws, converge, initial, train
from evidense.errors import InvalidInput

PUBLISHED_COUNTS = {
    54_414: {2: [27157, 27257], 3: [18260, 18085, 18069], 4: [13578, 13359, 13669, 13808], 5: [10786, 10829, 11009, 10745, 11045]},
    10_448: {2: [5204, 5244], 3: [3553, 3453, 3442], 4: [2609, 2556, 2604, 2679], 5: [2066, 2056, 2159, 2079, 2088]},
}  # fmt: skip
"""study.md, §3.2: how often the positive stands in each slot of the evaluated examples."""
SMALL: dict[str, Any] = {**probes.OPTIONS, "n_orders": 0, "probes": ["cosine", "hadamard"], "n_queries": None}


def task(n: int, **more: Any) -> CrossFitTask:
    return CrossFitTask(np.arange(n) % 5, np.arange(n), **more)


@pytest.mark.parametrize("n_examples", [10_448, 54_414])
def test_the_published_draw_is_reproduced_exactly(n_examples: int) -> None:
    for n, counts in PUBLISHED_COUNTS[n_examples].items():
        drawn = slots(n_examples, n, random.Random(42))
        assert np.bincount((drawn == 0).argmax(axis=1)).tolist() == counts


def test_at_a_constant_layer_the_published_accuracy_is_a_label_frequency() -> None:
    n_test, n_train = 10_448, 2_000
    n = n_test + n_train
    constant = PairStates(np.ones((n, 4), np.float32), np.ones((5, 4), np.float32), np.tile(np.arange(5), (n, 1)))
    is_train = np.arange(n) >= n_test
    recipe = PublishedRecipe(n_epochs=3)
    drawn = SlotDraws.of(n, (2, 3, 4, 5), 5, recipe)  # the first 10,448 of the test draw are the published ones
    right = train(constant, is_train, drawn, recipe).right
    for count, counts in PUBLISHED_COUNTS[n_test].items():
        for twin in TWINS:
            assert int(right[count, twin].sum()) in counts


def test_the_published_training_equals_torch_up_to_rounding() -> None:
    torch = pytest.importorskip("torch")
    pairs, n = interaction(300, 0.5, width=6), 3
    is_train, recipe = np.arange(300) < 250, PublishedRecipe(learning_rate=1e-2, n_epochs=8)
    drawn = SlotDraws.of(300, (n,), 5, recipe)
    ours = initial(6, 6, n, 42)
    from evidense.dissection.published_probe import fit as module

    module._fit(ours, pairs, is_train, (drawn.train[n], recipe))
    torch.manual_seed(42)
    theirs = torch.nn.Linear(6 * (n + 1), n)
    adam = torch.optim.Adam(theirs.parameters(), lr=1e-2)
    for order in drawn.train[n]:
        z = np.hstack([pairs.queries, np.take_along_axis(pairs.candidates, order[:, :, None], 1).reshape(300, -1)])[
            is_train
        ]
        loss = torch.nn.functional.cross_entropy(
            theirs(torch.tensor(z)), torch.tensor((order == 0).argmax(1)[is_train])
        )
        adam.zero_grad(), loss.backward(), adam.step()
    weight = theirs.weight.detach().numpy()
    assert np.allclose(ours.query, weight[:, :6].T, atol=1e-5)
    assert np.allclose(ours.passages, weight[:, 6:].T.reshape(n, 6, n), atol=1e-5)


def test_only_interaction_probes_read_pure_interaction() -> None:
    drawn, is_train = SlotDraws.of(3_500, (2, 5), 5, PublishedRecipe()), np.arange(3_500) >= 2_000
    for corr, within in ((0.5, 0.02), (0.9, 0.04)):
        pairs = interaction(3_500, corr)
        right = train(pairs, is_train, drawn, PublishedRecipe()).right
        for n in (2, 5):
            assert abs(right[n, "none"].mean() - 1 / n) <= within
            assert right[n, "none"].mean() <= right[n, "queries permuted"].mean() + 0.03
        ends = {twin: converge(pairs, is_train, drawn.test[5], twin, (100.0, 1e4)) for twin in TWINS}
        assert all(one.solved.converged.all() for one in ends.values())
        assert abs(ends["none"].right.mean() - 0.2) <= within
        some = PairStates(pairs.queries[:3_000], pairs.documents, pairs.places[:3_000])
        seen = probe(some, task(3_000), ProbeSettings(("cosine", "hadamard")))
        assert credit(seen["cosine"].scores).mean() >= 0.99
        assert credit(seen["hadamard"].scores).mean() >= 0.99
        assert all(abs(credit(seen[twin].scores).mean() - 0.2) < 0.025 for twin in (ABLATED, PERMUTED))


def test_only_the_published_probe_is_above_chance_on_an_artefact() -> None:
    pairs = artefact(6_000, shift=1.2)
    is_train = np.arange(6_000) >= 3_000
    right = converge(
        pairs,
        is_train,
        SlotDraws.of(6_000, (5,), 5, PublishedRecipe(n_epochs=0)).test[5],
        "none",
        (10.0, 100.0, 1000.0),
    )
    assert right.right.mean() > 0.3
    some = PairStates(pairs.queries[:2_500], pairs.documents, pairs.places[:2_500])
    seen = probe(some, task(2_500), ProbeSettings(("cosine", "hadamard", "bilinear"), rank=4, n_starts=1))
    assert credit(seen[ABLATED].scores).mean() > 0.3
    for name in ("cosine", "hadamard", "bilinear"):
        assert abs(credit(seen[name].scores).mean() - 0.2) < 0.03


def test_hashed_labels_do_not_generalise_and_memorising_is_reported() -> None:
    pairs = interaction(1_000, 0.7)
    ids = [[f"d{d}" for d in row] for row in pairs.places]
    control = hashed_labels([f"q{i}" for i in range(1_000)], ids)
    assert (control == hashed_labels([f"q{i}" for i in range(1_000)], ids)).all()
    found = probe(pairs, task(1_000, control=control), ProbeSettings(("hadamard",)))["hadamard"]
    assert found.control is not None
    assert abs(credit(found.control, control).mean() - 0.2) < 2.5 * np.sqrt(0.2 * 0.8 / 1_000)
    assert found.memorised is not None
    assert found.memorised > 0.25


def test_every_query_is_permuted_within_its_fold() -> None:
    folds = np.arange(100) % 5
    order = permuted(folds, 0)
    assert (folds[order] == folds).all()
    assert (order != np.arange(100)).all()
    assert sorted(order) == list(range(100))


def test_the_scale_of_features_comes_from_training_rows_only() -> None:
    pairs = interaction(200, 0.5)
    train_rows = np.arange(200) < 150
    before = features(pairs, "pair", train_rows)[train_rows]
    pairs.queries[~train_rows] *= 100
    pairs.documents[pairs.places[~train_rows]] += 50
    assert np.array_equal(before, features(pairs, "pair", train_rows)[train_rows])


def test_a_probe_transfers_through_a_rotation_but_not_to_an_unrelated_space() -> None:
    pairs = interaction(1_500, 0.7, width=24)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((24, 24)))[0].astype(np.float32)
    turned = PairStates(pairs.queries @ turn, pairs.documents @ turn, pairs.places)
    half = PairStates(pairs.queries @ turn, pairs.documents, pairs.places)  # only the queries turned: another code
    t = task(1_500, lambdas=(10.0,))
    same = credit(transferred(pairs, pairs, t, True)).mean()
    assert credit(transferred(pairs, turned, t, True)).mean() == pytest.approx(same, abs=0.005)
    assert credit(transferred(pairs, half, t, True)).mean() < same - 0.2
    assert credit(transferred(pairs, half, t, False)).mean() > same - 0.02  # a map for each side undoes it


def test_the_online_code_equals_that_of_voita_and_titov() -> None:
    rng = np.random.default_rng(0)
    y, way = rng.choice([-1, 1], 3_000), rng.standard_normal(100)
    lengths = []
    for signal in (0.0, 1.0):
        x = rng.standard_normal((3_000, 100)) + signal * y[:, None] * way / np.linalg.norm(way)
        halves = (y[:, None] * x / 2).astype(np.float32)
        code = online_code(np.stack([halves, -halves], 1), task(3_000, lambdas=(10.0, 100.0, 1e3, 1e4)), 1)
        lengths.append(code.sum() / 3_000)
    assert 0.98 < lengths[0] < 1.05  # nothing to learn: a bit each
    assert lengths[1] < 0.65


def test_kappa_equals_a_value_by_hand() -> None:
    assert float(kappa(np.array(0.25), np.array(0.5), np.array(0.5))) == 0  # independent
    assert float(kappa(np.array(0.5), np.array(0.5), np.array(0.5))) == 1
    assert float(kappa(np.array(0.0), np.array(0.5), np.array(0.5))) == -1


def test_identical_encoders_do_not_differ_anywhere() -> None:
    states = tuned_states(150, 800, 0)
    one = case({"a": "base", "b": "tuned"}, 150, 800, {**SMALL, "n_candidates": [2, 5]})
    found = probes.PART.examine(one, Given({"a": states, "b": states}))
    changes = [f for f in found if f.estimand.startswith("change in")]
    assert len(changes) > 10
    assert all(f.value == 0 and f.low == 0 and f.high == 0 and f.p == 1 for f in changes)
    assert all(f.value == 1 for f in found if f.estimand == "κ of correctness")
    moved = [f for f in found if f.estimand == "transfer"]
    assert moved
    assert all(abs(f.value) < 0.03 for f in moved)


def test_the_same_seed_gives_the_same_findings() -> None:
    states = tuned_states(120, 700, 0)
    one = case({"a": "base"}, 120, 700, {**SMALL, "n_candidates": [4], "n_orders": 1})
    first, second = (probes.PART.examine(one, Given({"a": states})) for _ in range(2))
    assert [f.id for f in first] == [f.id for f in second]


def test_bad_input_is_refused_or_reported() -> None:
    states = tuned_states(120, 700, 0)
    with pytest.raises(InvalidInput, match="4 queries and 5 candidates"):
        probes.PART.examine(case({"a": "base"}, 4, 700, SMALL), Given({"a": states}))
    with pytest.raises(InvalidInput, match="further documents"):
        probes.PART.examine(case({"a": "base"}, 20, 30, {**SMALL, "n_candidates": [12]}), Given({"a": states}))
    broken = (states[0].copy(), states[1].copy())
    broken[0][1, :, 0] = np.nan
    narrow = tuned_states(120, 700, 1, width=8, layers=2)
    one = case({"a": "base", "b": "tuned"}, 120, 700, {**SMALL, "n_candidates": [4]})
    found = probes.PART.examine(one, Given({"a": broken, "b": narrow}))
    silent = [f for f in found if f.value is None]
    reasons = " ".join(str(f.details["reason"]) for f in silent)
    assert "are not finite" in reasons
    assert "has 1 blocks and a has 2" in reasons
    assert "no orthogonal map" in reasons
    assert all(f.low is None and f.details["reason"] for f in silent)


def test_a_probe_that_does_not_converge_has_no_value() -> None:
    states = tuned_states(120, 700, 0)
    one = case({"a": "base"}, 120, 700, {**SMALL, "n_candidates": [4], "max_iterations": 1})
    found = probes.PART.examine(one, Given({"a": states}))
    stopped = [
        f
        for f in found
        if f.site.get("probe") == "hadamard" and f.estimand == "accuracy" and f.site["control"] == "none"
    ]
    assert stopped
    assert all(f.value is None and "did not converge" in f.details["reason"] for f in stopped)


def test_the_published_probe_analysis_reports_levels_and_changes() -> None:
    states = tuned_states(150, 800, 0)
    options = {**published_probe.OPTIONS, "n_queries": None, "n_epochs": 2, "converged": [2], "n_candidates": [2, 3]}
    found = published_probe.PART.examine(
        case({"a": "base", "b": "tuned"}, 150, 800, options), Given({"a": states, "b": states})
    )
    assert {f.site["probe"] for f in found} == {"published", "published converged", "cosine"}
    assert all(f.value == 0 for f in found if f.estimand == "change in accuracy")
    cosine = [
        f.value
        for f in found
        if f.site["probe"] == "cosine" and f.estimand == "accuracy" and f.site["n_candidates"] == 2
    ]
    blind = [
        f.value
        for f in found
        if f.site["probe"] == "published" and f.estimand == "accuracy" and f.site["n_candidates"] == 2
    ]
    assert min(cosine) > 0.8
    assert max(blind) < 0.7


def changed(seed: int) -> dict[str, bool]:
    """Two seeds of one tuning: the same states with small noise of their own; which families say "changed" at some layer?"""
    base, (one, other) = tuned_states(200, 1_000, seed), np.random.SeedSequence(seed).spawn(2)
    states = {}
    for label, stream in (("tuned", one), ("seed", other)):
        rng = np.random.default_rng(stream)
        states[label] = tuple((x + 0.3 * rng.standard_normal(x.shape)).astype(np.float32) for x in base)
    options = {**SMALL, "n_candidates": [4], "n_queries": 150}
    made = replace(case({"tuned": "tuned", "seed": "seed"}, 200, 1_000, options), seed=seed)
    found = probes.PART.examine(made, Given(states))
    verdicts: dict[str, bool] = {}
    for f in found:
        if f.estimand.startswith("change in") and f.p_adjusted is not None:
            verdicts[f.family] = verdicts.get(f.family, False) or f.p_adjusted <= 0.05
    return verdicts


@pytest.mark.calibrate
def test_two_seeds_of_a_tuning_differ_at_the_nominal_rate() -> None:
    runs = [changed(seed) for seed in range(200)]
    for family in runs[0]:
        share = np.mean([run[family] for run in runs])
        assert share <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / len(runs)), family
