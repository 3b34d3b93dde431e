"""The shrunk probe: wᵀ(q ⊙ p) that shrinks towards the cosine; trained among few candidates of each query, it scores them all.

Score = a·cos(q, p) + wᵀ(q ⊙ p) on standardised states. Only w is penalised: where the data do not support another reading, the ranking
is the cosine's. A plain ridge shrinks towards no ranking at all, and can read a layer worse than its untrained cosine does.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32, Int64

from evidense.dissection.probes.cross_fit import CrossFitTask, ProbeOutcome, choose_penalty, convergence_of
from evidense.dissection.probes.features import FeatureScale, PairStates, unit_rows
from evidense.dissection.solver.lbfgs import Solved, minimise
from evidense.dissection.solver.linear_models import Linear
from evidense.dissection.solver.losses import Labels

_FURTHER = 10.0
"""λ of the other probes, times this: its largest value leaves the cosine alone."""


@dataclass(frozen=True)
class FewAndAll:
    """The candidates of each query among which a probe is trained, as columns of all its candidates; column 0 is relevant."""

    pairs: PairStates
    """With all candidates."""
    sample: Int64[np.ndarray, "n t"]

    @property
    def few(self) -> Int64[np.ndarray, "n t"]:
        """Return the rows of the documents to train on."""
        return np.take_along_axis(self.pairs.places, self.sample, 1)


def sample_columns(n_queries: int, n_candidates: int, n_trained: int, seed: int) -> Int64[np.ndarray, "n t"]:
    """Draw the candidates to train among: the relevant one, and others uniformly.

    A conditional logit that is trained on a uniform sample of the alternatives estimates the same weights as one trained on all.

    Source: McFadden 1978.

    >>> sample_columns(2, 3, 3, 0).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    rng, n_others = np.random.default_rng([seed, 71]), min(n_trained, n_candidates) - 1
    drawn = rng.random((n_queries, n_candidates - 1)).argsort(axis=1)[:, :n_others]
    return np.hstack([np.zeros((n_queries, 1), np.int64), np.sort(drawn, axis=1) + 1])


def all_cosines(pairs: PairStates) -> Float32[np.ndarray, "n c"]:
    """Return the cosine of each query and each of many candidates, by one product of all queries and documents."""
    products = unit_rows(pairs.queries) @ unit_rows(pairs.documents).T
    return np.take_along_axis(products, pairs.places, 1).astype(np.float32)


def crossfit_shrunk(asked: FewAndAll, task: CrossFitTask) -> ProbeOutcome:
    """Return every query's scores of all its candidates, by a probe trained on other folds."""
    cosine = all_cosines(asked.pairs)
    wide = replace(task, lambdas=tuple(_FURTHER * penalty for penalty in task.lambdas))
    return _crossfit(asked, wide, cosine)


def crossfit_blind(asked: FewAndAll, task: CrossFitTask) -> ProbeOutcome:
    """Return the scores of the query-ablated twin, wᵀp: what the candidates say by themselves."""
    return _crossfit(asked, task, None)


def _crossfit(asked: FewAndAll, task: CrossFitTask, cosine: Float32[np.ndarray, "n c"] | None) -> ProbeOutcome:
    scores, parts = np.empty(asked.pairs.places.shape, np.float32), list[tuple[float, Solved]]()
    for fold in np.unique(task.folds):
        train = task.folds != fold
        sides = _sides(asked, train, reads_query=cosine is not None)
        queries, documents = sides
        x = queries[train][:, None] * documents[asked.few[train]]
        inverse = FeatureScale.of(x.reshape(-1, x.shape[2])).inverse
        x *= inverse
        beside = None
        if cosine is not None:
            beside = np.take_along_axis(cosine[train], asked.sample[train], 1)
            spread = np.float32(1 / max(float(beside.std()), 1e-6))
            x = np.concatenate([x, (beside * spread)[..., None]], axis=2)
        model = Linear(np.ascontiguousarray(x), n_free=int(cosine is not None))
        penalty = choose_penalty(model, task, train)
        n = int(train.sum())
        labels = Labels(np.zeros((n, 1), np.int64), np.ones((n, 1), np.float32), np.array([penalty]))
        solved = minimise(model, labels, settings=task.settings)
        parts.append((penalty, solved))
        weights = solved.theta[: len(inverse), 0] * inverse
        held = np.take_along_axis((queries[~train] * weights) @ documents.T, asked.pairs.places[~train], 1)
        scores[~train] = held if cosine is None else held + solved.theta[-1, 0] * spread * cosine[~train]
    return ProbeOutcome(scores, convergence_of(parts))


def _sides(
    asked: FewAndAll, train: Bool[np.ndarray, " n"], *, reads_query: bool
) -> tuple[Float32[np.ndarray, "n e"], Float32[np.ndarray, "d e"]]:
    """Return queries and documents, each side standardised by what is trained on; without the query, ones stand for it."""
    pairs = asked.pairs
    documents = FeatureScale.of(pairs.documents[np.unique(asked.few[train])])(pairs.documents)
    if not reads_query:
        return np.ones((len(pairs.queries), documents.shape[1]), np.float32), documents
    return FeatureScale.of(pairs.queries[train])(pairs.queries), documents
