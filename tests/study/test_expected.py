"""[[expected]]: a page sets measured values beside published ones, here CLIP's on 500 pairs of COCO; what cannot be expected is refused."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense.errors import InvalidInput
from evidense.report.comparison.expected import expected_lines
from evidense.report.contents import Contents
from evidense.store import Store
from evidense.study.files.toml import read_study, study_from
from evidense.study.run import RunOptions, run_study

PUBLISHED = 0.552
"""Image → text R@1 of CLIP ViT-B/32 on these pairs, known with the features."""


@pytest.fixture
def keys(shared_data: Path, tmp_path: Path) -> dict[str, Any]:
    """Keys of a study of CLIP's features, against those of random weights, on 500 pairs."""
    for name in ("clip", "clip_random"):
        images, texts = np.load(shared_data / "clip_features" / f"{name}.npy")
        for side, vectors in (("queries", images), ("documents", texts)):
            (tmp_path / name).mkdir(exist_ok=True)
            np.save(tmp_path / name / f"{side}.npy", vectors)
            (tmp_path / name / f"{side}.ids.txt").write_text("".join(f"{side[0]}{n}\n" for n in range(len(vectors))))
    (tmp_path / "pairs.qrels").write_text("".join(f"q{n} 0 d{n} 1\n" for n in range(500)))
    return {
        "name": "anchor", "question": "?", "collections": [f"trec:{tmp_path / 'pairs.qrels'}"], "measures": ["Success@1"], "n_resamples": 999,
        "systems": [f"{tmp_path / 'clip_random'}@label=random", f"{tmp_path / 'clip'}@label=CLIP"],
        "expected": [_expected(tmp_path, value) for value in (PUBLISHED, 0.9)],
    }  # fmt: skip


def _expected(folder: Path, value: float) -> dict[str, Any]:
    return {"system": "CLIP", "collection": f"trec:{folder / 'pairs.qrels'}", "values": {"Success@1": value}, "source": "a table"}  # fmt: skip


def test_a_known_value_of_clip_is_measured_again_and_another_one_is_not(keys: dict[str, Any], tmp_path: Path) -> None:
    result = run_study(study_from(keys, "keys"), Store(tmp_path / "store"), RunOptions(out=tmp_path / "page"))
    known, wrong = expected_lines(Contents.of(result.study, result.records))
    assert (known.measured, known.difference, known.verdict) == (".552", ".000", "inside")
    assert (wrong.published, wrong.difference, wrong.verdict) == (".900", "−.348", "outside")
    page = unescape(re.sub(r"<[^>]+>", " ", (tmp_path / "page" / "report.html").read_text(encoding="utf-8")))
    assert "Beside published values" in page
    assert known.interval in page
    assert read_study(tmp_path / "page" / "study.toml").id == result.study.id


def test_a_sample_is_not_set_beside_the_whole(keys: dict[str, Any], tmp_path: Path) -> None:
    keys |= {"sample_queries": 50, "sample_documents": 100}
    result = run_study(study_from(keys, "keys"), Store(tmp_path / "store"), RunOptions())
    lines = expected_lines(Contents.of(result.study, result.records))
    assert {(line.verdict, line.note) for line in lines} == {("", "only a sample of it was searched: not comparable")}


def test_all_that_cannot_be_expected_is_refused_at_once() -> None:
    table = {
        "system": "CLIB",
        "collection": "a.csv",
        "values": {"R@5": 45.9, "nDCG@10": 61.0, "nDGC@10": 0.1},
        "source": " ",
    }
    keys = {
        "name": "s",
        "question": "?",
        "systems": ["bm25", "x@label=CLIP"],
        "collections": ["b.csv"],
        "expected": [table],
    }
    with pytest.raises(InvalidInput) as refusal:
        study_from(keys, "keys")
    refused = (
        "'CLIB'",
        "'CLIP'",
        "'a.csv'",
        "no source",
        "R@5 is expected, which",
        "divide percents by 100",
        "nDGC@10",
    )
    for part in refused:
        assert part in str(refusal.value), part
