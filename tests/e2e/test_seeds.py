"""One system with several training seeds: patterns, --seeds, study files; its numbers are those of the seeds × queries analysis."""

import csv
import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import evidense as ev
from evidense import registry, stats
from evidense.compute.comparison.grouping import grouping_of
from evidense.errors import InvalidInput
from evidense.measures import limits
from evidense.study.files.seeds import hints, named_systems, names_of
from evidense.study.files.toml import read_study
from evidense.values import Spelling

DRAWN = """
import numpy as np

def _seed(n):
    letters = np.random.default_rng(n).standard_normal((256, 32))
    return lambda texts: np.stack([letters[list(text.encode())].sum(axis=0) for text in texts])

seed0, seed1, seed2 = map(_seed, range(3))
"""
"""Three encoders that draw a direction for each letter, each by its seed."""
DRAWS = {"n_resamples": 1999, "measures": ["nDCG@10", "R@10"]}


@pytest.fixture(scope="module")
def data(pairs_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pairs.csv, its judgements in two halves, and runs: of bm25, and of five and three trainings that differ by chance."""
    folder = tmp_path_factory.mktemp("seeds")
    shutil.copy(pairs_csv, folder / "pairs.csv")
    (folder / "drawn.py").write_text(DRAWN)
    (collection,) = registry.dataset(str(pairs_csv))[0].open(str(pairs_csv))
    queries = list(collection.qrels)
    for name, part in (("q", queries), ("even", queries[::2]), ("odd", queries[1::2])):
        lines = [f"{q} 0 {d} {gain}\n" for q in part for d, gain in collection.qrels[q].items()]
        (folder / f"{name}.txt").write_text("".join(lines))
    lists = registry.part("rankers", "bm25").open(Spelling("bm25")).rank(collection, 20)
    rng = np.random.default_rng(0)
    _write_run(folder / "bm25.run", lists, np.zeros(lists.scores.shape))
    for system, n_seeds, noise in (("dpr", 3, 1.0), ("splade", 5, 2.0)):
        for seed in range(n_seeds):
            _write_run(folder / f"{system}.seed{seed}.run", lists, noise * rng.standard_normal(lists.scores.shape))
    return folder


def _write_run(path: Path, lists, noise: np.ndarray) -> None:
    rows = [
        (query_id, lists.doc_ids[d], score)
        for query_id, documents, scores in zip(lists.query_ids, lists.documents, lists.scores + noise, strict=True)
        for d, score in zip(documents, scores, strict=True)
        if d >= 0
    ]
    path.write_text("".join(f"{q} Q0 {d} 0 {score:.6f} {path.stem}\n" for q, d, score in rows))


@pytest.fixture
def there(data: Path, evidense: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """The command line in the folder of the runs."""
    monkeypatch.chdir(data)
    monkeypatch.syspath_prepend(str(data))
    return evidense


def compared(data: Path, *systems: str, **settings: object) -> ev.Result:
    on = settings.pop("on", None) or {"qrels": [str(data / "q.txt")]}
    return ev.compare(*systems, **on, **{**DRAWS, **settings})


def by_seed(result: ev.Result, label: str, measure: str = "nDCG@10") -> np.ndarray:
    """Return the values of every seed of a system on the first collection."""
    scores = [s for s in result.scores if s.measure == measure and s.system.startswith(label) and s.system != label]
    first = scores[0].collection
    return np.stack([result.store.array(s.values) for s in scores if s.collection == first])


def test_verdict_equals_the_seeds_by_queries_analysis_of_the_same_table(data: Path, monkeypatch) -> None:
    monkeypatch.chdir(data)
    result = compared(data, "bm25.run", "dpr.seed*.run", on={"on": "pairs.csv"})
    (verdict,) = result.verdicts
    (base,) = (result.store.array(s.values) for s in result.scores if (s.system, s.measure) == ("bm25.run", "nDCG@10"))
    seeds = by_seed(result, "dpr")
    (collection,) = registry.dataset("pairs.csv")[0].open("pairs.csv")
    clusters = grouping_of(collection, "")
    bounds = stats.Bounds.differences(limits("nDCG@10"), (1, len(base)))
    table = stats.Seeded((seeds - base)[None], clusters, bounds)
    ((expected,),) = stats.seeded([table], n_resamples=1999, seed=0)
    assert verdict.system == "dpr"
    assert verdict.details["n_seeds"] == expected.n_seeds == 3
    assert (verdict.effect, verdict.low, verdict.high) == (expected.effect, expected.low, expected.high)
    assert verdict.details["p_adjusted"] == expected.p_adjusted
    assert verdict.system_mean == pytest.approx(seeds.mean())
    assert list(verdict.details["seeds"]["system"].values()) == pytest.approx(seeds.mean(axis=1).tolist())
    alone = [compared(data, "bm25.run", f"dpr.seed{i}.run", on={"on": "pairs.csv"}).verdicts[0] for i in range(3)]
    assert verdict.effect == pytest.approx(np.mean([v.effect for v in alone]))
    assert verdict.high - verdict.low > max(v.high - v.low for v in alone)


def test_all_intervals_are_over_seeds(data: Path, monkeypatch) -> None:
    """Means, other measures, slices, ranks: each is wider than over queries alone, and says what it is over."""
    monkeypatch.chdir(data)
    on = {"on": "pairs.csv", "slices": ["module"], "references": ["splade.seed[12].run"]}
    result = compared(data, "bm25.run", "dpr.seed*.run", "splade.seed*.run", on=on)
    dpr = [
        f for f in result.findings if f.site.get("system") == "dpr" and f.estimand in {"mean", "difference", "slice"}
    ]
    assert {f.estimand for f in dpr} == {"mean", "difference", "slice"}
    assert all("seeds" in f.test for f in dpr)
    (mean,) = (f for f in dpr if f.estimand == "mean" and f.unit == "nDCG@10")
    seeds = by_seed(result, "dpr")
    alone = stats.mean_interval(seeds.mean(axis=0), np.arange(seeds.shape[1]), seed=0)
    assert mean.high - mean.low > alone[2] - alone[1]
    assert mean.details["seeds"] == {f"dpr.seed{i}.run": pytest.approx(seeds[i].mean()) for i in range(3)}
    ranked = [f.site["system"] for f in result.findings if f.estimand == "mean" and "ranks" in f.details]
    assert ranked == ["bm25.run", "dpr", "splade", "splade.seed1+splade.seed2"]


def test_mean_over_collections_is_over_seeds_that_are_lucky_on_all(data: Path, monkeypatch) -> None:
    monkeypatch.chdir(data)
    result = compared(data, "bm25.run", "dpr.seed*.run", on={"qrels": ["even.txt", "odd.txt"]})
    (mean,) = (f for f in result.findings if f.estimand == "mean over collections")
    tables = []
    for name in ("even.txt", "odd.txt"):
        values = {
            s.system: result.store.array(s.values)
            for s in result.scores
            if (s.collection, s.measure) == (name, "nDCG@10")
        }
        seeds = np.stack([values[f"dpr.seed{i}.run"] for i in range(3)])
        (shared,) = (f for f in result.findings if f.estimand == "queries" and f.site["collection"] == name)
        assert shared.details["same_queries"] == [name]
        tables.append(stats.Seeded((seeds - values["bm25.run"])[None], np.arange(seeds.shape[1])))
    (expected,) = stats.seeded_mean_over(tables, n_resamples=1999, seed=0)
    assert mean.value == pytest.approx(expected.effect)
    assert mean.details["n_seeds"] == 3
    assert (mean.low, mean.high) == pytest.approx(
        (expected.low, expected.high), rel=0.25
    )  # queries that share documents are no clusters here


def test_new_collection_says_what_its_interval_leaves_out(data: Path, monkeypatch, tmp_path: Path) -> None:
    """Luck of a seed on all collections alike is in the mean over these collections, and not in random effects over them."""
    monkeypatch.chdir(data)
    parts = [tmp_path / f"{i}.txt" for i in range(5)]
    lines = (data / "q.txt").read_text().splitlines(keepends=True)
    queries = list(dict.fromkeys(line.split()[0] for line in lines))
    for i, part in enumerate(parts):
        part.write_text("".join(line for line in lines if line.split()[0] in queries[i::5]))
    result = compared(data, "bm25.run", "dpr.seed*.run", on={"qrels": parts}, clusters="queries")
    (beyond,) = (f for f in result.findings if f.estimand == "random effects")
    assert beyond.details["n_seeds"] == 3
    page = result.report(tmp_path / "page").read_text(encoding="utf-8")
    assert "luck of a seed on all collections alike is not in it" in page


def test_both_sides_may_have_seeds_in_unequal_numbers(data: Path, monkeypatch) -> None:
    monkeypatch.chdir(data)
    result = compared(data, "splade.seed*.run", "dpr.seed*.run", "bm25.run")
    dpr, bm25 = result.verdicts
    assert (dpr.baseline, dpr.details["n_seeds"], bm25.details["n_seeds"]) == ("splade", 3, 5)
    assert dpr.effect == pytest.approx(by_seed(result, "dpr").mean() - by_seed(result, "splade").mean())
    assert [len(dpr.details["seeds"][side]) for side in ("base", "system")] == [5, 3]
    assert result.to_frame()["n_seeds"].tolist() == [3, 5]


def test_everything_that_is_read_says_the_seeds_and_replay_recomputes_it(there, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "page"
    done = there(
        "compare",
        "bm25.run",
        "dpr.seed*.run",
        "--qrels",
        "q.txt",
        "--claim",
        "helps",
        "--out",
        out,
        "--markdown",
        tmp_path / "m.md",
    )
    assert done.exit_code == 0, done.output
    row = json.loads((out / "verdicts.json").read_text())[0]
    means = ", ".join(f"{x:.3f}".lstrip("0") for x in row["details"]["seeds"]["system"].values())
    assert done.stdout.count(f"    3 seeds: {means}\n") == 1
    for file in ("report.html", "table.md", "table.tex", "paper.tex"):
        assert "over queries and 3 training seeds of dpr" in (out / file).read_text(encoding="utf-8"), file
    for file in (out / "report.html", out / "table.md", tmp_path / "m.md"):
        assert f"3 seeds: {means}" in file.read_text(encoding="utf-8"), file
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "lists of dpr are those of its first seed, dpr.seed0.run" in page
    assert "dpr is the mean over 3 training seeds" in page
    assert len(list((out / "runs").iterdir())) == 4  # one a seed, and bm25's
    with (out / "scores.csv").open(newline="") as file:
        systems = list(dict.fromkeys(line["system"] for line in csv.DictReader(file)))
    assert systems == ["bm25.run", "dpr", "dpr.seed0.run", "dpr.seed1.run", "dpr.seed2.run"]
    study = read_study(out / "study.toml")
    assert study.seeds == {"dpr": ["dpr.seed0.run", "dpr.seed1.run", "dpr.seed2.run"]}
    assert study.systems == ("bm25.run", "dpr")
    assert "byte for byte" in there("replay", out).stdout


def test_seeds_may_be_listed_and_named_and_the_gate_goes_by_them(there, data: Path, tmp_path: Path) -> None:
    files = "dpr.seed2.run,dpr.seed0.run,dpr.seed1.run"
    done = there(
        "compare",
        "bm25.run",
        "--seeds",
        f"mine={files}",
        "--qrels",
        "q.txt",
        "--out",
        tmp_path / "page",
        "--gate",
        "no-harm",
    )
    assert done.exit_code in (0, 1), done.output
    assert "gate no-harm" in done.stdout
    assert json.loads((tmp_path / "page" / "verdicts.json").read_text())[0]["system"] == "mine"
    plan = there("compare", "splade.seed*.run", "--seeds", files, "--qrels", "q.txt", "--plan")
    assert [line.split()[0] for line in plan.stdout.splitlines() if ".run" in line] == [
        *(f"splade.seed{i}.run" for i in range(5)),
        *files.split(","),
    ]


def test_models_have_seeds_as_runs_have(data: Path, pairs_csv: Path, monkeypatch) -> None:
    """Three encoders; naming them among the seeds lets their code run."""
    monkeypatch.syspath_prepend(str(data))
    seeds = {"letters": [f"python:drawn:seed{n}" for n in range(3)]}
    result = ev.compare("bm25", on=pairs_csv, n_resamples=999, seeds=seeds)
    (verdict,) = result.verdicts
    assert (verdict.system, verdict.details["n_seeds"]) == ("letters", 3)
    assert by_seed(result, "python:drawn").mean() == pytest.approx(verdict.system_mean)
    (setup,) = (r.setup for r in result.rankings if r.seeds)
    assert setup["n_dims"] == 32


def test_hint_says_how_to_make_one_system_of_what_the_shell_expanded(there) -> None:
    done = there("compare", "bm25.run", "dpr.seed0.run", "dpr.seed1.run", "dpr.seed2.run", "--qrels", "q.txt", "--plan")
    assert (
        "3 systems are compared that look like seeds of one; to make them one system 'dpr': --seeds dpr.seed0.run,dpr.seed1.run"
        in done.stderr
    )
    single = there("compare", "bm25.run", "dpr.seed[2-9].run", "--qrels", "q.txt", "--plan")
    assert "matches one file: one system, dpr.seed2.run, without seeds" in single.stderr
    assert "dpr.seed2.run" in single.stdout
    assert hints(["step-1000", "step-2000"]) == []


REFUSED = {
    "nothing matches": (["bm25.run", "dqr.seed*.run"], "'dqr.seed*.run' matches no file or folder"),
    "space": (["bm25.run", "--seeds", "dpr.seed0.run", "dpr.seed1.run"], "--seeds dpr.seed0.run names one file; expected several"),
    "twice": (["bm25.run", "--seeds", "dpr.seed0.run,./dpr.seed0.run"], "'./dpr.seed0.run' is named twice"),
    "same bytes": (["bm25.run", "--seeds", "dpr.seed0.run,copy.run"], "'dpr.seed0.run' and 'copy.run' hold the same bytes"),
    "same lists": (["bm25.run", "--seeds", "dpr.seed0.run,tagged.run"], "have the same lists and scores on q.txt"),
    "kinds": (["bm25.run", "--seeds", "dpr.seed0.run,folder"], "'folder' is a folder and 'dpr.seed0.run' a file"),
    "model": (["bm25.run", "--seeds", "dpr.seed0.run,python:drawn:seed0"], "a model, with 'dpr.seed0.run'"),
    "best of": (["bm25.run", "dpr.seed*.run", "splade.seed*.run", "--best-of"], "'best_of' chooses one checkpoint"),
    "baseline": (["dpr.seed*.run", "bm25.run", "--save-baseline", "x.baseline.json.gz"], "the baseline 'dpr' has 3 seeds"),
    "itself": (["dpr.seed1.run", "dpr.seed*.run"], "'dpr.seed1.run' is compared with itself"),
    "named alike": (["bm25.run", "--seeds", "a=dpr.seed*.run", "--seeds", "a=splade.seed*.run"], "two systems are called 'a'"),
    "index": (["dpr.seed*.run", "python:drawn:seed0@index=hnsw"], "leave @index out"),
    "anywhere": (["bm25.run", "/*/*/*/*.run"], "'/*/*/*/*.run' could match files anywhere"),
    "nobody": (["bm25.run"], "missing argument 'TUNED...'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_seeds_is_refused_in_words(there, data: Path, case: str) -> None:
    run = (data / "dpr.seed0.run").read_text()
    (data / "copy.run").write_text(run)
    (data / "tagged.run").write_text(run.replace(" dpr.seed0", " other"))
    (data / "folder").mkdir(exist_ok=True)
    arguments, sentence = REFUSED[case]
    done = there("compare", *arguments, "--qrels", "q.txt")
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())


def test_a_seed_without_results_for_some_queries_is_named(data: Path, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(data)
    lines = (data / "dpr.seed1.run").read_text().splitlines(keepends=True)
    first = lines[0].split()[0]
    short = tmp_path / "short.run"
    short.write_text("".join(line for line in lines if line.split()[0] != first))
    result = compared(data, "bm25.run", seeds={"dpr": ["dpr.seed0.run", str(short), "dpr.seed2.run"]})
    (mean,) = (f for f in result.findings if f.estimand == "mean" and f.site["system"] == "dpr" and f.unit == "nDCG@10")
    assert any(note.startswith("short.run: 1 of ") for note in mean.details["notes"])


def test_study_file_names_seeds_by_a_pattern_and_keeps_the_files(data: Path, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(data)
    path = tmp_path / "study.toml"
    path.write_text(
        'name = "x"\nsystems = ["lexical", "dpr.seed*.run"]\nreferences = ["bm25.run"]\ncollections = ["trec:q.txt"]\n'
        '[seeds]\nlexical = "splade.seed*.run"\n'
    )
    study = read_study(path)
    assert study.systems == ("lexical", "dpr")
    assert study.seeds["lexical"] == [f"splade.seed{i}.run" for i in range(5)]
    assert study.rankers == (*study.seeds["lexical"], *study.seeds["dpr"], "bm25.run")
    path.write_text('name = "x"\nsystems = ["a"]\ncollections = ["trec:q.txt"]\n[seeds]\nb = 3\n')
    with pytest.raises(InvalidInput, match="'seeds'|seeds"):
        read_study(path)
    with pytest.raises(InvalidInput, match="expected system → its runs"):
        compared(data, "bm25.run", seeds=["dpr.seed0.run"])


NAMES = {
    ("dpr-42.run", "dpr-1337.run"): "dpr",
    ("run.dpr.1", "run.dpr.2"): "run.dpr",
    ("dpr_s1.trec.gz", "dpr_s10.trec.gz"): "dpr",
    ("runs/1/dpr.res", "runs/2/dpr.res"): "dpr",
    ("e5@dim=64", "e5b@dim=64"): "e5@dim=64",
    ("bm25.seed1.run", "bm25.seed12.run"): "bm25",
    ("seed0/model", "seed1/model"): "model",
    ("a/x.run", "b/y.run"): "x+y",
}


@pytest.mark.parametrize("files", NAMES)
def test_name_of_a_system_is_what_its_files_have_in_common(files: tuple[str, ...]) -> None:
    assert names_of(files)[0] == NAMES[files]


def test_seeds_are_in_the_order_of_their_numbers_and_a_taken_name_is_made_longer(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    for seed in (0, 2, 10):
        (tmp_path / "runs" / f"bm25.seed{seed}.run").write_text("")
    named = named_systems(["bm25", "runs/bm25.seed*.run"])
    assert named.systems == ("bm25", "runs/bm25")
    numbers = [int("".join(filter(str.isdigit, file.removeprefix("runs/bm25")))) for file in named.seeds["runs/bm25"]]
    assert all(a < b for a, b in pairwise(numbers))
    assert named_systems(named.systems, (), named.seeds) == named


def test_more_files_than_a_system_has_seeds_are_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for n in range(101):
        (tmp_path / f"{n}.run").write_text("")
    with pytest.raises(InvalidInput, match=r"'\*.run' stands for more than 100 seeds"):
        named_systems(["bm25", "*.run"])
