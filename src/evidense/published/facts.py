"""Published numbers that ship with the package: one curve over layers per model, data set, pooling and N."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby

import numpy as np
from jaxtyping import Float, Int

from evidense.errors import UnknownName


@dataclass(frozen=True)
class DataSet:
    """Facts on the examples behind the numbers."""

    name: str
    title: str
    n_questions: int
    """Number of questions that the examples come from. This is the number of clusters if all examples of a question are alike."""
    source: str
    """Source of the number of questions, and how sure it is."""


@dataclass(frozen=True)
class PublishedCurve:
    """Numbers of right answers of the probes of one model, one per layer. Layer 0 (embeddings) comes first."""

    dataset: str
    pooling: str
    model: str
    n_passages: int
    n_eval: int
    correct: tuple[int, ...]
    starred: tuple[bool, ...]

    @property
    def accuracy(self) -> Float[np.ndarray, " l"]:
        """Return the share of right answers at each layer."""
        return np.array(self.correct) / self.n_eval

    @property
    def chance(self) -> float:
        """Return the accuracy of guessing: 1 / N."""
        return 1 / self.n_passages

    @property
    def n_layers(self) -> int:
        """Return the number of layers, including the embeddings."""
        return len(self.correct)

    @property
    def stars(self) -> Int[np.ndarray, " k"]:
        """Return the layers that the study reports as significantly different from the backbone."""
        return np.flatnonzero(self.starred)


@dataclass(frozen=True)
class Published:
    """The numbers of a published study."""

    name: str
    title: str
    citation: str
    provenance: str
    datasets: tuple[DataSet, ...]
    curves: tuple[PublishedCurve, ...]

    def dataset(self, name: str) -> DataSet:
        """Return a data set by name."""
        return next(d for d in self.datasets if d.name == name)

    def groups(self) -> Iterator[tuple[PublishedCurve, ...]]:
        """Yield the curves that share data set, pooling and N. The backbone comes first, then its tuned models."""
        for _, curves in groupby(self.curves, key=lambda c: (c.dataset, c.pooling, c.n_passages)):
            yield tuple(sorted(curves, key=lambda c: c.model not in BACKBONES))


BACKBONES = ("bert-base-uncased", "llama")

_YAO = Published(
    "yao2025",
    "Pre-training vs. Fine-tuning: A Reproducibility Study on Dense Retrieval Knowledge Acquisition",
    "Yao, Wang and Zuccon, SIGIR 2025 (arXiv 2505.07166), reproducing Reichman and Heck, Findings of EMNLP 2024",
    "read from the vertices of the lines in the authors' vector figures; all are whole numbers of right answers among 54,414 and 10,448 examples",
    (
        DataSet("nq", "Natural Questions", 6515, "questions of DPR's development set, by the DPR paper; not verified here"),
        DataSet("msmarco", "MS MARCO v1.1", 9650, "queries of the test split, by its card; that it is the test split is inferred"),
    ),
    (),
)  # fmt: skip
_KNOWN = {"yao2025": _YAO}


@cache
def read(name: str) -> Published:
    """Return the numbers of a published study.

    Raises:
        UnknownName: no study of this name ships. The message names the nearest.

    >>> study = read("yao2025")
    >>> len(study.curves), sum(c.n_layers for c in study.curves), study.curves[0].correct[0]
    (64, 1152, 27257)
    """
    if name not in _KNOWN:
        raise UnknownName.among("published study", name, _KNOWN)
    text = (resources.files("evidense.published") / f"{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    rows_of_curve: dict[tuple[str, str, str, int], list[dict[str, str]]] = {}
    for row in rows:
        rows_of_curve.setdefault((row["dataset"], row["pooling"], row["model"], int(row["n_passages"])), []).append(row)
    order = sorted(rows_of_curve, key=lambda k: (k[0] != "nq", ("cls", "mean", "eos").index(k[1]), k[3]))
    known = _KNOWN[name]
    return Published(
        known.name,
        known.title,
        known.citation,
        known.provenance,
        known.datasets,
        tuple(_curve(k, rows_of_curve[k]) for k in order),
    )


def names() -> tuple[str, ...]:
    """Return the names of the published studies that ship."""
    return tuple(_KNOWN)


def _curve(key: tuple[str, str, str, int], rows: list[dict[str, str]]) -> PublishedCurve:
    rows = sorted(rows, key=lambda r: int(r["layer"]))
    return PublishedCurve(
        *key,
        n_eval=int(rows[0]["n_eval"]),
        correct=tuple(int(r["correct"]) for r in rows),
        starred=tuple(r["starred"] == "1" for r in rows),
    )
