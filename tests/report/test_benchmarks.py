"""Scores on benchmarks: which findings give one, and the record of those that speak of one model on one dataset."""

from types import SimpleNamespace

import jsonschema
import pytest

from evidense.auditing.public_records.forms import BENCHMARK_FORM, schema_of
from evidense.checking.aggregate import CheckedStatement
from evidense.report.ask.benchmarks import benchmark_records, benchmark_scores
from evidense.report.ask.told import AskedFinding, AskedWork
from evidense.searching.hits import Hit
from evidense.values import Passage, Span, Work


def finding(text: str, source: str = "a") -> AskedFinding:
    return AskedFinding(Passage(source, Span(0, len(text), text)), (), CheckedStatement(text, "SUPPORTED", id=source))


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("BERT-large reaches an accuracy of 93.2% on SQuAD.", 93.2), ("BERT-large improves accuracy by 3% on SQuAD.", None),
        ("BERT-large and RoBERTa reach an accuracy of 93% on SQuAD.", None), ("BERT-large reaches 93% on SQuAD.", None),
        ("BERT-large reaches an accuracy of more than 93% on SQuAD.", None), ("BERT-large reaches an accuracy of 93 on SQuAD.", None),
    ],
)  # fmt: skip
def test_a_score_is_one_percentage_of_one_model_on_one_dataset_by_one_metric(text: str, score: float | None) -> None:
    assert [one.score for one in benchmark_scores([finding(text)])] == ([] if score is None else [score])


def test_scores_of_several_sources_make_one_record_of_its_form() -> None:
    texts = {
        "a": "BERT-large reaches an accuracy of 93.2% on SQuAD.",
        "b": "On SQuAD, BERT-large has an accuracy of 91.2%.",
    }
    works = [Work("x", {"doi": f"10.5555/{key}"}, f"On {key}", ("A",), 2020) for key in texts]
    asked = tuple(
        AskedWork(Hit(key, work, (work,), ("published",)), key, "abstract")
        for key, work in zip(texts, works, strict=True)
    )
    told = SimpleNamespace(
        question="Q?", works=asked, findings=tuple(finding(text, key) for key, text in texts.items())
    )
    ((name, record),) = benchmark_records(told).items()  # type: ignore[arg-type]
    assert name.startswith("benchmark_evidence/01-bert-large-squad")
    jsonschema.Draft202012Validator(dict(schema_of(BENCHMARK_FORM))).validate(record)
    assert (round(record["spread_pp"], 6), record["severity"], record["source_coverage"]["coverage_level"]) == (
        2.0,
        "MEDIUM",
        "NARROW",
    )
    assert record["reported_range"] == {"min_score_pct": 91.2, "max_score_pct": 93.2}
