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
    assert "HARMS" in repr(result)
    assert list(result.to_frame()["system"]) == [result.verdicts[0].system]


def test_two_functions_of_the_same_name_are_two_systems(few_csv):
    result = ev.compare(lambda texts: words(texts), lambda texts: letters(texts), on=str(few_csv))
    assert result.verdicts[0].verdict == "HARMS"


def test_an_evaluator_logs_each_measure_with_its_interval(few_csv):
    evaluation = pytest.importorskip("sentence_transformers.sentence_transformer.evaluation")
    import torch

    class Words(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = words

        def encode_query(self, texts, **_):
            return self.embed(texts)

        encode_document = encode_query

    model, evaluator = Words(), ev.evaluator(str(few_csv))
    assert isinstance(evaluator, evaluation.SentenceEvaluator)
    first = evaluator(model, steps=0)
    assert first["evidense_pairs.csv_nDCG@10_difference"] == 0
    model.embed = letters
    later = evaluator(model, steps=10)
    name = evaluator.primary_metric
    assert later[f"{name}_low"] < later[name] < later[f"{name}_high"] < first[name]
    assert later[f"{name}_difference_high"] < 0
    assert evaluator.result.verdicts[0].verdict == "HARMS"
