"""What other programs read is what the records say, unrounded."""

import csv
import json
from importlib import resources
from pathlib import Path

import ir_measures
import jsonschema
import numpy as np
import pytest

from evidense.records import Finding, Ranking, Score, Verdict, from_json
from evidense.report.comparison.exports import run_name
from report.sample import Sample


def loaded(folder: Path, name: str):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_verdicts_keep_the_published_schema_and_every_digit(sample: Sample, folder: Path) -> None:
    rows = loaded(folder, "verdicts.json")
    schema = json.loads((resources.files("evidense.report") / "verdicts.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(rows)
    by_id = {r.id: r for r in sample.records if isinstance(r, Verdict)}
    assert {row["id"] for row in rows} == set(by_id)
    for row in rows:
        v = by_id[row["id"]]
        assert all(
            row[k] == getattr(v, k) for k in ("effect", "low", "high", "base_mean", "system_mean", "verdict", "n")
        )
        assert set(row["values"]) == {"char_ngrams", "bm25", "python:stems", "python:initials", "letters"}
        assert row["values"][v.system]["mean"] == v.system_mean
        assert row["values"]["char_ngrams"]["low"] < v.base_mean < row["values"]["char_ngrams"]["high"]


def test_a_broken_row_breaks_the_schema(folder: Path) -> None:
    schema = json.loads((resources.files("evidense.report") / "verdicts.schema.json").read_text(encoding="utf-8"))
    rows = loaded(folder, "verdicts.json")
    del rows[0]["low"]
    with pytest.raises(jsonschema.ValidationError, match="low"):
        jsonschema.Draft202012Validator(schema).validate(rows)


def test_scores_hold_every_query_of_every_system(sample: Sample, folder: Path) -> None:
    with (folder / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for s in (r for r in sample.records if isinstance(r, Score)):
        found = [float(r[s.measure]) for r in rows if (r["system"], r["collection"]) == (s.system, s.collection)]
        assert found == sample.store.array(s.values).tolist()


def test_metrics_are_flat_numbers(sample: Sample, folder: Path) -> None:
    flat = loaded(folder, "metrics.json")
    assert all(isinstance(v, int | float) for v in flat.values())
    mean = next(r for r in sample.records if isinstance(r, Finding) and r.estimand == "mean")
    assert flat["docstrings/network/char_ngrams/nDCG@10"] == mean.value
    assert flat["gate/no-harm/python:initials"] == 0.0


def test_trec_eval_reads_the_runs_and_finds_our_values(sample: Sample, folder: Path) -> None:
    runs = sorted((folder / "runs").glob("*.trec"))
    assert len(runs) == 3 * 5
    measure = ir_measures.parse_measure("nDCG@10")
    for ranking in (r for r in sample.records if isinstance(r, Ranking)):
        (path,) = [p for p in runs if p.name == run_name(ranking)]
        collection = next(c for c in sample.collections if c.name == ranking.collection["name"])
        run = list(ir_measures.read_trec_run(str(path)))
        qrels = [ir_measures.Qrel(q, d, g) for q, gains in collection.qrels.items() for d, g in gains.items()]
        found = {m.query_id: m.value for m in measure.iter_calc(qrels, run)}
        score = next(
            s for s in sample.records if isinstance(s, Score) and s.parents == (ranking.id,) and s.measure == "nDCG@10"
        )
        ours = dict(zip(collection.query_ids, sample.store.array(score.values).tolist(), strict=True))
        assert np.max(np.abs([found[q] - ours[q] for q in ours])) < 1e-9


def test_every_record_can_be_read_back_with_its_id(sample: Sample, folder: Path) -> None:
    held = loaded(folder, "page.json")
    assert held["study"] == sample.study.id
    assert [from_json(r).id for r in held["records"]] == [r.id for r in sample.records]


def test_tables_hold_every_verdict(sample: Sample, folder: Path) -> None:
    tex, md = ((folder / name).read_text(encoding="utf-8") for name in ("table.tex", "table.md"))
    for v in (r for r in sample.records if isinstance(r, Verdict)):
        assert v.verdict in tex
        assert f"| {v.verdict} | {v.system} | {v.collection} |" in md
    assert tex.count(r"\\") == 1 + 9 + 3
    assert "Gate: **FAIL**" in md
