"""Queries that are used again and again: the store counts it, pages say it, plans share the error, a baseline file carries the count."""

import gzip
import json
import re
from pathlib import Path

import pytest

import evidense as ev
from evidense.errors import InvalidInput
from evidense.store import Store

USED = "these queries were used in"


@pytest.fixture(scope="module")
def few_csv(first_lines):
    """Thirty pairs."""
    return first_lines(31)


@pytest.fixture
def build(evidense, few_csv, tmp_path):
    """Return what makes the n-th build: the run of char_ngrams without the list of the n-th query."""
    assert evidense("compare", "bm25", "char_ngrams", "--on", few_csv, "--out", tmp_path / "first").exit_code == 0
    (run,) = (tmp_path / "first" / "runs").glob("char-ngrams__*.trec")
    lines = run.read_text().splitlines(keepends=True)
    queries = list(dict.fromkeys(line.split()[0] for line in lines))

    def made(n: int) -> Path:
        path = tmp_path / f"build{n}.trec"
        path.write_text("".join(line for line in lines if line.split()[0] != queries[n]))
        return path

    return made


def metrics(folder: Path) -> dict[str, float]:
    return json.loads((folder / "metrics.json").read_text())


def test_store_counts_comparisons_of_the_same_queries_and_a_repeated_one_once(evidense, few_csv, build, tmp_path):
    words = ("compare", "bm25", "char_ngrams", "--on", few_csv, "--out", tmp_path / "first")
    assert USED not in evidense(*words).output  # the same comparison again
    second = evidense("compare", "bm25", build(0), "--on", few_csv, "--out", tmp_path / "second")
    assert f"{USED} 2 looks of this store since " in second.stderr
    assert "is up to .10" in second.stderr
    assert USED not in second.stdout
    assert USED in (tmp_path / "second" / "report.html").read_text()
    numbers = metrics(tmp_path / "second")
    assert numbers["looks/pairs.csv/n_comparisons"] == 2
    assert numbers["looks/pairs.csv/chance_of_a_false_verdict"] == pytest.approx(1 - 0.95**2)
    assert USED not in evidense("compare", build(0), build(0), "--on", few_csv).stdout  # alike: no look


def test_other_measure_is_another_comparison_and_a_mirrored_one_is_the_same(evidense, few_csv, build):
    assert f"{USED} 2 " in evidense("compare", "bm25", "char_ngrams", "--on", few_csv, "--measure", "R@5").stderr
    assert f"{USED} 2 " in evidense("compare", "char_ngrams", "bm25", "--on", few_csv, "--measure", "R@5").stderr
    assert f"{USED} 2 " in evidense("compare", "bm25", "char_ngrams", "--on", few_csv, "--margin", "0.05").stderr


def test_samples_of_one_collection_count_together_and_a_repeated_one_once(evidense, first_lines, tmp_path):
    """Whoever draws samples until one pleases has looked as often."""
    words = ("compare", "bm25", "char_ngrams", "--on", first_lines(81), "--queries", 40, "--out")
    assert USED not in evidense(*words, tmp_path / "1", "--seed", 1).stderr
    second = evidense(*words, tmp_path / "2", "--seed", 2)
    assert f"pairs.csv: {USED} 2 looks of this store since " in second.stderr
    assert ", at 2 samples of one collection, this one among them" in second.stderr
    assert "in these looks is up to .10" in second.stderr
    assert f"{USED} 2 looks" in evidense(*words, tmp_path / "1", "--seed", 1).stderr
    whole = evidense("compare", "bm25", "char_ngrams", "--on", first_lines(81), "--out", tmp_path / "whole")
    assert f"{USED} 3 looks" in whole.stderr
    assert "A store is a folder on this machine" in (tmp_path / "whole" / "report.html").read_text()


def test_number_of_looks_and_chance_count_the_same_runs(evidense, few_csv, build, tmp_path):
    """A run of two systems and a run of one of them are two chances, and two comparisons."""
    both = evidense("compare", "bm25", build(0), build(1), "--on", few_csv, "--out", tmp_path / "both")
    assert f"{USED} 2 looks" in both.stderr
    assert "3 different comparisons in all" in both.stderr
    one = evidense("compare", "bm25", build(1), "--on", few_csv, "--out", tmp_path / "one")
    assert f"{USED} 3 looks" in one.stderr
    assert "3 different comparisons" not in one.stderr
    assert "in these looks is up to .15" in one.stderr


def test_past_looks_change_no_record_and_one_line_of_the_page(evidense, few_csv, build, tmp_path, monkeypatch):
    words = ("compare", "bm25", build(3), "--on", few_csv, "--out")
    assert evidense(*words, tmp_path / "old" / "page").exit_code == 0
    monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / "fresh"))
    assert evidense(*words, tmp_path / "new" / "page").exit_code == 0
    old, new = (tmp_path / which / "page" for which in ("old", "new"))
    ids = [{r["id"] for r in json.loads((page / "page.json").read_text())["records"]} for page in (old, new)]
    assert ids[0] == ids[1]
    pages = [(page / "report.html").read_text() for page in (old, new)]
    assert USED in pages[0]
    assert USED not in pages[1]
    observed = re.compile(
        r'<ul class="warnings observed".*?</ul>\n| but for the lines on earlier comparisons, which this store has seen'
    )
    command = re.compile(r'<pre id="command".*?</pre>')
    assert command.sub("", observed.sub("", pages[0])) == command.sub("", pages[1])
    assert "byte for byte" in evidense("replay", old).stdout


def test_planned_looks_widen_the_interval_and_are_used_up(evidense, few_csv, build, tmp_path):
    words = ("--on", few_csv, "--margin", "0.9", "--gate", "no-harm", "--looks", 2, "--out")
    alone = ev.compare("bm25", str(build(0)), on=str(few_csv)).verdicts[0]
    first = evidense("compare", "bm25", build(0), *words, tmp_path / "1")
    assert first.exit_code == 0, first.output
    assert "look 1 of 2 planned" in first.stderr
    planned = json.loads((tmp_path / "1" / "verdicts.json").read_text())[0]
    assert planned["low"] < alone.low
    assert planned["high"] >= alone.high
    assert evidense("compare", "bm25", build(1), *words, tmp_path / "2").exit_code == 0
    third = evidense("compare", "bm25", build(2), *words, tmp_path / "3")
    assert third.exit_code == 1
    assert "this is look 3, and 2 were planned" in third.stdout
    assert "fresh queries" in third.stdout
    assert "used up" in (tmp_path / "3" / "report.html").read_text()
    gates = [metrics(tmp_path / n)[f"gate/no-harm/{build(k).name}"] for k, n in enumerate("123")]
    assert gates == [1.0, 1.0, 0.0]
    assert evidense("compare", "bm25", build(1), *words, tmp_path / "2").exit_code == 0  # the second again


def test_baseline_file_carries_plan_and_count_to_a_machine_without_the_store(
    evidense, few_csv, build, tmp_path, monkeypatch
):
    saved = tmp_path / "old.baseline.json.gz"
    builds = [build(n) for n in range(3)]
    assert evidense("compare", "bm25", "bm25", "--on", few_csv, "--looks", 2, "--save-baseline", saved).exit_code == 0
    before = json.loads(gzip.decompress(saved.read_bytes()))
    words = ("--on", few_csv, "--margin", "0.9", "--gate", "no-harm")
    for n, code in enumerate((0, 0, 1)):
        monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / f"machine{n}"))
        done = evidense("compare", saved, builds[n], *words, "--save-baseline", saved)
        assert f"look {n + 1} of 2 planned" in done.stderr
        assert done.exit_code == code, done.output
    after = json.loads(gzip.decompress(saved.read_bytes()))
    assert {key for key in after if after[key] != before[key]} == {"looks"}
    other = evidense("compare", saved, builds[0], *words, "--looks", 5)
    assert other.exit_code == 2
    assert "was saved for 2 looks" in other.stderr


def test_a_baseline_without_planned_looks_is_not_overwritten(evidense, few_csv, tmp_path):
    saved = tmp_path / "old.baseline.json.gz"
    assert evidense("compare", "bm25", "bm25", "--on", few_csv, "--save-baseline", saved).exit_code == 0
    before = saved.read_bytes()
    refused = evidense("compare", saved, "char_ngrams", "--on", few_csv, "--save-baseline", saved)
    assert refused.exit_code == 2
    assert "--looks" in refused.stderr
    assert saved.read_bytes() == before


def test_best_of_several_is_named_with_the_interval_of_the_family(evidense, few_csv, build, tmp_path):
    builds = [build(n) for n in range(3)]
    done = evidense(
        "compare", "bm25", *builds, "--on", few_csv, "--best-of", "--gate", "helps", "--out", tmp_path / "p"
    )
    assert "best of 3: build" in done.stdout
    result = ev.compare("bm25", *map(str, builds), on=str(few_csv), best_of=True)
    (winner,) = [f for f in result.findings if f.estimand == "winner"]
    best = max(result.verdicts, key=lambda v: v.effect)
    assert (winner.site["system"], winner.details["observed"], winner.low) == (best.system, best.effect, best.low)
    assert winner.low <= winner.value <= winner.details["observed"]
    assert len(result.gate("helps").failures) <= 1
    page = (tmp_path / "p" / "report.html").read_text()
    assert "after allowing for its having been chosen" in page
    name = f"best-of/{best.system}/nDCG@10/difference"
    assert metrics(tmp_path / "p")[f"{name}/shrunken"] == winner.value
    assert "byte for byte" in evidense("replay", tmp_path / "p").stdout


def test_best_of_several_collections_is_chosen_by_their_mean(few_csv, first_lines, tmp_path):
    pairs = tmp_path / "more.csv"
    pairs.write_bytes(first_lines(61).read_bytes())
    result = ev.compare("bm25", "char_ngrams", "char_ngrams@label=again", on=[str(few_csv), str(pairs)], best_of=True)
    (winner,) = [f for f in result.findings if f.estimand == "winner"]
    means = {f.site["system"]: f.value for f in result.findings if f.estimand == "mean over collections"}
    assert winner.details["observed"] == max(means.values())
    assert winner.site["collections"] == ["pairs.csv", "more.csv"]


def test_best_of_one_and_a_plan_without_looks_are_refused(few_csv):
    with pytest.raises(InvalidInput, match="at least two to choose from"):
        ev.compare("bm25", "char_ngrams", on=str(few_csv), best_of=True)
    with pytest.raises(InvalidInput, match="looks"):
        ev.compare("bm25", "char_ngrams", on=str(few_csv), looks=-1)


def test_a_damaged_note_is_skipped(few_csv, own_store):
    ev.compare("bm25", "char_ngrams", on=str(few_csv))
    (note,) = own_store.glob("looks/*/*.json")
    note.write_bytes(b"{")
    assert not list(Store().notes("looks", note.stem[:64]))
    result = ev.compare("bm25", "char_ngrams", on=str(few_csv))
    assert result.study.observed["looks"]["pairs.csv"]["n_looks"] == 1


def test_a_plan_counts_looks_from_its_start(evidense, few_csv, build, tmp_path):
    """A build that was looked at before the plan is a look of the plan when it is looked at again, and the last one."""
    assert evidense("compare", "bm25", build(1), "--on", few_csv, "--out", tmp_path / "before").exit_code == 0
    for n, k in enumerate((0, 1), 1):
        done = evidense("compare", "bm25", build(k), "--on", few_csv, "--looks", 3, "--out", tmp_path / str(n))
        assert f"look {n} of 3 planned" in done.stderr


def test_a_comparison_without_any_difference_is_not_counted_among_the_looks(evidense, few_csv, build, tmp_path):
    assert evidense("compare", "bm25", build(0), "--on", few_csv, "--out", tmp_path / "a").exit_code == 0
    done = evidense("compare", "bm25", "bm25@label=copy", "--on", few_csv, "--out", tmp_path / "b")
    assert "this one among them" not in done.stderr
    assert "1 comparisons" not in done.stderr
