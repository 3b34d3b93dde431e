"""Cross-fitted probes: every query is judged by a probe trained without it and its candidates; λ is chosen inside the training folds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from evidense.dissection.probes.scores import bits, credit
from evidense.dissection.solver.lbfgs import DEFAULT, Model, Solved, SolverSettings, minimise
from evidense.dissection.solver.linear_models import Linear
from evidense.dissection.solver.losses import Labels

LAMBDAS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
"""Values of λ in Σ loss + λ‖w‖²/2, on standardised features."""
FRACTIONS = (0.0625, 0.125, 0.25, 0.5)
"""Fractions of the training clusters for the learning curve; all of them make its last point."""

_INNER = 2  # folds that judge λ; all four give the same choice at twice the cost

Featured = Callable[[Bool[np.ndarray, " n"]], Float32[np.ndarray, "n c e"]]
"""Maps a mask of training rows to the features of all rows, centred and scaled by the training rows."""


@dataclass(frozen=True)
class CrossFitTask:
    """Probe targets: candidate 0 is the relevant document; a second target holds random labels (the selectivity control)."""

    folds: Int64[np.ndarray, " n"]
    clusters: Int64[np.ndarray, " n"]
    control: Int64[np.ndarray, " n"] | None = None
    """Labels of the control task, by a hash of query and document; None leaves it out."""
    seed: int = 0
    lambdas: tuple[float, ...] = LAMBDAS
    has_curve: bool = False
    settings: SolverSettings = DEFAULT


@dataclass(frozen=True)
class Convergence:
    """Evidence that the probes of all folds are minima."""

    lambdas: tuple[float, ...]
    """The chosen λ of each fold."""
    objective: float
    """Mean over folds, in nats."""
    gradient: float
    """Largest ‖g‖∞ over folds."""
    n_iterations: int
    """Largest number over folds."""
    converged: bool


@dataclass(frozen=True)
class ProbeOutcome:
    """Scores of every query's candidates by probes trained on other folds."""

    scores: Float32[np.ndarray, "n c"]
    convergence: Convergence | None = None
    """None if nothing was trained."""
    control: Float32[np.ndarray, "n c"] | None = None
    """Scores by the probe of the control task."""
    memorised: float | None = None
    """Training accuracy on the control task."""
    curve: tuple[tuple[int, float], ...] = ()
    """Learning curve: (number of training queries, held-out accuracy), means over folds."""
    calibrated: Float32[np.ndarray, "n c"] | None = None
    """Scores multiplied by a trained scale, for scores that were not trained themselves."""

    @property
    def bits(self) -> Float64[np.ndarray, " n"]:
        """Return the log-loss of each query, in bits."""
        return bits(self.scores if self.calibrated is None else self.calibrated)


def crossfit(featured: Featured, task: CrossFitTask) -> ProbeOutcome:
    """Train probes on the complement of each fold and score the fold with them.

    Source: methods as Cawley and Talbot 2010 (nested selection); Hewitt and Liang 2019 for the control task.
    """
    parts = [_one_fold(featured, task, fold) for fold in np.unique(task.folds)]
    shape = (len(task.folds), parts[0].scores.shape[1])
    scores, control = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for part in parts:
        scores[part.rows] = part.scores
        if part.control is not None:
            control[part.rows] = part.control
    convergence = Convergence(
        tuple(p.penalty for p in parts), float(np.mean([p.objective for p in parts])), max(p.gradient for p in parts),
        max(p.n_iterations for p in parts), all(p.converged for p in parts),
    )  # fmt: skip
    has_control = task.control is not None
    memorised = float(np.mean([p.memorised for p in parts])) if has_control else None
    return ProbeOutcome(scores, convergence, control if has_control else None, memorised, _curve(parts))


@dataclass(frozen=True)
class _Fold:
    rows: Int64[np.ndarray, " m"]
    scores: Float32[np.ndarray, "m c"]
    control: Float32[np.ndarray, "m c"] | None
    memorised: float
    curve: tuple[tuple[int, float], ...]
    penalty: float
    objective: float
    gradient: float
    n_iterations: int
    converged: bool


def _one_fold(featured: Featured, task: CrossFitTask, fold: int) -> _Fold:
    train = task.folds != fold
    x = featured(train)
    model, held = Linear(np.ascontiguousarray(x[train])), Linear(np.ascontiguousarray(x[~train]))
    penalty = choose_penalty(model, task, train)
    labels, sizes = _label_sets(task, train, penalty)
    solved = minimise(model, labels, settings=task.settings)
    scores = held.scores(solved.theta)
    curve = [(n, float(credit(scores[..., k]).mean())) for n, k in sizes]
    control, memorised = None, 0.0
    if task.control is not None:
        control = scores[..., 1]
        memorised = float(credit(model.scores(solved.theta[:, 1:2])[..., 0], task.control[train]).mean())
    return _Fold(
        np.flatnonzero(~train), scores[..., 0], control, memorised, tuple(curve), penalty, float(solved.objective[0]),
        float(solved.gradient.max()), int(solved.n_iterations.max()), bool(solved.converged.all()),
    )  # fmt: skip


def choose_penalty(model: Model, task: CrossFitTask, train: Bool[np.ndarray, " n"]) -> float:
    """Return the λ with the lowest loss on inner folds; each inner probe is trained without the fold that it is judged on."""
    if len(task.lambdas) == 1:
        return task.lambdas[0]
    inner = task.folds[train]
    names = np.unique(inner)[:_INNER]
    held = np.stack([inner == name for name in names for _ in task.lambdas], axis=1)
    labels = Labels(np.zeros(held.shape, np.int64), (~held).astype(np.float32), np.tile(task.lambdas, len(names)))
    scores = model.scores(minimise(model, labels, settings=SolverSettings(1e-3, task.settings.max_iterations)).theta)
    loss = np.array([bits(scores[held[:, k], :, k]).sum() for k in range(held.shape[1])])
    return task.lambdas[int(loss.reshape(len(names), -1).sum(axis=0).argmin())]


def _label_sets(
    task: CrossFitTask, train: Bool[np.ndarray, " n"], penalty: float
) -> tuple[Labels, list[tuple[int, int]]]:
    """Return labels of the task, the control task and the task on growing training sets; and (number of queries, column) of the last."""
    n = int(train.sum())
    right, weights = [np.zeros(n, np.int64)], [np.ones(n, np.float32)]
    if task.control is not None:
        right.append(task.control[train])
        weights.append(np.ones(n, np.float32))
    sizes = []
    for fraction in FRACTIONS if task.has_curve else ():
        is_taken = first_clusters(task.clusters[train], fraction, np.random.default_rng([task.seed, 31]))
        sizes.append((int(is_taken.sum()), len(right)))
        right.append(right[0])
        weights.append(is_taken.astype(np.float32))
    sizes += [(n, 0)] if task.has_curve else []
    return Labels(np.stack(right, 1), np.stack(weights, 1), np.full(len(right), penalty)), sizes


def first_clusters(
    clusters: Int64[np.ndarray, " n"], fraction: float, rng: np.random.Generator
) -> Bool[np.ndarray, " n"]:
    """Take whole clusters in random order up to this fraction of the queries, at least one cluster."""
    labels, member = np.unique(clusters, return_inverse=True)
    order = rng.permutation(len(labels))
    sizes = np.bincount(member)[order].cumsum()
    taken = order[: max(1, int(np.searchsorted(sizes, fraction * len(clusters), side="right")))]
    return np.isin(member, taken)


def _curve(parts: list[_Fold]) -> tuple[tuple[int, float], ...]:
    points = zip(*(p.curve for p in parts), strict=True)
    return tuple((round(float(np.mean([n for n, _ in p]))), float(np.mean([a for _, a in p]))) for p in points)


def convergence_of(parts: list[tuple[float, Solved]]) -> Convergence:
    """Summarise λ and convergence over one solution per fold."""
    return Convergence(
        tuple(penalty for penalty, _ in parts),
        float(np.mean([solved.objective.min() for _, solved in parts])),
        float(max(solved.gradient.max() for _, solved in parts)),
        int(max(solved.n_iterations.max() for _, solved in parts)),
        all(bool(solved.converged.all()) for _, solved in parts),
    )
