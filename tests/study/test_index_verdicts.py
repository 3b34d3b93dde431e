"""Words about systems with approximate indexes: what an index did is not taken for what a model did, and the page says which is which."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

import evidense as ev
from evidense import registry, report
from evidense.cli.saying.lines import note_lines
from evidense.compute.comparison.index_part import CheckedQueries
from evidense.compute.indexes import approximate
from evidense.records import Ranking, Study
from evidense.report.comparison.notes import notes_on
from evidense.report.contents import Contents
from evidense.study.result import Result

N_QUERIES, N_DOCUMENTS, DIMS = 240, 1_200, 24
POOR = "@index=ivf@nlist=150@nprobe=1"
"""One of 150 lists is visited, and vectors lie in 40 clusters: neighbours are split among lists."""
GOOD = "@index=hnsw@M=16@ef=400"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Vectors of two models: the queries of `tuned` lie nearer to their documents than those of `base`."""
    rng = np.random.default_rng(5)
    centres = rng.standard_normal((40, DIMS))
    documents = centres[rng.integers(40, size=N_DOCUMENTS)] + 0.6 * rng.standard_normal((N_DOCUMENTS, DIMS))
    noise = rng.standard_normal((N_QUERIES, DIMS))
    for model, width in (("base", 0.8), ("tuned", 0.6)):
        (tmp_path / model).mkdir()
        for side, vectors in (("queries", documents[:N_QUERIES] + width * noise), ("documents", documents)):
            np.save(tmp_path / model / f"{side}.npy", vectors.astype(np.float32))
            (tmp_path / model / f"{side}.ids.txt").write_text("".join(f"{side[0]}{n}\n" for n in range(len(vectors))))
    for name, queries in (("all", range(N_QUERIES)), ("half", range(0, N_QUERIES, 2))):
        others = "".join(f"q0 0 d{n} 0\n" for n in range(1, N_DOCUMENTS))
        (tmp_path / f"{name}.qrels").write_text("".join(f"q{n} 0 d{n} 1\n" for n in queries) + others)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compared(base: str, *tuned: str, on: str = "trec:all.qrels", **settings: object) -> Result:
    systems = [f"vectors:{x}@similarity=cosine" for x in (base, *tuned)]
    return ev.compare(*systems, on=on, **{"n_resamples": 2000, **settings})  # type: ignore[arg-type]


def test_a_loss_by_the_index_is_not_said_of_the_model(folder: Path) -> None:
    result = compared("base", f"base{POOR}", claims=["harms", "same"])
    (verdict,) = result.verdicts
    index = verdict.details["index"]
    assert verdict.high < -0.05
    assert (verdict.verdict, index["as_run"]) == ("UNDECIDED", "HARMS")
    assert index["change"][0] == pytest.approx(verdict.effect)  # all of it
    assert index["exact"] == [0, 0, 0]
    assert re.match(
        r"could be the index: −\.\d+ \[−\.\d+, −\.\d+\] of the −\.\d+ is the index's \(n 240\), and with exact search there is",
        verdict.reason,
    )
    assert {check.claim: check.verdict for check in result.checks} == {"harms": "UNDECIDED", "same": "UNDECIDED"}
    assert not result.gate("no-harm")
    assert not result.gate("helps", allow_undecided=False)
    assert result.gate("no-harm", allow_undecided=True)
    assert "could be the index" in report.table_text(result.study, result.records)


def test_a_gain_over_a_baseline_with_a_poor_index_is_not_said_of_the_model(folder: Path) -> None:
    (verdict,) = compared(f"base{POOR}", "base").verdicts
    assert verdict.low > 0.05
    assert (verdict.verdict, verdict.details["index"]["as_run"]) == ("UNDECIDED", "HELPS")
    assert verdict.details["index"]["change"][1] > 0.05


def test_no_harm_asks_for_exact_search_too(folder: Path) -> None:
    """A worse model beats a better one behind a poor index: that is no reason to ship it."""
    result = compared(f"tuned{POOR}", "base")
    (verdict,) = result.verdicts
    assert verdict.low > 0
    assert verdict.details["index"]["exact"][2] < 0
    gate = result.gate("no-harm")
    assert not gate
    assert "is not ruled out by exact search" in gate.failures[0]


def test_a_gain_that_no_index_explains_stays(folder: Path) -> None:
    result = compared(f"base{GOOD}", f"tuned{GOOD}", f"tuned{POOR}", on="trec:all.qrels,trec:half.qrels".split(","))  # type: ignore[arg-type]
    words = {(v.system.split("nprobe")[-1], v.collection): v.verdict for v in result.verdicts}
    good = [v for v in result.verdicts if "hnsw" in v.system]
    assert {v.verdict for v in good} == {"HELPS"}
    assert all("as_run" not in v.details["index"] for v in good)
    assert len(words) == 4
    means = {f.site["system"]: f.details for f in result.findings if f.estimand == "mean over collections"}
    good_mean, poor_mean = (next(d for s, d in means.items() if kind in s) for kind in ("hnsw", "ivf"))
    assert (good_mean["label"], poor_mean["label"]) == ("HELPS", "UNDECIDED")
    assert poor_mean["index"]["as_run"] == "HARMS"


def test_recall_is_recorded_and_shown_with_interval_and_n(folder: Path, tmp_path: Path) -> None:
    result = compared("base", f"base{POOR}", f"base{GOOD}", out=tmp_path / "page")
    recalls = {f.site["system"]: f for f in result.findings if f.estimand == "recall of an index"}
    poor, good = (next(f for s, f in recalls.items() if kind in s) for kind in ("ivf", "hnsw"))
    assert poor.low < poor.value < poor.high < 0.8 < 0.97 < good.low <= good.value <= good.high
    assert poor.n == good.n == N_QUERIES
    page = unescape(re.sub(r"<[^>]+>", "", (tmp_path / "page" / "report.html").read_text(encoding="utf-8")))
    shown = re.findall(r"its index finds (\.\d{3}|1\.000) \[[\d., ]+\] of the exact top 100 \(n 240 queries", page)
    assert len(shown) == 2 - (good.value == 1), "an index that finds everything is no warning"
    assert len(re.findall(r"(\.\d{3}|1\.000) \[[\d., ]+\] of the exact top 100 \(n 240 queries\)", page)) == 2, "set-up"
    assert "ivf: could be the index" not in page
    assert "with exact search there is no difference" in page
    assert "the index changes nothing" not in page
    assert "Systems with an approximate index (built by faiss" in page
    assert any("its index finds" in line for line in note_lines(result.study, result.records))
    policies = {r.system: r.policies["search"] for r in result.rankings}
    assert len(policies) == 3
    assert any("IVF index of faiss with nlist 150, nprobe 1, built on one thread" in text for text in policies.values())


def test_exact_rankings_of_the_sample_stand_beside_the_systems(folder: Path) -> None:
    result = compared("base", f"base{GOOD}")
    (exact,) = [r for r in result.of(Ranking) if r.exact_for]
    (approximate_ranking,) = [r for r in result.rankings if r.parents]
    assert approximate_ranking.parents == (exact.id,)
    assert exact.exact_for == approximate_ranking.system
    assert exact.policies["search"] == "exact, over the whole corpus"
    assert "index" not in exact.spelling


def test_a_sample_of_the_queries_decides_with_the_error_of_the_sample(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = compared("base", f"base{POOR}", f"tuned{GOOD}").verdicts
    monkeypatch.setattr(approximate, "CHECKED", 80)
    monkeypatch.setenv("EVIDENSE_STORE", str(folder / "other"))
    sampled = compared("base", f"base{POOR}", f"tuned{GOOD}").verdicts
    for by_sample, by_all in zip(sampled, whole, strict=True):
        index, index_of_all = by_sample.details["index"], by_all.details["index"]
        assert (index["n"], index["is_sample"], index_of_all["is_sample"]) == (80, True, False)
        assert index["exact"][1] < index_of_all["exact"][1]
        assert index["exact"][2] > index_of_all["exact"][2]
    assert sampled[0].verdict == "UNDECIDED"
    assert sampled[0].details["index"]["as_run"] == "HARMS"


def test_the_same_study_has_the_same_records(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = []
    for store in ("one", "two"):
        monkeypatch.setenv("EVIDENSE_STORE", str(folder / store))
        records.append([record.id for record in compared("base", f"tuned{GOOD}").records])
    assert records[0] == records[1]


def test_checked_queries_within_a_slice_are_those_of_the_slice() -> None:
    values = np.arange(10.0).reshape(2, 5) / 10
    checked = CheckedQueries(
        np.array([0, 2, 3, 7, 9]), 10, np.arange(5), values, values, np.array([True, False]), (0.0, 1.0)
    )
    part = checked.within(np.arange(10) > 2)
    assert part.queries.tolist() == [0, 4, 6]
    assert part.n_queries == 7
    np.testing.assert_array_equal(part.by_index, values[:, 2:])


@pytest.mark.parametrize(("has_index", "reach"), [((True, False), 1), ((False, True), 1), ((True, True), 2)])
def test_what_was_not_sampled_can_reach_as_far_as_both_indexes_can_change(
    has_index: tuple[bool, bool], reach: int
) -> None:
    """No change was seen on 200 queries: up to 1.8 % of others may change, by 1 for each side that has an index."""
    values = np.full((2, 200), 0.5)
    checked = CheckedQueries(np.arange(200), 9_000, np.arange(200), values, values, np.array(has_index), (0.0, 1.0))
    study = Study(name="x", question="?", systems=("a", "b"), collections=("c",))
    assert checked.change(study, 0, 1) == pytest.approx((0, -0.0183 * reach, 0.0183 * reach), abs=0.001)


def test_a_slice_that_was_named_is_allowed_for_too(folder: Path) -> None:
    """Pairs with a column; vectors of their texts were made elsewhere."""
    lines = [f"query {n},document {n},{'even' if n % 2 == 0 else 'odd'}" for n in range(N_QUERIES)]
    (folder / "pairs.csv").write_text("\n".join(["query,document,kind", *lines]) + "\n")
    part, rest = registry.dataset("pairs.csv")
    (collection,) = part.open(rest)
    for side, ids in (("queries", collection.query_ids), ("documents", collection.doc_ids)):
        np.save(folder / "base" / f"{side}.npy", np.load(folder / "base" / f"{side}.npy")[:N_QUERIES])
        (folder / "base" / f"{side}.ids.txt").write_text("".join(f"{name}\n" for name in ids))
    poorer = "@index=hnsw@M=2@ef_construction=1"
    result = compared("base", f"base{poorer}", on="pairs.csv", slices=["kind"], depth=10)
    slices = [f.details for f in result.findings if f.estimand == "slice" and f.site["named"]]
    assert [details["index"]["n"] for details in slices] == [N_QUERIES // 2] * 2
    assert {details["label"] for details in slices} == {"UNDECIDED"}
    assert {details["index"]["as_run"] for details in slices} == {"HARMS"}


def test_an_index_that_looks_at_more_candidates_than_its_name_says_is_noted(folder: Path) -> None:
    result = compared("base", "base@index=hnsw@M=16@ef=10")
    contents = Contents.of(result.study, result.records)
    (system,) = contents.systems
    texts = [note.text for note in notes_on(contents, system)]
    assert any(text.startswith("searched with ef=100, although its name says ef=10: ") for text in texts), texts
