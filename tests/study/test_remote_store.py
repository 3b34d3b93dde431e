"""A study with its store in a bucket has the records and the page of one with its store in a folder, whoever works."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("fsspec", reason="fsspec is not installed (extra: s3)")

from evidense.boundary.consent import consenting
from evidense.store import Store
from evidense.study import rankings
from evidense.study.compare import comparison
from evidense.study.plan import plan
from evidense.study.result import Result
from evidense.study.run import RunOptions, open_study, run_study
from factorial.world import smallest_study, write_world
from study.killing import hashes

LETTERS = """
def by_form(texts):
    return [[text.count(letter) + 0.1 for letter in "abcdefghijklmnop"] for text in texts]
"""


def ids(result: Result) -> list[str]:
    return [record.id for record in result.records]


def test_a_comparison_is_the_same_and_another_computer_computes_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rankings, "_GROUP_S", 1e-9)  # every encoding is shared by its parts
    Path("far_letters.py").write_text(LETTERS, encoding="utf-8")
    write_world(tmp_path / "one.csv", n_train=0, n_test=50)
    study = comparison("bm25", ["python:far_letters:by_form"], ["one.csv"], n_resamples=999)
    address = f"file://{tmp_path}/bucket/team"
    with consenting(study.systems):
        in_folder = run_study(study, Store(tmp_path / "store"), RunOptions(out=tmp_path / "folder", n_workers=0))
        for computer in ("first", "second"):
            monkeypatch.setenv("EVIDENSE_CACHE", str(tmp_path / computer))
            store = Store(address)
            if computer == "second":
                planned = plan(open_study(study, RunOptions()), store)
                assert all(step.cached for step in planned.steps)
                assert planned.to_fetch[0] == 6, "query ids, document ids; places and scores of two systems"
                assert not (store.root / "blobs").exists()
            result = run_study(study, store, RunOptions(out=tmp_path / f"page-{computer}", n_workers=2))
            assert ids(result) == ids(in_folder)
            assert hashes(tmp_path / f"page-{computer}") == hashes(tmp_path / "folder")
            assert not list(store.root.glob("partial/*"))
            assert not store.shared(""), "parts of encodings are gone"
    assert not list(store.computed()), "the second computer has computed nothing"


def test_a_factorial_is_the_same_and_its_checkpoints_are_fetched_only_to_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = smallest_study(tmp_path)
    in_folder = run_study(study, Store(tmp_path / "store"), RunOptions(out=tmp_path / "folder", n_workers=0))
    address = f"file://{tmp_path}/bucket"
    for computer in ("first", "second"):
        monkeypatch.setenv("EVIDENSE_CACHE", str(tmp_path / computer))
        store = Store(address)
        result = run_study(study, store, RunOptions(out=tmp_path / f"page-{computer}", n_workers=0))
        assert ids(result) == ids(in_folder)
        assert hashes(tmp_path / f"page-{computer}") == hashes(tmp_path / "folder")
    assert not (store.root / "folders").exists()
    shutil.rmtree(store.root / "steps")  # a ranking is to be made again, with a checkpoint that lies elsewhere
    shutil.rmtree(tmp_path / "bucket" / "steps")
    assert ids(run_study(study, store, RunOptions(n_workers=0))) == ids(in_folder)
