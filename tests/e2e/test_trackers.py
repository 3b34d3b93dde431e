"""A real training with sentence-transformers' trainer: MLflow, W&B and TensorBoard get the numbers of the evaluator, each by its own callback.

They work without a network here: MLflow's database is a file, W&B is offline, TensorBoard writes a folder. None is part of the extras for tests
(`pip install mlflow wandb tensorboard` runs these tests).
"""

import importlib
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import evidense as ev

Logged = dict[str, dict[int, float]]
"""Metric → step → value."""


def of_mlflow(folder: Path) -> Logged:
    tracking = pytest.importorskip("mlflow.tracking")
    client = tracking.MlflowClient(f"sqlite:///{folder}/ml.db")
    (run,) = [r for e in client.search_experiments() for r in client.search_runs([e.experiment_id])]
    return {
        name.removeprefix("eval_"): {m.step: m.value for m in client.get_metric_history(run.info.run_id, name)}
        for name in run.data.metrics
        if name.startswith("eval_evidense")
    }


def of_wandb(folder: Path) -> Logged:
    messages = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    logged: Logged = {}
    for data in _wandb_records(path.read_bytes()):
        record = messages.Record()
        record.ParseFromString(data)
        if record.WhichOneof("record_type") == "history":
            row = {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
            for name in (key for key in row if key.startswith("eval/evidense")):
                logged.setdefault(name.removeprefix("eval/"), {})[row["train/global_step"]] = row[name]
    return logged


def _wandb_records(data: bytes) -> Iterator[bytes]:
    """Yield the records of a file of W&B: a head of 7 bytes, then LevelDB's log in blocks of 32 KiB."""
    place, record = 7, b""
    while place + 7 <= len(data):
        room = 32_768 - place % 32_768
        if room < 7:
            place += room
            continue
        length, kind = struct.unpack("<HB", data[place + 4 : place + 7])
        record += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield record
            record = b""


def of_tensorboard(folder: Path) -> Logged:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    logged: Logged = {}
    for path in folder.rglob("events.out.tfevents.*"):
        events = accumulator.EventAccumulator(str(path)).Reload()
        for tag in (tag for tag in events.Tags()["scalars"] if tag.startswith("eval/evidense")):
            logged[tag.removeprefix("eval/")] = {event.step: event.value for event in events.Scalars(tag)}
    return logged


TRACKERS = {"mlflow": of_mlflow, "wandb": of_wandb, "tensorboard": of_tensorboard}


def small_model(texts: list[str]) -> Any:
    """Return one vector a word, which is trained."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = dict.fromkeys(word for text in texts for word in text.split())
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(["[UNK]", *words])}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)], device="cpu")


@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_tracker_gets_the_numbers_of_the_evaluator(
    tracker: str, tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in (tracker, "sentence_transformers", "datasets", "accelerate"):
        pytest.importorskip(library)
    read: Callable[[Path], Logged] = TRACKERS[tracker]
    monkeypatch.chdir(tmp_path)
    settings = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/ml.db", "WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path),
        "WANDB_SILENT": "true", "TENSORBOARD_LOGGING_DIR": str(tmp_path / "events"),
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    texts = [(f"word{n} of the query", f"the document that word{n} means") for n in range(40)]
    rows = "".join(f"{query},{document}\n" for query, document in texts)
    Path("shop.csv").write_text(f"search,title\n{rows}", encoding="utf-8")

    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    from datasets import Dataset

    model = small_model([text for pair in texts for text in pair])
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            output_dir="out", max_steps=4, per_device_train_batch_size=8, eval_strategy="steps", eval_steps=2,
            learning_rate=0.1, report_to=[tracker], save_strategy="no", use_cpu=True,
        ),
        train_dataset=Dataset.from_dict({"anchor": [q for q, _ in texts], "positive": [d for _, d in texts]}),
        loss=MultipleNegativesRankingLoss(model),
        evaluator=ev.evaluator("shop.csv:search->title", out=Path("page"), measures=["nDCG@10", "R@5"], n_resamples=999),
    )  # fmt: skip
    trainer.train()
    if tracker == "wandb":
        importlib.import_module("wandb").teardown()  # ends the process that writes the file

    stems = [f"evidense_shop.csv_search_title_{m}{d}" for m in ("nDCG_10", "R_5") for d in ("", "_difference")]
    logged = read(tmp_path)
    assert set(logged) == {f"{stem}{end}" for stem in stems for end in ("", "_low", "_high")}
    history = {row["step"]: row for row in trainer.state.log_history if f"eval_{stems[0]}" in row}
    assert set(history) == {2, 4}
    for name, by_step in logged.items():
        assert by_step == pytest.approx({step: row[f"eval_{name}"] for step, row in history.items()}, rel=1e-6), name
    (verdict,) = json.loads(Path("page/verdicts.json").read_text(encoding="utf-8"))
    at = f"{stems[0]}_difference"
    last = [logged[name][4] for name in (at, f"{at}_low", f"{at}_high")]
    assert last == pytest.approx([verdict["effect"], verdict["low"], verdict["high"]], rel=1e-6)
    assert last[0] > 0, "it has learnt"
