"""A study with nothing left to compute starts no worker and no cluster, whatever kind of study it is."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("ray", reason="Ray is not installed (extra: cluster)")

from evidense.boundary.consent import consenting
from evidense.records import Study
from evidense.store import Store
from evidense.study.compare import dissection
from evidense.study.run import RunOptions, run_study
from factorial.world import smallest_study, write_world
from study.killing import computed_keys, computed_twice, hashes

LETTERS = """
def by_form(texts):
    return [[text.count(letter) + 0.1 for letter in "abcdefghijklmnop"] for text in texts]
def by_length(texts):
    return [[len(word) % 7 + 0.1 for word in (text.split() + [""] * 16)[:16]] for text in texts]
"""
SYSTEMS = ["python:two_letters:by_form", "python:two_letters:by_length"]
NOBODY = "ray://127.0.0.1:1"
"""A cluster that does not exist: a run that needs it fails."""


def check_done(study: Study, folder: Path) -> None:
    """Run a study, and once more on a cluster that does not exist."""
    store = Store(folder / "store")
    with consenting(SYSTEMS):
        run_study(study, store, RunOptions(out=folder / "first", n_workers=0))
        computed = computed_keys(store.root)
        run_study(study, Store(store.root), RunOptions(out=folder / "again", runner=NOBODY))
    assert hashes(folder / "again") == hashes(folder / "first")
    assert computed_keys(store.root) == computed
    assert computed_twice(store.root) == []


def test_a_finished_factorial_needs_no_cluster(tmp_path: Path) -> None:
    study = smallest_study(tmp_path)
    check_done(study, tmp_path)


def test_a_finished_dissection_needs_no_cluster_even_if_an_analysis_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two_letters.py").write_text(LETTERS, encoding="utf-8")
    write_world(tmp_path / "one.csv", n_train=0, n_test=40)
    table = {"analyses": ["similarity", "probes", "rankings"], "options": {"similarity": {"poolings": ["own"], "n_shuffles": 5}}}  # fmt: skip
    check_done(dissection(SYSTEMS, ["one.csv"], n_random=0, n_resamples=999, table=table), tmp_path)
