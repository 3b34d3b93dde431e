"""Run the published probe on every layer of an encoder: trained as published and to convergence, judged on held-out folds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64, Int64

from evidense.dissection.probes.cross_fit import LAMBDAS
from evidense.dissection.probes.features import PairStates, cosines
from evidense.dissection.probes.scores import credit
from evidense.dissection.probes.task import ProbingTask
from evidense.dissection.published_probe.fit import TWINS, PublishedRecipe, SlotDraws, converge, train
from evidense.parts import Case
from evidense.records import Json

Cell = tuple[str, str, int]
"""Probe, control, N."""


@dataclass(frozen=True)
class PublishedRun:
    """What all layers and encoders share: the draws of slots and the test folds."""

    probing: ProbingTask
    counts: tuple[int, ...]
    recipe: PublishedRecipe
    draws: SlotDraws
    test_folds: tuple[int, ...]
    converged: tuple[int, ...]
    solved: dict[tuple[str, str, int, int], dict[str, Json]] = field(default_factory=dict)
    """(probe, control, N, layer) → λ and ‖g‖∞ of the converged probes of the encoder that ran last."""

    @classmethod
    def of(cls, case: Case, probing: ProbingTask) -> "PublishedRun":
        """Read the options and draw the slots once."""
        o = case.options
        counts = tuple(sorted({int(n) for n in o["n_candidates"]}))
        recipe = PublishedRecipe(float(o["learning_rate"]), int(o["batch_size"]), int(o["n_epochs"]))
        draws = SlotDraws.of(len(probing.queries), counts, probing.n_candidates, recipe)
        folds = tuple(int(f) for f in np.unique(probing.task.folds)[: int(o["n_test_folds"])])
        return cls(probing, counts, recipe, draws, folds, tuple(int(n) for n in o["converged"] if int(n) in counts))

    @property
    def rows(self) -> Int64[np.ndarray, " m"]:
        """Return the test queries, fold by fold."""
        return np.concatenate([np.flatnonzero(self.probing.task.folds == fold) for fold in self.test_folds])

    @property
    def clusters(self) -> Int64[np.ndarray, " m"]:
        """Return the clusters of the test queries."""
        labels: Int64[np.ndarray, " m"] = self.probing.task.clusters[self.rows]
        return labels


def run_layers(
    queries: Float32[np.ndarray, "l n a"], documents: Float32[np.ndarray, "l d e"], run: PublishedRun
) -> dict[Cell, list[Float64[np.ndarray, " m"]]]:
    """Return for every probe, control and N, layer by layer, which test queries it gets right."""
    run.solved.clear()
    out: dict[Cell, list[Float64[np.ndarray, " m"]]] = defaultdict(list)
    for layer, (q, d) in enumerate(zip(queries, documents, strict=True)):
        pairs = PairStates(np.asarray(q, np.float32), np.asarray(d, np.float32), run.probing.places)
        cells: dict[Cell, list[Float64[np.ndarray, " m"]]] = defaultdict(list)
        for fold in run.test_folds:
            _one_fold(pairs, fold, run, cells)
            _converged(pairs, (fold, layer), run, cells)
        if pairs.same_space:
            scores = cosines(pairs)[run.rows]
            for n in run.counts:
                taken = np.take_along_axis(scores, run.draws.test[n][run.rows], 1)
                slot = (run.draws.test[n][run.rows] == 0).argmax(axis=1)
                cells["cosine", "none", n].append(credit(taken, slot))
        for cell, parts in cells.items():
            out[cell].append(np.concatenate(parts))
    return dict(out)


def _one_fold(
    pairs: PairStates, fold: int, run: PublishedRun, cells: dict[Cell, list[Float64[np.ndarray, " m"]]]
) -> None:
    trained = train(pairs, run.probing.task.folds != fold, run.draws, run.recipe)
    for (n, twin), right in trained.right.items():
        cells["published", twin, n].append(right)


def _converged(
    pairs: PairStates, where: tuple[int, int], run: PublishedRun, cells: dict[Cell, list[Float64[np.ndarray, " m"]]]
) -> None:
    fold, layer = where
    for n in run.converged:
        for twin in TWINS:
            converged = converge(pairs, run.probing.task.folds != fold, run.draws.test[n], twin, LAMBDAS)
            cells["published converged", twin, n].append(converged.right)
            solved = run.solved.setdefault(("published converged", twin, n, layer), {"lambdas": [], "gradient": 0.0})
            solved["lambdas"].append(converged.penalty)
            solved["gradient"] = max(float(converged.solved.gradient[0]), solved["gradient"])
            if not converged.solved.converged.all():
                solved["reason"] = f"the probe did not converge: ‖g‖∞ is {solved['gradient']:.2g}"


def label_frequencies(n_examples: int, counts: Sequence[int] = (2, 3, 4, 5)) -> dict[int, list[int]]:
    """Return how often the positive is in each slot of the published test draw.

    >>> label_frequencies(10_448)[2]  # MS MARCO
    [5204, 5244]
    """
    draws = SlotDraws.of(n_examples, counts, 5, PublishedRecipe(n_epochs=0)).test
    return {n: np.bincount((draw == 0).argmax(axis=1), minlength=n).tolist() for n, draw in draws.items()}
