"""`score` and the page of `compare` answer one question with one number: the mean of a run, with its interval."""

import csv
from pathlib import Path

import numpy as np
import pytest

import evidense as ev
from evidense.boundary.numerals import interval, plain
from evidense.records import Finding

N = 60


@pytest.fixture
def runs(tmp_path: Path, own_store: Path) -> Path:
    """Two runs whose relevant document lies at a random rank, and queries that share relevant documents."""
    rng = np.random.default_rng(3)
    for name in ("a.trec", "b.trec"):
        lines = []
        for q in range(N):
            documents = rng.permutation(N)[:20]
            lines += [f"q{q} Q0 d{d} {rank} {20 - rank} x\n" for rank, d in enumerate(documents)]
        (tmp_path / name).write_text("".join(lines))
    judged = "".join(f"q{q} 0 d{d} 1\n" for q in range(N) for d in {q, (q + 1) % N, q // 3})
    (tmp_path / "qrels.txt").write_text(judged)
    return tmp_path


def test_score_gives_the_means_and_intervals_of_the_page(runs: Path, evidense) -> None:
    result = ev.compare(runs / "a.trec", runs / "b.trec", qrels=runs / "qrels.txt", measures=["nDCG@10", "R@5"])
    found = {
        (record.site["system"], record.site["measure"]): (record.value, record.low, record.high)
        for record in result.records
        if isinstance(record, Finding) and record.estimand == "mean" and "measure" in record.site
    }
    for name in ("a.trec", "b.trec"):
        scored = ev.score(str(runs / name), str(runs / "qrels.txt"), ["nDCG@10,R@5"])
        assert [row.measure for row in scored] == ["nDCG@10", "R@5"]
        for row in scored:
            assert (row.mean, row.low, row.high) == found[name, row.measure]
            assert 0 < row.low < row.mean < row.high < 1
            assert list(row.per_query) == [f"q{q}" for q in range(N)]
    printed = evidense("score", runs / "a.trec", runs / "qrels.txt", "nDCG@10").stdout
    mean, low, high = found["a.trec", "nDCG@10"]
    assert printed == f"nDCG@10  {plain(mean)} {interval(low, high, sign=False)}  {N} queries\n"
    rows = evidense("score", runs / "a.trec", runs / "qrels.txt", "nDCG@10", "--per-query").stdout.splitlines()
    assert float(np.mean([float(row[2]) for row in csv.reader(rows, delimiter="\t")])) == pytest.approx(mean, abs=1e-6)
