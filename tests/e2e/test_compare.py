"""compare, from a two-column CSV to a page, a gate and a second run."""

import csv
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import evidense as ev
from evidense import registry
from evidense.errors import InvalidInput

ROW = {
    "claim",
    "system",
    "baseline",
    "collection",
    "verdict",
    "measure",
    "effect",
    "low",
    "high",
    "n",
    "n_clusters",
    "margin",
    "base_mean",
    "system_mean",
}


def rows(folder):
    return json.loads((folder / "verdicts.json").read_text())


def scores_of(folder):
    with (folder / "scores.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def once(pairs_csv, tmp_path_factory, warm):
    """Compare bm25 with character n-grams: what was said, and the folder that holds the page and the store."""
    folder = tmp_path_factory.mktemp("once")
    done = warm.run(
        ["compare", "bm25", "char_ngrams", "--on", str(pairs_csv), "--out", "page"],
        folder, EVIDENSE_STORE=str(folder / "store"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done, folder


@pytest.fixture
def compared(once, own_store, tmp_path):
    """A copy of that page and its store, which the test may change."""
    done, folder = once
    shutil.copytree(folder / "page", tmp_path / "page")
    shutil.copytree(folder / "store", own_store)
    return done, tmp_path / "page"


def test_last_line_is_the_page_and_rows_have_the_fixed_keys(compared):
    result, folder = compared
    assert result.stdout.strip().splitlines()[-1] == "page/report.html"
    assert (folder / "report.html").stat().st_size > 10_000
    (row,) = rows(folder)
    assert set(row) >= ROW
    assert row["low"] <= row["effect"] <= row["high"]
    assert row["effect"] == pytest.approx(row["system_mean"] - row["base_mean"], abs=1e-12)


def test_api_and_command_give_the_same_verdicts(compared, pairs_csv):
    _, folder = compared
    result = ev.compare("bm25", "char_ngrams", on=str(pairs_csv))
    (row,), (verdict,) = rows(folder), result.verdicts
    assert (row["effect"], row["low"], row["high"], row["verdict"]) == (
        verdict.effect,
        verdict.low,
        verdict.high,
        verdict.verdict,
    )


def test_api_prints_nothing_and_writes_no_page(pairs_csv, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = ev.compare("bm25", "char_ngrams", on=str(pairs_csv))
    assert capfd.readouterr() == ("", "")
    assert result.page is None
    assert not (tmp_path / "evidense-out").exists()
    frame = result.to_frame()
    assert frame.loc[0, "verdict"] == result.verdicts[0].verdict
    assert list(frame.columns[:8]) == [
        "verdict",
        "system",
        "baseline",
        "collection",
        "measure",
        "base_mean",
        "system_mean",
        "effect",
    ]


def test_a_second_run_computes_nothing_and_writes_the_same_bytes(compared, evidense, pairs_csv, own_store):
    _, folder = compared
    first = (folder / "report.html").read_bytes()
    blobs = {p: p.stat().st_mtime_ns for p in (own_store / "blobs").rglob("*") if p.is_file()}
    evidense("compare", "bm25", "char_ngrams", "--on", pairs_csv, "--out", folder.name)
    assert (folder / "report.html").read_bytes() == first
    assert blobs == {p: p.stat().st_mtime_ns for p in (own_store / "blobs").rglob("*") if p.is_file()}


def test_another_margin_changes_the_decision_and_ranks_nothing(compared, pairs_csv):
    first = ev.compare("bm25", "char_ngrams", on=str(pairs_csv))
    again = ev.compare("bm25", "char_ngrams", on=str(pairs_csv), margin=0.9)
    assert [r.id for r in first.rankings] == [r.id for r in again.rankings]
    assert first.study.id != again.study.id
    assert again.verdicts[0].verdict == "SAME"
    assert (first.verdicts[0].low, first.verdicts[0].high) == (again.verdicts[0].low, again.verdicts[0].high)


def test_a_system_against_itself_is_identical(evidense, pairs_csv, tmp_path):
    saved = ("--save-baseline", tmp_path / "bm25.baseline.json.gz")  # what a system beside itself is good for
    result = evidense(
        "compare", "bm25", "bm25", "--on", pairs_csv, "--out", tmp_path / "page", "--gate", "no-harm", *saved
    )
    assert result.exit_code == 0, result.output
    (row,) = rows(tmp_path / "page")
    assert (row["verdict"], row["effect"], row["low"], row["high"]) == ("IDENTICAL", 0, 0, 0)
    again = evidense("compare", "bm25", "bm25", "--on", pairs_csv, "--out", tmp_path / "page", *saved)
    assert again.exit_code == 0, again.output  # its losses.csv is empty


@pytest.fixture
def upside_down(compared, tmp_path):
    """The run of bm25 with every list turned around: worse beyond doubt."""
    (run,) = (compared[1] / "runs").glob("bm25__*.trec")
    lines = [line.split() for line in run.read_text().splitlines()]
    path = tmp_path / "upside_down.trec"
    path.write_text("".join(f"{query} Q0 {doc} 1 {-float(score)} x\n" for query, _, doc, _, score, _ in lines))
    return path


def test_the_gate_decides_the_exit_code(evidense, pairs_csv, upside_down):
    harm = evidense("compare", "bm25", upside_down, "--on", pairs_csv, "--gate", "no-harm")
    assert harm.exit_code == 1
    assert "gate no-harm: NOT met" in harm.stdout
    assert "✖ HARMS" in harm.stdout
    help_ = evidense("compare", upside_down, "bm25", "--on", pairs_csv, "--gate", "helps")
    assert help_.exit_code == 0, help_.output


def test_undecided_fails_the_gate_unless_allowed(compared, evidense, pairs_csv):
    first = evidense("compare", "bm25", "char_ngrams", "--on", pairs_csv, "--margin", 0.001, "--gate", "no-harm")
    assert "? UNDECIDED" in first.stdout
    assert first.exit_code == 1
    allowed = evidense(
        "compare", "bm25", "char_ngrams", "--on", pairs_csv, "--margin", 0.001, "--gate", "no-harm", "--allow-undecided"
    )
    assert allowed.exit_code == 0
    assert "gate no-harm: not met, let pass by --allow-undecided" in allowed.stdout


def test_a_failed_gate_shows_the_verdict_table():
    worse = ev.compare("char_ngrams", "bm25", on="docstrings", sample_queries=300, sample_documents=800)
    assert not worse.gate("no-harm", margin=0.02)
    with pytest.raises(
        AssertionError, match=r"(?s)^gate no-harm at margin .02: NOT met\nbm25 on docstrings.*HARMS.*\n.*✖ HARMS"
    ):
        worse.assert_gate("no-harm", margin=0.02)
    assert worse.assert_gate("no-harm", margin=0.99).passed
    assert worse.gate("no-harm", margin="99 %").margin == 0.99
    for margin in (2, 20, 1, 0, -1, float("nan"), "200%", "wide"):
        with pytest.raises(InvalidInput, match="^gate: 'margin' is "):
            worse.assert_gate("no-harm", margin=margin)


def test_a_margin_in_percent_is_read_in_python_as_at_the_terminal():
    result = ev.compare("bm25", "char_ngrams", on="docstrings", sample_queries=40, sample_documents=100, margin="2%")
    assert result.study.margin == 0.02
    with pytest.raises(InvalidInput, match=r"'margin' is 2\.0; expected more than 0 and less than 1"):
        ev.compare("bm25", "char_ngrams", on="docstrings", margin="200%")


def test_pytest_shows_the_table_of_a_gate_line_by_line(tmp_path, pairs_csv):
    setup = f"import evidense as ev\nworse = ev.compare('char_ngrams', 'bm25', on={str(pairs_csv)!r}, margin=0.001)\n"
    (tmp_path / "test_gate.py").write_text(
        f"{setup}def test_table(): worse.assert_gate('helps')\ndef test_line(): assert worse.gate('helps')\n"
    )
    plugin = "evidense.study.gates.in_pytest"
    is_installed = any(entry.value == plugin for entry in entry_points(group="pytest11"))
    stated = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert plugin in stated["entry-points"]["pytest11"].values()
    options = () if is_installed else ("-p", plugin)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_gate.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "2 failed" in done.stdout
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "E   AssertionError: gate helps at margin .001: NOT met" in lines
    assert any(line.startswith("E   bm25 on pairs.csv: not shown to help") for line in lines)
    assert any(line.startswith("E   AssertionError: assert <gate helps at margin .001: NOT met: ") for line in lines)
    assert lines.count("E   gate helps at margin .001: NOT met") == 1, "where assert alone has the table, too"
    assert len([line for line in lines if re.match(r"E +\S [A-Z]+ +pairs\.csv", line)]) == 2
    assert len([line for line in lines if re.search(r"^E .* better, [\d,]+ equal, [\d,]+ worse$", line)]) == 2


def test_queries_marked_as_wrongly_labelled_are_excluded_for_all_systems(compared, evidense, pairs_csv):
    _, folder = compared
    with (folder / "losses.csv").open(newline="", encoding="utf-8") as file:
        losses = list(csv.DictReader(file))
    assert losses
    losses[0]["label wrong?"] = "yes"
    with (folder / "losses.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, losses[0])
        writer.writeheader()
        writer.writerows(losses)
    before = rows(folder)[0]["n"]
    for _ in range(2):  # the mark outlives the run that reads it
        result = evidense("compare", "bm25", "char_ngrams", "--on", pairs_csv, "--out", folder)
        assert result.exit_code == 0, result.output
        assert rows(folder)[0]["n"] == before - 1


def test_named_slices_are_tested_and_others_exploratory(pairs_csv):
    result = ev.compare("bm25", "char_ngrams", on=str(pairs_csv), slices=["module"])
    slices = [f for f in result.findings if f.estimand == "slice"]
    named = [f for f in slices if f.site["named"]]
    assert {f.site["column"] for f in named} == {"module"}
    assert all(f.p_adjusted is not None for f in named)
    exploratory = [f for f in slices if not f.site["named"]]
    assert {f.site["column"] for f in exploratory} == {"length"}
    assert all(f.p is None and "exploratory" in f.family for f in exploratory)


def test_no_text_keeps_texts_out_of_all_files(evidense, pairs_csv, tmp_path):
    result = evidense("compare", "bm25", "char_ngrams", "--on", pairs_csv, "--out", tmp_path / "page", "--no-text")
    assert result.exit_code == 0, result.output
    with pairs_csv.open(newline="", encoding="utf-8") as file:
        texts = [row["query"] for row in csv.DictReader(file) if len(row["query"]) > 40]
    for path in (tmp_path / "page").rglob("*"):
        if path.is_file():
            content = path.read_bytes()  # figures may be PDF
            assert not any(text[:40].encode() in content for text in texts), path


def test_a_saved_baseline_gives_the_verdicts_of_the_system(evidense, pairs_csv, tmp_path):
    saved = tmp_path / "base.baseline.json.gz"
    evidense("compare", "bm25", "char_ngrams", "--on", pairs_csv, "--out", tmp_path / "a", "--save-baseline", saved)
    assert saved.stat().st_size < 50_000
    result = evidense("compare", saved, "char_ngrams", "--on", pairs_csv, "--out", tmp_path / "b")
    assert result.exit_code == 0, result.output
    a, b = rows(tmp_path / "a")[0], rows(tmp_path / "b")[0]
    assert (a["effect"], a["low"], a["high"]) == (b["effect"], b["low"], b["high"])


def test_run_files_are_compared_by_judgements_without_a_collection(compared, evidense, pairs_csv, tmp_path):
    _, folder = compared
    runs = sorted((folder / "runs").glob("*.trec"))
    assert len(runs) == 2
    qrels = tmp_path / "qrels.txt"
    (collection,) = registry.dataset(str(pairs_csv))[0].open(str(pairs_csv))
    qrels.write_text("\n".join(f"{q} 0 {d} {g}" for q, gains in collection.qrels.items() for d, g in gains.items()))
    old, new = runs
    done = evidense("compare", old, new, "--qrels", qrels, "--out", tmp_path / "t")
    assert done.exit_code == 0, done.output
    assert rows(tmp_path / "t")[0]["effect"] == pytest.approx(rows(folder)[0]["effect"], abs=1e-9)
    few = dict(list(collection.qrels.items())[:40])  # most documents of the runs are then unjudged, as in life
    qrels.write_text("\n".join(f"{q} 0 {d} {g}" for q, gains in few.items() for d, g in gains.items()))
    by_query = {r["query_id"]: float(r["nDCG@10"]) for r in scores_of(folder) if r["system"] == "bm25"}
    (scored,) = ev.score(old if "bm25" in old.name else new, qrels, ["nDCG@10"])
    assert scored.per_query == pytest.approx({q: by_query[q] for q in few}, abs=1e-9)
    scored = evidense("score", old, qrels, "ndcg_cut_10", "mrr@10")
    assert scored.exit_code == 0, scored.output
    assert scored.stdout.startswith("nDCG@10")


def test_replay_recomputes_the_same_bytes_and_notices_an_altered_page(compared, evidense):
    _, folder = compared
    same = evidense("replay", folder)
    assert same.exit_code == 0, same.output
    assert "byte for byte" in same.stdout
    page = folder / "report.html"
    page.write_text(page.read_text(encoding="utf-8") + " ", encoding="utf-8")
    altered = evidense("replay", folder)
    assert altered.exit_code == 2
    assert "is not what was written" in altered.stderr


@pytest.mark.parametrize("n", [1, 2, 19])
def test_identical_systems_on_few_queries_pass_no_gate(tmp_path, n):
    run = "".join(f"q{i} Q0 d{i} 1 2.0 r\n" for i in range(n))
    (tmp_path / "a.trec").write_text(run)
    (tmp_path / "b.trec").write_text(run)
    (tmp_path / "qrels.txt").write_text("".join(f"q{i} 0 d{i} 1\n" for i in range(n)))
    result = ev.compare(str(tmp_path / "a.trec"), str(tmp_path / "b.trec"), qrels=str(tmp_path / "qrels.txt"))
    (verdict,) = result.verdicts
    assert verdict.verdict == "UNDECIDED"
    assert verdict.reason.startswith("too few to decide")
    assert verdict.low < 0
    assert not result.gate("no-harm")
    assert "too few to decide" in result.gate("no-harm").failures[0]


def test_systems_that_both_score_zero_pass_no_gate(tmp_path):
    (tmp_path / "qrels.txt").write_text("".join(f"q{i} 0 d{i} 1\nq{i} 0 x{i} 0\n" for i in range(40)))
    run = "".join(f"q{i} Q0 x{i} 1 2.0 r\n" for i in range(40))
    (tmp_path / "a.trec").write_text(run)
    (tmp_path / "b.trec").write_text(run)
    result = ev.compare(str(tmp_path / "a.trec"), str(tmp_path / "b.trec"), qrels=str(tmp_path / "qrels.txt"))
    assert result.verdicts[0].verdict == "UNDECIDED"
    assert result.verdicts[0].reason == "the baseline scores 0 on every query: no loss could show"
    assert not result.gate("no-harm")


def test_identical_systems_have_no_interval_on_any_measure(evidense, pairs_csv, tmp_path):
    assert evidense("compare", "bm25", "bm25@label=copy", "--on", pairs_csv, "--out", tmp_path / "out").exit_code == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    ends = [value for name, value in metrics.items() if "/difference/" in name and name.endswith(("low", "high"))]
    assert len(ends) >= 4
    assert not any(ends)


def test_a_page_of_another_margin_or_sample_keeps_the_first_one_and_says_where_it_goes(
    evidense, pairs_csv, tmp_path
) -> None:
    first = tmp_path / "evidense-out" / "char_ngrams-vs-bm25-on-pairs"
    command = ("compare", "bm25", "char_ngrams", "--on", pairs_csv)
    assert "holds another page" not in evidense(*command).stderr
    files = ("verdicts.json", "study.toml")  # the page itself now says that a sample of its queries was looked at, too
    bytes_of_first = [(first / name).read_bytes() for name in files]
    other = evidense(*command, "--margin", "0.1")
    assert (
        "(margin 0.02 there, 0.1 here) and stays; this one goes to 'evidense-out/char_ngrams-vs-bm25-on-pairs-2'"
        in other.stderr
    )
    assert other.stdout.strip().splitlines()[-1] == "evidense-out/char_ngrams-vs-bm25-on-pairs-2/report.html"
    evidense(*command, "--margin", "0.1", "--queries", "20")
    for margins in ((), ("--margin", "0.1")):
        evidense(*command, *margins)
    assert sorted(path.name for path in first.parent.iterdir()) == [first.name, f"{first.name}-2", f"{first.name}-3"]
    assert [(first / name).read_bytes() for name in files] == bytes_of_first
    assert "2 looks of this store" in (first / "report.html").read_text(encoding="utf-8")


def test_a_page_of_other_data_keeps_its_folder(evidense, pairs_csv, tmp_path) -> None:
    first = tmp_path / "evidense-out" / "char_ngrams-vs-bm25-on-mine"
    mine = tmp_path / "mine.csv"
    mine.write_bytes(pairs_csv.read_bytes())
    evidense("compare", "bm25", "char_ngrams", "--on", mine)
    before = (first / "report.html").read_bytes()
    mine.write_bytes(b"\n".join(pairs_csv.read_bytes().splitlines()[:-30]) + b"\n")
    other = evidense("compare", "bm25", "char_ngrams", "--on", mine)
    assert "(mine.csv has changed since) and stays; this one goes to " in other.stderr
    assert (first / "report.html").read_bytes() == before
    evidense("compare", "bm25", "char_ngrams", "--on", mine)
    assert len(list(first.parent.iterdir())) == 2
