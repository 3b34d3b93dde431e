"""Collections that hold the same queries: five copies are no more than one, and anybody can recompute that from scores.csv."""

import csv
import json
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from evidense.stats import Bounds, Differences, LinkedCollections, Sharing, mean_over, resample, simultaneous

SYSTEMS = ("bm25", "char_ngrams")


def table(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Read scores.csv alone: collection → system → nDCG@10 by query, and its clusters."""
    columns_of_collection: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            columns_of_collection[row["collection"]][row["system"]].append(float(row["nDCG@10"]))
            columns_of_collection[row["collection"]][f"clusters of {row['system']}"].append(int(row["cluster"]))
    return {
        name: {key: np.array(column) for key, column in columns.items()}
        for name, columns in columns_of_collection.items()
    }


def differences(columns: dict[str, np.ndarray]) -> Differences:
    base, system = (columns[name] for name in SYSTEMS)
    bounds = Bounds.differences((0.0, 1.0), (1, len(base)))
    return Differences((system - base)[None], columns[f"clusters of {SYSTEMS[0]}"], bounds, base)


@pytest.fixture
def copies(tmp_path: Path, more_pairs_csv: Path) -> list[str]:
    """Five names for one file of 60 pairs."""
    head = more_pairs_csv.read_text(encoding="utf-8")
    rows = list(csv.reader(head.splitlines(keepends=True)))[:61]
    names = [f"copy{index}.csv" for index in range(5)]
    with (tmp_path / names[0]).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(row[:2] for row in rows)
    for name in names[1:]:
        shutil.copy(tmp_path / names[0], tmp_path / name)
    return names


def compared(evidense: Callable[..., Result], names: list[str], out: str) -> tuple[Result, list[dict]]:
    result = evidense("compare", *SYSTEMS, "--on", ",".join(names), "--out", out)
    assert result.exit_code == 0, result.output
    records = json.loads(Path(out, "page.json").read_text(encoding="utf-8"))["records"]
    return result, [r["content"] for r in records if r["kind"] == "finding"]


def test_five_copies_of_a_file_give_the_verdict_of_one(evidense: Callable[..., Result], copies: list[str]) -> None:
    result, findings = compared(evidense, copies, "five")
    _, alone = compared(evidense, copies[:1], "one")
    (mean,) = [f for f in findings if f["estimand"] == "mean over collections"]
    (difference,) = [f for f in alone if f["estimand"] == "difference" and f["unit"] == "nDCG@10"]
    assert [mean[k] for k in ("value", "low", "high")] == pytest.approx(
        [difference[k] for k in ("value", "low", "high")]
    )
    assert mean["n_clusters"] == difference["n_clusters"]
    assert not [f for f in findings if f["estimand"] == "random effects"]
    warning = f"5 collections hold the same queries (copy0.csv, copy1.csv, copy2.csv, copy3.csv, copy4.csv; {difference['n']} queries each)"
    why = "nothing is said of a new collection: these 5 are 1 independent family of collections, and it takes 5"
    page = Path("five", "report.html").read_text(encoding="utf-8")
    for text in (warning, why):
        assert text in result.output
        assert text in page


def test_every_interval_can_be_recomputed_from_scores_csv(evidense: Callable[..., Result], copies: list[str]) -> None:
    _, findings = compared(evidense, copies[:2], "two")
    assert not Path("two", "scores.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    records = json.loads(Path("two", "page.json").read_text(encoding="utf-8"))["records"]
    (n_resamples,) = {r["content"]["n_resamples"] for r in records if r["kind"] == "study"}
    tables = {name: differences(columns) for name, columns in table(Path("two")).items()}
    for f in findings:
        if f["estimand"] == "difference" and f["site"]["measure"] == "nDCG@10":
            index = list(tables).index(f["site"]["collection"])
            draws = resample([tables[f["site"]["collection"]]], n_resamples=n_resamples, seed=0, first=index)
            (e,) = simultaneous([tables[f["site"]["collection"]]], seed=0, draws=draws, n_collections=2)[0]
            assert [e.low, e.high] == pytest.approx([f["low"], f["high"]], abs=1e-9)
    (mean,) = [f for f in findings if f["estimand"] == "mean over collections"]
    joint = np.concatenate([part.labels for part in tables.values()])
    e = mean_over(
        [*tables.values()], n_resamples=n_resamples, seed=0, sharing=Sharing((LinkedCollections((0, 1), joint),))
    )[0]
    assert [e.low, e.high] == pytest.approx([mean["low"], mean["high"]], abs=1e-9)
    assert e.n_clusters == mean["n_clusters"] == len(np.unique(joint))


def test_samples_of_equally_long_collections_take_different_rows(
    evidense: Callable[..., Result], copies: list[str]
) -> None:
    result = evidense("compare", *SYSTEMS, "--on", ",".join(copies[:2]), "--queries", "30", "--out", "page")
    assert result.exit_code == 0, result.output
    with Path("page", "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["collection"], row["query_id"]) for row in csv.DictReader(file)]
    first, second = (
        {query for name, query in rows if name == collection} for collection in dict.fromkeys(name for name, _ in rows)
    )
    assert len(first) == len(second) == 30
    assert 3 <= len(first & second) <= 27
    assert 'drawn_by = "name"' in Path("page", "study.toml").read_text(encoding="utf-8")
    assert "same queries" not in result.output
    assert evidense("replay", "page").exit_code == 0
