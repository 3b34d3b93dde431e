"""Speeds are told where enough was encoded to be one; a plan says what its time is the time of."""

import pytest

from evidense.cli.saying.lines import say_speeds
from evidense.records import Ranking


def ranking(system: str, collection: str, encode_s: float, texts_per_s: float) -> Ranking:
    observed = {"encode_s": encode_s, "texts_per_s": texts_per_s}
    return Ranking(
        system=system, spelling=system, collection={"name": collection}, depth=10, setup={}, policies={}, query_ids="", doc_ids="",
        documents="", scores="", observed=observed,
    )  # fmt: skip


def test_a_speed_of_few_texts_or_little_time_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    say_speeds([ranking("few", "a", 5.0, 100.0), ranking("short", "a", 1.0, 5000.0)])
    assert capsys.readouterr().err == ""


def test_a_speed_covers_all_collections_together(capsys: pytest.CaptureFixture[str]) -> None:
    say_speeds([ranking("m", "a", 2.0, 300.0), ranking("m", "b", 2.0, 500.0), ranking("few", "a", 0.1, 9.0)])
    assert capsys.readouterr().err == "speed here: m 400 texts/s\n"


def test_a_plan_says_which_work_its_time_covers(evidense, pairs_csv, own_store) -> None:
    plan = evidense("compare", "bm25", "char_ngrams", "--on", pairs_csv, "--plan")
    assert "of encoding, " in plan.stdout.splitlines()[-1]
    assert "(opening models and deciding apart)" in plan.stdout
    assert plan.stdout.splitlines()[-2].startswith("memory of each worker: about ")
    assert plan.stdout.count(" of memory\n") == 2, "each step has its own"
