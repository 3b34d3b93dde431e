"""The low-rank bilinear probe: cross-fitted, with several random starts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from evidense.dissection.probes.cross_fit import CrossFitTask, ProbeOutcome, convergence_of
from evidense.dissection.probes.features import PairStates, standardised
from evidense.dissection.probes.scores import bits, credit
from evidense.dissection.solver.lbfgs import SolverSettings, minimise
from evidense.dissection.solver.linear_models import Bilinear, spectral_start
from evidense.dissection.solver.losses import Labels

LAMBDAS = (1.0, 10.0, 100.0, 1_000.0)
_TOLERANCE = 1e-3  # the objective is very flat; a smaller tolerance does not change held-out log-loss


@dataclass(frozen=True)
class _Data:
    train: Bilinear
    held: Bilinear


def crossfit_bilinear(pairs: PairStates, task: CrossFitTask, rank: int, n_starts: int) -> ProbeOutcome:
    """Train from several starts on each fold's complement and keep the start with the lowest training objective.

    λ is chosen on one of the training folds, with the first start.
    """
    scores = np.empty(pairs.places.shape, np.float32)
    control = np.empty(pairs.places.shape, np.float32) if task.control is not None else None
    parts, memorised = [], []
    for fold in np.unique(task.folds):
        train = task.folds != fold
        data = _data(pairs, train, rank)
        penalty = _penalty(data.train, task, train)
        right = [np.zeros(int(train.sum()), np.int64)] * n_starts
        if task.control is not None:
            right.append(task.control[train])
        start = spectral_start(data.train, n_starts, task.seed)
        start = np.concatenate([start, start[:, : len(right) - n_starts]], axis=1)
        labels = Labels(
            np.stack(right, 1), np.ones((int(train.sum()), len(right)), np.float32), np.full(len(right), penalty)
        )
        solved = minimise(data.train, labels, start, SolverSettings(_TOLERANCE, task.settings.max_iterations))
        best = int(solved.objective[:n_starts].argmin())
        held_scores = data.held.scores(solved.theta)
        scores[~train] = held_scores[..., best]
        if control is not None and task.control is not None:
            control[~train] = held_scores[..., -1]
            memorised.append(credit(data.train.scores(solved.theta[:, -1:])[..., 0], task.control[train]).mean())
        parts.append((penalty, solved))
    return ProbeOutcome(scores, convergence_of(parts), control, float(np.mean(memorised)) if memorised else None)


def _data(pairs: PairStates, train: Bool[np.ndarray, " n"], rank: int) -> _Data:
    q, p = standardised(pairs, train)
    size = np.float32(np.sqrt(p.shape[2]))
    return _Data(
        *(Bilinear(np.ascontiguousarray(q[m]), np.ascontiguousarray(p[m]) / size, rank) for m in (train, ~train))
    )


def _penalty(model: Bilinear, task: CrossFitTask, train: Bool[np.ndarray, " n"]) -> float:
    lambdas = LAMBDAS if len(task.lambdas) > 1 else task.lambdas
    if len(lambdas) == 1:
        return lambdas[0]
    inner = task.folds[train]
    held = inner == inner.min()
    weights = np.repeat((~held)[:, None], len(lambdas), axis=1).astype(np.float32)
    fitted = Bilinear(model.queries[~held], model.candidates[~held], model.rank)
    start = np.repeat(spectral_start(fitted, 1, task.seed), len(lambdas), axis=1)
    labels = Labels(np.zeros((int((~held).sum()), len(lambdas)), np.int64), weights[~held], np.array(lambdas))
    solved = minimise(fitted, labels, start, SolverSettings(3e-3, task.settings.max_iterations))
    scores = Bilinear(model.queries[held], model.candidates[held], model.rank).scores(solved.theta)
    return lambdas[int(np.argmin([bits(scores[..., k]).sum() for k in range(len(lambdas))]))]
