"""Stopping misses its target recall in at most 5 % of reviews, however good or bad the order is."""

import numpy as np
import pytest

from evidense.errors import InvalidInput
from evidense.searching.stopping import ERROR, Labelled, NextStep, most_relevant, next_step, sample_size


def review(seed: int, n_works: int, n_relevant: int, skill: float, target: float) -> tuple[float, int]:
    """Screen as the rule says; return the recall where it stops, and how many works were screened."""
    rng = np.random.default_rng(seed)
    works = [f"w{seed}-{i}" for i in range(n_works)]
    relevant = set(works[:n_relevant])
    score = {work: skill * (work in relevant) + rng.normal() for work in works}
    order = sorted(works, key=lambda work: -score[work])
    labelled: list[Labelled] = []
    while (step := next_step(order, labelled, target)).kind not in ("stop", "all"):
        assert step.works
        labelled += [Labelled(work, work in relevant, step.sample) for work in step.works]
    return sum(label.is_relevant for label in labelled) / n_relevant, len(labelled)


@pytest.mark.parametrize(
    ("n_works", "n_relevant", "skill", "target"), [(400, 40, 2.0, 0.9), (400, 40, 0.5, 0.8), (600, 30, 1.2, 0.7)]
)
def test_the_target_is_missed_in_at_most_five_percent_of_reviews(
    n_works: int, n_relevant: int, skill: float, target: float
) -> None:
    n_runs = 200
    runs = [review(seed, n_works, n_relevant, skill, target) for seed in range(n_runs)]
    missed = np.mean([recall < target for recall, _ in runs])
    assert missed <= ERROR + 2 * np.sqrt(ERROR * (1 - ERROR) / n_runs)
    assert np.mean([n for _, n in runs]) < n_works


def test_the_bound_is_that_of_the_hypergeometric_distribution() -> None:
    stats = pytest.importorskip("scipy.stats")
    for n_left, n_sample, n_hits in [(100, 30, 0), (100, 30, 2), (57, 57, 3), (10, 1, 0), (500, 120, 1)]:
        most = most_relevant(n_left, n_sample, n_hits, 0.05)
        assert most >= n_hits
        if most > n_hits:
            assert stats.hypergeom.cdf(n_hits, n_left, most, n_sample) > 0.05
        if most < n_left - (n_sample - n_hits):
            assert stats.hypergeom.cdf(n_hits, n_left, most + 1, n_sample) <= 0.05


def test_a_sample_is_as_small_as_it_may_be() -> None:
    for n_found in (0, 10, 100):
        size = sample_size(300, n_found, 0.9, 0.025)
        most = most_relevant(300, size, 0, 0.025)
        assert most == 0 or n_found / (n_found + most) >= 0.9
        assert n_found / (n_found + most_relevant(300, size - 1, 0, 0.025)) < 0.9
    assert sample_size(300, 100, 0.9, 0.025) < sample_size(300, 10, 0.9, 0.025) < sample_size(300, 0, 0.9, 0.025)


ORDER = [f"w{i}" for i in range(200)]


def test_works_are_proposed_in_order_then_a_sample_then_the_end() -> None:
    assert next_step(ORDER, [], 0.9).works == tuple(ORDER[:25])
    labelled = [Labelled(work, i < 40) for i, work in enumerate(ORDER[:90])]
    step = next_step(ORDER, labelled, 0.9)
    assert (step.kind, step.sample) == ("sample", 1)
    assert set(step.works) <= set(ORDER[90:])
    half = labelled + [Labelled(work, False, 1) for work in step.works[:5]]
    again = next_step(ORDER, half, 0.9)
    assert (again.kind, set(again.works)) == ("sample", set(step.works[5:]))
    done = next_step(ORDER, labelled + [Labelled(work, False, 1) for work in step.works], 0.9)
    assert done.kind == "stop"
    assert done.recall is not None
    assert done.recall.least >= 0.9
    assert done.recall.n_left == 110 - len(step.works)


def test_a_sample_that_holds_too_much_sends_the_reader_on() -> None:
    labelled = [Labelled(work, i < 40) for i, work in enumerate(ORDER[:90])]
    sample = next_step(ORDER, labelled, 0.9)
    step = next_step(ORDER, labelled + [Labelled(work, i < 8, 1) for i, work in enumerate(sample.works)], 0.9)
    assert step.kind == "ranked"
    assert step.recall is not None
    assert step.recall.least < 0.9


def test_a_sample_that_a_person_chose_is_refused() -> None:
    labelled = [Labelled(work, i < 40) for i, work in enumerate(ORDER[:90])]
    drawn = set(next_step(ORDER, labelled, 0.9).works)
    chosen = next(work for work in ORDER[90:] if work not in drawn)
    with pytest.raises(InvalidInput, match="not drawn"):
        next_step(ORDER, [*labelled, Labelled(chosen, False, 1)], 0.9)


def test_everything_screened_is_a_recall_of_one() -> None:
    step = next_step(ORDER[:3], [Labelled(work, False) for work in ORDER[:3]], 0.9)
    assert step.kind == "all"
    assert step.recall is not None
    assert step.recall.least == 1.0
    assert next_step([], [], 0.9) == NextStep("all", recall=next_step([], [], 0.9).recall)


def test_the_first_sample_has_half_of_the_error_and_what_it_found_counts_as_found() -> None:
    labelled = [Labelled(work, i < 40) for i, work in enumerate(ORDER[:90])]
    step = next_step(ORDER, labelled, 0.9)
    recall = next_step(ORDER, labelled + [Labelled(work, i < 2, 1) for i, work in enumerate(step.works)], 0.9).recall
    assert recall is not None
    most = most_relevant(110, len(step.works), 2, ERROR / 2)
    assert recall.error == ERROR / 2
    assert (recall.n_found, recall.n_left_most) == (42, most - 2)
    assert recall.least == 42 / (40 + most)
