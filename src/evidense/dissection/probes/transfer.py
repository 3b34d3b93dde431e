"""Can one encoder's probe read another encoder, after an orthogonal map fitted on documents that are not tested?"""

import numpy as np
from jaxtyping import Bool, Float32, Int64

from evidense.dissection.matrices import nearest_rotation
from evidense.dissection.probes.cross_fit import CrossFitTask, choose_penalty
from evidense.dissection.probes.features import PairStates
from evidense.dissection.solver.lbfgs import minimise
from evidense.dissection.solver.linear_models import Linear
from evidense.dissection.solver.losses import Labels

_LEAST = 0.1
"""Lower bound of a dimension's standard deviation, as a share of the typical one."""


def transferred(trained: PairStates, read: PairStates, task: CrossFitTask, one_map: bool) -> Float32[np.ndarray, "n c"]:
    """Return scores of `read` by Hadamard probes of `trained`, fold by fold; the map is fitted on the items of the training folds.

    With `one_map`, queries and documents share one space and one map; otherwise each side has its own map.
    """
    scores = np.empty(task.folds.shape + trained.places.shape[1:], np.float32)
    for fold in np.unique(task.folds):
        train = task.folds != fold
        source, mapped = _sides(trained, read, train, one_map)
        x = source.queries[:, None] * source.candidates
        scale = _inverse(x[train].reshape(-1, x.shape[2]))
        model = Linear(np.ascontiguousarray(x[train] * scale))
        penalty = choose_penalty(model, task, train)
        n = int(train.sum())
        labels = Labels(np.zeros((n, 1), np.int64), np.ones((n, 1), np.float32), np.array([penalty]))
        theta = minimise(model, labels, settings=task.settings).theta
        products = (mapped.queries[~train][:, None] * mapped.documents[mapped.places[~train]]) * scale
        scores[~train] = Linear(np.ascontiguousarray(products)).scores(theta)[..., 0]
    return scores


def _sides(
    trained: PairStates, read: PairStates, train: Bool[np.ndarray, " n"], one_map: bool
) -> tuple[PairStates, PairStates]:
    """Standardise both encoders' states by the first one's scale, after rotating the second's states into the first one's space."""
    rows = np.unique(trained.places[train])
    sides = [(trained.queries, read.queries, np.flatnonzero(train)), (trained.documents, read.documents, rows)]
    centred = [(a - a[r].mean(axis=0), b - b[r].mean(axis=0), r) for a, b, r in sides]
    fit = centred if not one_map else [_stacked(centred)] * 2
    source, mapped = [], []
    for (a, b, r), (fit_a, fit_b, fit_r) in zip(centred, fit, strict=True):
        product = fit_b[fit_r].T.astype(np.float64) @ fit_a[fit_r]
        turned = b @ nearest_rotation(product).astype(np.float32)
        size = np.linalg.norm(a[r]) / max(float(np.linalg.norm(b[r])), 1e-12)
        inverse = _inverse(a[r])
        source.append(a * inverse)
        mapped.append(turned * np.float32(size) * inverse)
    return PairStates(source[0], source[1], trained.places), PairStates(mapped[0], mapped[1], trained.places)


def _inverse(rows: Float32[np.ndarray, "m e"]) -> Float32[np.ndarray, " e"]:
    """Return the inverse standard deviation of each dimension, at most ten times the typical one.

    Some dimensions of trained encoders hardly vary (in MiniLM's last layer some are constant up to rounding). A map is never perfect and mixes
    a little of the other dimensions into them; without the bound, standardising would inflate this error.
    """
    spread = rows.std(axis=0, dtype=np.float64)
    typical = float(np.sqrt((spread**2).mean()))
    return np.asarray(1 / np.maximum(spread, max(_LEAST * typical, 1e-12)), np.float32)


Centred = tuple[Float32[np.ndarray, "n e"], Float32[np.ndarray, "n e"], Int64[np.ndarray, " m"]]


def _stacked(sides: list[Centred]) -> Centred:
    a, b = (np.vstack([side[i][side[2]] for side in sides]) for i in (0, 1))
    return a, b, np.arange(len(a))
