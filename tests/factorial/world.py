"""A small world of words: each topic has words that documents use and words that questions use; a document is about two topics."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from evidense.records import Study
from evidense.study.files.toml import study_from

N_TOPICS = 60


def write_world(path: Path, *, n_train: int = 800, n_test: int = 120, seed: int = 0) -> Path:
    """Write pairs; one document in two names its topics in the words of questions, too: what pre-training can find out without labels."""
    rng = np.random.default_rng(seed)
    combinations = rng.permutation([(a, b) for a in range(N_TOPICS) for b in range(a)])[: n_train + n_test]
    rows = [["query", "document", "split"]]
    for row, (a, b) in enumerate(combinations):
        question = [_word("ask", a, rng), _word("ask", b, rng), _word("ask", a, rng), _noise(rng)]
        document = [*(_word("tell", t, rng) for t in (a, b) for _ in range(5)), *(_noise(rng) for _ in range(4))]
        if row < n_train and rng.random() < 0.5:
            document += [_word("ask", a, rng), _word("ask", b, rng)]
        rows.append([" ".join(question), " ".join(rng.permutation(document)), "train" if row < n_train else "test"])
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def _word(kind: str, topic: int, rng: np.random.Generator) -> str:
    return f"{kind}{topic}x{rng.integers(0, 4)}"


def _noise(rng: np.random.Generator) -> str:
    return f"noise{rng.integers(0, 200)}"


def study_of(path: Path, seeds: list[int], **factorial: Any) -> Study:
    """Return a factorial over the world of a file, small enough for seconds."""
    table = {
        "seeds": seeds,
        "controls": [],
        "backbone": {"text": {"kind": "static", "vocabulary": 2000}, "n_dims": 48},
        "pretraining": {
            "objective": "crop", "data": [f"{path}:items@train"], "pairs": 12800, "batch_size": 64, "learning_rate": 0.02,
        },
        "finetuning": {
            "objective": "infonce", "data": [f"{path}@train"], "n_pairs": 150, "pairs": 3200, "batch_size": 32, "learning_rate": 0.02,
        },
        "roles": {f"{path}@test": "in-domain"},
        **factorial,
    }  # fmt: skip
    return study_from(
        {"name": "world", "question": "what adds?", "collections": [f"{path}@test"], "n_resamples": 2000, "factorial": table},
        "world",
    )  # fmt: skip


def smallest_study(folder: Path) -> Study:
    """Return a factorial of one seed over 130 pairs, ten steps a stage; its file is written into the folder."""
    world = write_world(folder / "world.csv", n_train=100, n_test=30)
    stage = {"pairs": 320, "batch_size": 32, "learning_rate": 0.02}
    return study_of(
        world,
        [0],
        pretraining={"objective": "crop", "data": [f"{world}:items@train"], **stage},
        finetuning={"objective": "infonce", "data": [f"{world}@train"], **stage},
    )
