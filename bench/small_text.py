"""A 4-layer text encoder of 256 d with random weights, and pairs of 8 and 48 words: what the training jobs train."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.texts import MODEL
from evidense.records import Recipe
from evidense.values import Item, Pairs

N_PAIRS, QUERY_WORDS, DOCUMENT_WORDS = 1_280, 8, 48
RATE, TEMPERATURE = 1e-4, 0.05


def make(folder: Path) -> None:
    """Save the encoder in the form that sentence-transformers and Evidense both open; dropout as BERT has it."""
    import torch
    from sentence_transformers import SentenceTransformer, models
    from transformers import AutoTokenizer, BertConfig, BertModel

    package, _, inside = MODEL.partition("/")
    from importlib import resources

    tokenizer = AutoTokenizer.from_pretrained(str(resources.files(package) / inside))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=1024
    )
    inner = folder / "inner"
    BertModel(config).save_pretrained(inner)
    tokenizer.save_pretrained(inner)
    body = models.Transformer(str(inner), max_seq_length=128)
    modules = [body, models.Pooling(256, pooling_mode="mean"), models.Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "small"))


def texts(n: int = N_PAIRS) -> tuple[list[str], list[str]]:
    """Return n queries and their documents: words that are one token each for MiniLM's tokeniser, mostly."""
    import re
    from pydoc_data.topics import topics

    rng = np.random.default_rng(0)
    words = np.array(sorted(set(re.findall(r"[a-z]{2,12}", " ".join(topics.values())))))
    made = [[" ".join(rng.choice(words, size)) for _ in range(n)] for size in (QUERY_WORDS, DOCUMENT_WORDS)]
    return made[0], made[1]


def pairs(n: int = N_PAIRS) -> Pairs:
    """Return the same as Pairs."""
    left, right = (
        [Item(f"{side}{i}", text) for i, text in enumerate(made)] for side, made in zip("qd", texts(n), strict=True)
    )
    return Pairs("bench", "exact", left, right, tuple(str(i) for i in range(n)))


def recipe(n_steps: int, batch_size: int, **more: Any) -> Recipe:
    """Return what both sides train: in-batch negatives, one learning rate, a linear schedule without warm-up."""
    return Recipe(objective="infonce", n_steps=n_steps, batch_size=batch_size, learning_rate=RATE, warmup=0.0, temperature=TEMPERATURE,
                  learn_temperature=False, weight_decay=0.0, **more)  # fmt: skip


def ours(folder: Path, n_steps: int, batch_size: int, **more: Any) -> list[float]:
    """Train with Evidense; return the CPU-seconds of each step but the first."""
    from evidense import registry
    from evidense.training.loop.trainer import Callbacks, Job, run
    from evidense.values import Spelling

    part, spelling = registry.system(Spelling(str(folder / "small")))
    moments: list[float] = []
    state = folder / f"state{time.time_ns()}"
    job = Job(
        part.open(spelling), registry.part("objectives", "infonce"), pairs(), recipe(n_steps, batch_size, **more), state
    )
    run(job, Callbacks(diagnostics=lambda _: moments.append(time.process_time())))
    return [float(step) for step in np.diff(moments)]


def theirs(
    folder: Path, n_steps: int, batch_size: int, loss_of: Callable[[Any], Any], *, bf16: bool = False
) -> list[float]:
    """Train with sentence-transformers' trainer; return the CPU-seconds of each step but the first."""
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from transformers import TrainerCallback

    from datasets import Dataset

    moments: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            moments.append(time.process_time())

    model = SentenceTransformer(str(folder / "small"), device="cpu")
    left, right = texts()
    settings = SentenceTransformerTrainingArguments(
        output_dir=str(folder / "theirs"), max_steps=n_steps, per_device_train_batch_size=batch_size, learning_rate=RATE, warmup_steps=0,
        save_strategy="no", logging_strategy="no", report_to="none", use_cpu=True, bf16=bf16, disable_tqdm=True, weight_decay=0.0,
    )  # fmt: skip
    data = Dataset.from_dict({"anchor": left, "positive": right})
    SentenceTransformerTrainer(
        model=model, args=settings, train_dataset=data, loss=loss_of(model), callbacks=[Clock()]
    ).train()
    return [float(step) for step in np.diff(moments)]
