"""The shrunk probe and choices among many candidates, in worlds whose truth is known."""

from dataclasses import replace

import numpy as np

from dissection.probe_worlds import Given, artefact, case, collection, interaction
from evidense import registry
from evidense.dissection.candidates import Draw, candidates, most_candidates
from evidense.dissection.probes.cross_fit import CrossFitTask
from evidense.dissection.probes.features import PairStates, cosines
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.shrunk import FewAndAll, all_cosines, crossfit_blind, crossfit_shrunk, sample_columns
from evidense.dissection.solver.lbfgs import minimise
from evidense.dissection.solver.linear_models import Linear
from evidense.dissection.solver.losses import Labels
from evidense.records import Study
from evidense.verbs.decide_claims import decide_claims

N = 200
TASK = CrossFitTask(np.arange(N) % 3, np.arange(N), lambdas=(10.0, 1_000.0))


def right(outcome) -> float:
    return float(credit(outcome.scores).mean())


def asked(pairs: PairStates, n_trained: int = 4) -> FewAndAll:
    return FewAndAll(pairs, sample_columns(*pairs.places.shape, n_trained, 0))


def test_where_the_cosine_is_the_best_reading_the_probe_reads_as_well() -> None:
    pairs = interaction(N, 0.35, c=20, width=64)
    cosine = float(credit(cosines(pairs)).mean())
    assert 0.5 < cosine < 0.95
    assert right(crossfit_shrunk(asked(pairs), TASK)) >= cosine - 0.02
    assert np.allclose(all_cosines(pairs), cosines(pairs), atol=1e-6)


def test_where_few_dimensions_tell_the_probe_finds_them_and_the_cosine_does_not() -> None:
    pairs = interaction(N, 0.9, c=20, width=8)
    rng, noise = np.random.default_rng(1), 32
    loud = [
        np.hstack([side, 2 * rng.standard_normal((len(side), noise)).astype(np.float32)])
        for side in (pairs.queries, pairs.documents)
    ]
    pairs = PairStates(loud[0], loud[1], pairs.places)
    cosine = float(credit(cosines(pairs)).mean())
    assert right(crossfit_shrunk(asked(pairs, 10), TASK)) > cosine + 0.1


def test_what_candidates_say_by_themselves_is_for_the_blind_twin_alone() -> None:
    few = asked(artefact(N, shift=2.0, width=16))
    assert right(crossfit_blind(few, TASK)) > 0.5
    assert abs(right(crossfit_shrunk(few, TASK)) - 0.2) < 0.1  # chance of five


def test_a_free_feature_is_not_penalised() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((100, 3, 4)).astype(np.float32)
    x[:, 0, 3] += 1
    labels = Labels(np.zeros((100, 1), np.int64), np.ones((100, 1), np.float32), np.array([1e5]))
    free, held = (minimise(Linear(x, n_free=n), labels) for n in (1, 0))
    assert free.converged.all()
    assert free.theta[3, 0] > 0.5
    assert np.abs(free.theta[:3]).max() < 1e-2
    assert np.abs(held.theta).max() < 1e-2


def test_all_is_the_most_that_every_fold_can_give() -> None:
    found = collection(60, 90)
    draw = Draw(n_candidates=2)
    most = most_candidates(found, draw)
    drawn = candidates(found, replace(draw, n_candidates=most))
    assert drawn.documents.shape == (60, most)
    assert all(len(set(row)) == most for row in drawn.documents.tolist())


def planted(noise: dict[str, float], n: int = 240, width: int = 24) -> Given:
    """Queries are their documents with noise: a little, and hard candidates alone tell encoders apart."""
    rng = np.random.default_rng(3)
    documents = rng.standard_normal((n, width)).astype(np.float32)
    states = {}
    for label, share in noise.items():
        query = np.sqrt(1 - share**2) * documents + share * rng.standard_normal((n, width))
        states[label] = (np.stack([query] * 2).astype(np.float32), np.stack([documents] * 2))
    return Given(states)


def test_what_tuning_loses_shows_among_all_candidates_and_not_among_five() -> None:
    """True: with two candidates it loses about .01, among all of a fold about .2; its other seed loses as much."""
    roles = {"base": "base", "tuned": "tuned", "seed": "seed", "random": "random"}
    bench = planted({"base": 0.45, "tuned": 0.8, "seed": 0.8, "random": 1.0})
    options = {
        "n_candidates": [2, "all"],
        "n_trained": 4,
        "n_folds": 3,
        "negatives": ["random"],
        "poolings": ["own"],
        "n_queries": None,
        "lambdas": [100.0],
    }
    found = registry.part("analyses", "choices").examine(case(roles, 240, 240, options, n_resamples=100), bench)
    study = Study(name="s", question="q", systems=("base", "tuned"), collections=("planted",))
    checks = decide_claims(study, found, names=["finetuning_keeps_knowledge"])
    mean = {c.details["at"]["n_candidates"] > 2: c for c in checks if c.details.get("joined") == "mean"}
    assert {among_all: check.verdict for among_all, check in mean.items()} == {False: "HOLDS", True: "FAILS"}, [
        c.reason for c in checks
    ]
    assert mean[True].effect < -0.15
    assert "at least what seeds differ by" in mean[True].reason
