"""From Python: functions as systems, a data frame, a notebook table, an evaluator in training."""

import hashlib

import numpy as np
import pytest

import evidense as ev


@pytest.fixture(scope="module")
def few_csv(first_lines):
    return first_lines(291)


def words(texts):
    """Hash words into 512 dimensions: a real, if humble, encoder."""
    out = np.zeros((len(texts), 512), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            out[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % 512] += 1
    return out / np.maximum(1e-9, np.linalg.norm(out, axis=1, keepdims=True))


def letters(texts):
    """Count letters: worse than words."""
    out = np.array([[text.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for text in texts], dtype=np.float32)
    return out / np.maximum(1e-9, np.linalg.norm(out, axis=1, keepdims=True))


def test_functions_can_be_compared_as_systems(few_csv):
    result = ev.compare(words, letters, on=str(few_csv))
    assert result.verdicts[0].verdict == "HARMS"
    assert "HARMS" in result._repr_html_()
    assert "HARMS" in str(result)
    assert repr(result).endswith(": 1 HARMS>")
    (verdict,) = result.verdicts
    assert repr(verdict).startswith("<HARMS python:letters on pairs.csv: −.")
    assert max(len(repr(record)) for record in (result, *result.verdicts, *result.findings)) < 160
    frame = result.to_frame()
    assert list(frame.columns[:8]) == [
        "verdict", "system", "baseline", "collection", "measure", "base_mean", "system_mean", "effect",
    ]  # fmt: skip
    assert (
        frame.iloc[0].to_dict()["system_mean"] == verdict.system_mean < verdict.base_mean == frame.iloc[0]["base_mean"]
    )
    assert list(frame["system"]) == [verdict.system]


def test_who_works_can_be_said_and_changes_nothing(few_csv, tmp_path, monkeypatch):
    ids = []
    for name, settings in {"a": {}, "b": {"workers": 0}, "c": {"workers": 2}, "d": {"runner": "local"}}.items():
        monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / name))
        result = ev.compare("bm25", "char_ngrams", on=str(few_csv), sample_queries=40, n_resamples=999, **settings)
        ids.append([record.id for record in result.records])
    assert ids[1:] == ids[:1] * 3
    assert ev.run(result.study, workers=0).records[-1].id == ids[0][-1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"workers": -1}, "workers is -1; expected a number of processes"),
        ({"workers": "2"}, "workers is '2'; expected a number of processes"),
        ({"runner": "rya"}, "unknown runner 'rya': did you mean 'ray'"),
        ({"worker": 2}, "unknown setting 'worker': did you mean 'workers'"),
    ],
)
def test_who_works_is_checked_before_anything_is_opened(settings, words):
    with pytest.raises(ev.EvidenseError, match=words):
        ev.compare("bm25", "char_ngrams", on="absent.csv", **settings)
    with pytest.raises(ev.EvidenseError, match=words):
        ev.run("demo", **settings)


def test_two_functions_of_the_same_name_are_two_systems(few_csv):
    result = ev.compare(lambda texts: words(texts), lambda texts: letters(texts), on=str(few_csv))
    assert result.verdicts[0].verdict == "HARMS"


class Words:
    """What an evaluator asks of a model; `embed` changes as weights do."""

    def __init__(self):
        self.embed = words

    def encode_query(self, texts, **_):
        return self.embed(texts)

    encode_document = encode_query


def test_an_evaluator_logs_each_measure_with_its_interval(few_csv):
    evaluation = pytest.importorskip("sentence_transformers.sentence_transformer.evaluation")
    model, evaluator = Words(), ev.evaluator(str(few_csv))
    assert isinstance(evaluator, evaluation.SentenceEvaluator)
    first = evaluator(model, steps=0)
    assert first["evidense_pairs.csv_nDCG_10_difference"] == 0
    model.embed = letters
    later = evaluator(model, steps=10)
    measures = [f"evidense_pairs.csv_{measure}" for measure in ("nDCG_10", "RR_10", "R_100", "Judged_10")]
    ends = [f"{part}{end}" for part in ("", "_difference") for end in ("", "_low", "_high")]
    assert set(later) == set(first) == {measure + end for measure in measures for end in ends}
    name = evaluator.primary_metric
    assert later[f"{name}_low"] < later[name] < later[f"{name}_high"] < first[name]
    assert later[f"{name}_difference_high"] < 0
    assert evaluator.result.verdicts[0].verdict == "HARMS"


def test_an_evaluator_with_a_folder_keeps_a_page_of_all_checkpoints(few_csv, tmp_path):
    pytest.importorskip("sentence_transformers.sentence_transformer.evaluation")
    out = tmp_path / "training"
    model, evaluator = (
        Words(),
        ev.evaluator(str(few_csv), out=out, n_resamples=999, sample_queries=60, sample_documents=100),
    )
    evaluator(model, steps=0)
    assert not out.exists(), "there is nothing to compare the start with"
    evaluator(model, steps=10)
    model.embed = letters
    evaluator(model, steps=20)
    again = evaluator(model, steps=20)
    last = evaluator(model)
    name = evaluator.primary_metric
    page = (out / "report.html").read_text(encoding="utf-8")
    assert [v.system for v in evaluator.result.verdicts] == ["step-10", "step-20", "model"]
    assert "HARMS, against start, is decided since step 20." in page
    assert "possible ranks" in page
    assert last[name] == pytest.approx(again[name])
    assert f"{evaluator.result.verdicts[-1].low}" in (out / "verdicts.json").read_text(encoding="utf-8")
