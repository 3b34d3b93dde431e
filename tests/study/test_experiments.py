"""Experiments beside the claims of a report."""

from dataclasses import replace

import pytest

from evidense.study import experiments
from evidense.study.experiments import experiments_for

STRUCTURE = "If a linear classifier achieves high accuracy, it suggests that the embeddings contain structure."
TASK = "The task considered by Reichman and Heck is that of distinguishing relevant and irrelevant documents with respect to a q"
DEFINITION = "Linear probing involves training a simple linear classifier on embeddings extracted from different layers of a model."


def test_statements_that_repeat_claims_of_the_literature_are_beside_what_was_found_on_analogues() -> None:
    assert experiments_for([STRUCTURE, TASK, DEFINITION, "Tomatoes need water."]) == {
        STRUCTURE: "S6 on analogues: HOLDS 4, UNDECIDED 1 (level: HOLDS 4; cause: UNDECIDED 1)",
        TASK: "S5 on analogues: FAILS 2, UNDECIDED 1",
        DEFINITION: "S4: nothing to test",
    }


def test_other_statements_have_no_experiment() -> None:
    assert experiments_for(["Tomatoes need water.", ""]) == {}


def test_a_verdict_on_a_claim_that_was_registered_otherwise_since_counts_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stale = tuple(replace(v, registration="0" * 64) if v.level == "cause" else v for v in experiments.shipped())
    monkeypatch.setattr(experiments, "shipped", lambda: stale)
    experiments._said.cache_clear()
    try:
        assert experiments_for([STRUCTURE]) == {STRUCTURE: "S6 on analogues: HOLDS 4"}
    finally:
        experiments._said.cache_clear()
