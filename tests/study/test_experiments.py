"""Experiments beside the claims of a report."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidense.records import Check, Verdict
from evidense.report.experiments import brief
from evidense.store import Store
from evidense.study import experiments
from evidense.study.experiments import experiments_for

STRUCTURE = "If a linear classifier achieves high accuracy, it suggests that the embeddings contain structure."
TASK = "The task considered by Reichman and Heck is that of distinguishing relevant and irrelevant documents with respect to a q"
DEFINITION = "Linear probing involves training a simple linear classifier on embeddings extracted from different layers of a model."


def test_statements_that_repeat_claims_of_the_literature_are_beside_what_was_found_on_analogues() -> None:
    assert experiments_for([STRUCTURE, TASK, DEFINITION, "Tomatoes need water."]) == {
        STRUCTURE: "S6 on analogues: HOLDS 8, UNDECIDED 1 (level: HOLDS 8; cause: UNDECIDED 1)",
        TASK: "S5: nothing to test",
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
        assert experiments_for([STRUCTURE]) == {STRUCTURE: "S6 on analogues: HOLDS 8"}
    finally:
        experiments._said.cache_clear()


def outcome(**changed: object) -> dict[str, object]:
    return {
        "claim": "helps", "system": "x/mini-lm", "baseline": "bm25", "collection": "beir:scifact@test", "measure": "nDCG@10", "effect": 0.1,
        "low": 0.05, "high": 0.15, "n": 50, "n_clusters": 50, "margin": 0.02, "base_mean": 0.5, "system_mean": 0.6, "details": {}, **changed,
    }  # fmt: skip


def test_verdicts_of_a_store_stand_beside_statements_that_repeat_what_they_decided(tmp_path: Path) -> None:
    store = Store(tmp_path)
    better, worse = "Mini-LM outperforms BM25 on SciFact.", "BM25 outperforms Mini-LM on SciFact."
    texts = [STRUCTURE, better, worse, "Mini-LM outperforms BM25 on NFCorpus."]
    assert experiments_for(texts, store) == experiments_for(texts)
    registration = next(iter(v.registration for v in experiments.shipped() if (v.code, v.level) == ("S6", "level")))
    details = {"code": "S6", "level": "level", "sentence": STRUCTURE, "registration": registration}
    store.put(Verdict(**outcome(verdict="HELPS")))
    store.put(Check(**outcome(verdict="FAILS", about="literature", details=details)))
    stale = outcome(verdict="HOLDS", about="literature", system="z", details={**details, "registration": "0" * 64})
    store.put(Check(**stale))
    assert experiments_for(texts, store) == {
        STRUCTURE: "S6 on analogues: HOLDS 8, UNDECIDED 1 (level: HOLDS 8; cause: UNDECIDED 1); in the store on analogues: FAILS 1",
        better: "comparison in the store on analogues: HOLDS 1",
        worse: "comparison in the store on analogues: FAILS 1",
    }
    assert brief(experiments_for([better], store)[better]) == "comparison in the store analogues ✔1"


def test_a_run_of_the_study_that_ships_adds_nothing(tmp_path: Path) -> None:
    ships = next(v for v in experiments.shipped() if v.code == "S6")
    details = {"code": "S6", "level": ships.level, "sentence": STRUCTURE, "registration": ships.registration}
    same = {"system": ships.subject, "baseline": ships.against, "collection": ships.collection}
    Store(tmp_path).put(Check(**outcome(**same, verdict=ships.verdict, about="literature", details=details)))
    assert experiments_for([STRUCTURE], Store(tmp_path)) == experiments_for([STRUCTURE])
