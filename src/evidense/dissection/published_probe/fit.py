"""The published probe: one linear layer over [q; p1..pN], trained as published and to convergence; and its controls without the query.

The layer is additive in query and passages. Its loss is convex and the distribution of its data does not change when slots are permuted,
so its optimum does not depend on the query. The controls show this: without the query, or with shuffled queries, it is as accurate.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from evidense.dissection.probes.features import PairStates, standardised
from evidense.dissection.published_probe.draw import labels, slots
from evidense.dissection.solver.lbfgs import Solved, SolverSettings, minimise
from evidense.dissection.solver.linear_models import Cholesky
from evidense.dissection.solver.losses import Labels

TWINS = ("none", "query ablated", "queries permuted")
_BETAS, _EPSILON = (0.9, 0.999), 1e-8  # torch's defaults


@dataclass(frozen=True)
class PublishedRecipe:
    """How the published probe is trained. Source: Yao et al. 2025, §4.2.3 and table 1."""

    learning_rate: float = 1e-4
    batch_size: int = 32_768
    n_epochs: int = 30
    seed: int = 42


@dataclass(frozen=True)
class SlotDraws:
    """Stored candidate in each slot, for each N and epoch; and one further draw for the test."""

    train: Mapping[int, Sequence[Int64[np.ndarray, "n c"]]]
    test: Mapping[int, Int64[np.ndarray, "n c"]]

    @classmethod
    def of(cls, n_examples: int, counts: Sequence[int], n_stored: int, recipe: PublishedRecipe) -> "SlotDraws":
        """Draw as published: new negatives and slots in each epoch; the test draw starts from the seed again."""
        train: dict[int, list[Int64[np.ndarray, "n c"]]] = {}
        for n in counts:
            rng = random.Random(recipe.seed)
            train[n] = [slots(n_examples, n, rng, n_stored) for _ in range(recipe.n_epochs)]
        test = {n: slots(n_examples, n, random.Random(recipe.seed), n_stored) for n in counts}
        return cls(train, test)


@dataclass
class _Layer:
    """One linear layer with Adam's moments; weights of the query and of the passages are stored separately."""

    query: Float32[np.ndarray, "a c"]
    passages: Float32[np.ndarray, "s e c"]
    bias: Float32[np.ndarray, " c"]
    moments: dict[str, tuple[Float32[np.ndarray, "..."], Float32[np.ndarray, "..."]]] = field(default_factory=dict)
    n_steps: int = 0

    def step(self, gradients: Mapping[str, Float32[np.ndarray, "..."]], rate: float) -> None:
        """Take one step of Adam. Source: Kingma and Ba 2015, algorithm 1."""
        self.n_steps += 1
        ahead, behind = (1 - beta**self.n_steps for beta in _BETAS)
        for name, g in gradients.items():
            first, second = self.moments.get(name, (np.zeros_like(g), np.zeros_like(g)))
            first += (1 - _BETAS[0]) * (g - first)
            second += (1 - _BETAS[1]) * (g * g - second)
            self.moments[name] = first, second
            value = getattr(self, name)
            value -= np.float32(rate / ahead) * first / (np.sqrt(second / np.float32(behind)) + np.float32(_EPSILON))


def initial(n_query: int, n_passage: int, n_candidates: int, seed: int) -> _Layer:
    """Return a linear layer over [q; p1..pN] with torch's default initialisation."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        linear = torch.nn.Linear(n_query + n_candidates * n_passage, n_candidates)
    weight, bias = (p.detach().numpy().copy() for p in (linear.weight, linear.bias))
    passages = weight[:, n_query:].T.reshape(n_candidates, n_passage, n_candidates)
    return _Layer(weight[:, :n_query].T.copy(), passages.copy(), bias)


@dataclass(frozen=True)
class ProbeResults:
    """Correctness of each test query, by N and control."""

    right: Mapping[tuple[int, str], Float64[np.ndarray, " m"]]


def train(
    pairs: PairStates, is_train: Bool[np.ndarray, " n"], draws: SlotDraws, recipe: PublishedRecipe
) -> ProbeResults:
    """Train the probe of every N and control by the recipe, and judge it on the test queries.

    Passages are multiplied once, not once per example and slot.
    """
    out: dict[tuple[int, str], Float64[np.ndarray, " m"]] = {}
    test_rows = np.flatnonzero(~is_train)
    for n in draws.test:
        for twin in TWINS:
            twin_pairs = _twin(pairs, is_train, twin, recipe.seed)
            layer = initial(pairs.queries.shape[1], pairs.documents.shape[1], n, recipe.seed)
            _fit(layer, _only(twin_pairs, is_train), is_train, (draws.train[n], recipe))
            scores = _scores(layer, _only(twin_pairs, ~is_train), test_rows, draws.test[n])
            out[n, twin] = (scores.argmax(axis=1) == labels(draws.test[n])[test_rows]).astype(np.float64)
    return ProbeResults(out)


def _only(pairs: PairStates, rows: Bool[np.ndarray, " n"]) -> PairStates:
    """Keep only the passages of these queries. Places of other queries become invalid and are not read."""
    documents, places = np.unique(pairs.places[rows], return_inverse=True)
    every = np.zeros_like(pairs.places)
    every[rows] = places.reshape(-1, pairs.places.shape[1])
    return PairStates(pairs.queries, pairs.documents[documents], every)


def _twin(pairs: PairStates, is_train: Bool[np.ndarray, " n"], twin: str, seed: int) -> PairStates:
    """Return the inputs of a control. Ablated: queries are zero. Permuted: queries are shuffled within training and within test queries."""
    if twin == "query ablated":
        return PairStates(np.zeros_like(pairs.queries), pairs.documents, pairs.places)
    if twin == "queries permuted":
        order, rng = np.arange(len(is_train)), np.random.default_rng([seed, 43])
        for side in (np.flatnonzero(is_train), np.flatnonzero(~is_train)):
            cycle = rng.permutation(side)
            order[cycle] = np.roll(cycle, 1)
        return pairs.with_queries(order)
    return pairs


def _fit(
    layer: _Layer,
    pairs: PairStates,
    is_train: Bool[np.ndarray, " n"],
    how: tuple[Sequence[Int64[np.ndarray, "n c"]], PublishedRecipe],
) -> None:
    draws, recipe = how
    rows, rng = np.flatnonzero(is_train), np.random.default_rng(recipe.seed)
    for drawn in draws:
        shuffled = rng.permutation(rows)
        for start in range(0, len(rows), recipe.batch_size):
            batch = shuffled[start : start + recipe.batch_size]
            scores = _scores(layer, pairs, batch, drawn)
            odds = np.exp(scores - scores.max(axis=1, keepdims=True))
            odds /= odds.sum(axis=1, keepdims=True)
            odds[np.arange(len(batch)), labels(drawn)[batch]] -= 1
            layer.step(_gradients(odds / np.float32(len(batch)), pairs, batch, drawn), recipe.learning_rate)


def _places(
    pairs: PairStates, batch: Int64[np.ndarray, " b"], drawn: Int64[np.ndarray, "n c"]
) -> Int64[np.ndarray, "b c"]:
    return np.take_along_axis(pairs.places[batch], drawn[batch], 1)


def _scores(
    layer: _Layer, pairs: PairStates, batch: Int64[np.ndarray, " b"], drawn: Int64[np.ndarray, "n c"]
) -> Float32[np.ndarray, "b c"]:
    """Return W[q; p1..pN] + b; each passage is multiplied once for all slots."""
    n = len(layer.bias)
    wide = np.ascontiguousarray(layer.passages.transpose(1, 0, 2)).reshape(-1, n * n)
    projected = (pairs.documents @ wide).reshape(-1, n, n)
    places = _places(pairs, batch, drawn)
    scores = pairs.queries[batch] @ layer.query + layer.bias
    for slot in range(n):
        scores += projected[places[:, slot], slot]
    slot_scores: Float32[np.ndarray, "b c"] = scores
    return slot_scores


def _gradients(
    slope: Float32[np.ndarray, "b c"],
    pairs: PairStates,
    batch: Int64[np.ndarray, " b"],
    drawn: Int64[np.ndarray, "n c"],
) -> dict[str, Float32[np.ndarray, "..."]]:
    from scipy.sparse import csr_matrix

    b, n = slope.shape
    columns = _places(pairs, batch, drawn) * n + np.arange(n)
    which = csr_matrix(
        (np.ones(b * n, np.float32), columns.ravel(), np.arange(0, b * n + 1, n)), (b, len(pairs.documents) * n)
    )
    gathered = (which.T @ slope).reshape(len(pairs.documents), n * n)
    passages = (pairs.documents.T @ gathered).reshape(-1, n, n).transpose(1, 0, 2)
    return {"query": pairs.queries[batch].T @ slope, "passages": passages, "bias": slope.sum(axis=0)}


@dataclass(frozen=True)
class Concatenated:
    """The same layer as a model for L-BFGS: θ holds W row by row, features first, without bias (slots are shuffled)."""

    features: Float32[np.ndarray, "n f"]
    n_candidates: int
    n_query: int

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of examples and slots."""
        return len(self.features), self.n_candidates

    @property
    def n_parameters(self) -> int:
        """Return one parameter per feature and slot."""
        return int(self.features.shape[1]) * self.n_candidates

    @property
    def penalised(self) -> Float32[np.ndarray, " p"]:
        """Return ones: every parameter is penalised."""
        return np.ones(self.n_parameters, np.float32)

    def scores(self, theta: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "n c k"]:
        """Return Wz."""
        k = theta.shape[1]
        wide = theta.reshape(self.features.shape[1], self.n_candidates * k)
        values: Float32[np.ndarray, "n c k"] = (self.features @ wide).reshape(-1, self.n_candidates, k)
        return values

    def along(
        self, theta: Float32[np.ndarray, "p k"], direction: Float32[np.ndarray, "p k"]
    ) -> tuple[Float32[np.ndarray, "n c k"], None]:
        """Return the linear coefficient; scores are linear in the step."""
        return self.scores(direction), None

    def gradient(
        self, theta: Float32[np.ndarray, "p k"], of_scores: Float32[np.ndarray, "n c k"]
    ) -> Float32[np.ndarray, "p k"]:
        """Return zᵀ·slope."""
        slope: Float32[np.ndarray, "p k"] = (self.features.T @ of_scores.reshape(len(of_scores), -1)).reshape(
            theta.shape
        )
        return slope

    def conditioner(self, shifts: Float64[np.ndarray, " k"]) -> "_Blocks":
        """Return inverse curvatures of the query block and of one slot's block, ignoring their dependence."""
        f = self.features.shape[1]
        width = (f - self.n_query) // self.n_candidates
        rows = self.features[:, self.n_query :].reshape(-1, width)
        blocks = [
            x.T @ x / np.float32(len(x) * self.n_candidates)
            for x in (self.features[:, : self.n_query], rows)
            if x.shape[1]
        ]
        return _Blocks(tuple(Cholesky.of(x, shifts, None) for x in blocks), self.n_query, self.n_candidates)


@dataclass(frozen=True)
class _Blocks:
    """Inverse curvatures of the query block (if any) and of one slot, which is used for all slots."""

    factors: tuple[Cholesky, ...]
    n_query: int
    n_candidates: int

    def apply(self, gradient: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "p k"]:
        """Apply block by block."""
        n, k = self.n_candidates, gradient.shape[1]
        wide, out = gradient.reshape(-1, n, k), np.empty_like(gradient).reshape(-1, n, k)
        starts = [0, self.n_query] if self.n_query else [0]
        width = (len(wide) - self.n_query) // n
        starts += [starts[-1] + width * (i + 1) for i in range(n)]
        for block, (start, stop) in enumerate(pairwise(starts)):
            factor = self.factors[0 if block == 0 else -1]
            for output in range(n):
                out[start:stop, output] = factor.apply(np.ascontiguousarray(wide[start:stop, output]))
        return out.reshape(gradient.shape)

    def part(self, keep: Bool[np.ndarray, " k"]) -> "_Blocks":
        """Return the conditioner of some of the problems."""
        return _Blocks(tuple(f.part(keep) for f in self.factors), self.n_query, self.n_candidates)


@dataclass(frozen=True)
class Converged:
    """The probe trained to convergence."""

    right: Float64[np.ndarray, " m"]
    solved: Solved
    penalty: float


def converge(
    pairs: PairStates,
    is_train: Bool[np.ndarray, " n"],
    draw: Int64[np.ndarray, "n c"],
    twin: str,
    lambdas: Sequence[float],
) -> Converged:
    """Train on one draw of slots to convergence, with standardised features; a fifth of the training queries chooses λ."""
    twin_pairs = _twin(pairs, is_train, twin, 42)
    q, p = standardised(twin_pairs, is_train)
    z = np.take_along_axis(p, draw[:, :, None], 1).reshape(len(p), -1)
    n_query = 0 if twin == "query ablated" else q.shape[1]
    z = np.ascontiguousarray(np.hstack([q[:, :n_query], z]))
    n, right = draw.shape[1], labels(draw)
    inner = np.random.default_rng(42).permutation(int(is_train.sum())) % 5 == 0
    weights = np.stack([np.where(inner, 0, 1)] * len(lambdas) + [np.ones(len(inner))] * len(lambdas), 1).astype(
        np.float32
    )
    model = Concatenated(z[is_train], n, n_query)
    many = Labels(
        np.repeat(right[is_train][:, None], 2 * len(lambdas), 1), weights, np.tile(np.asarray(lambdas, float), 2)
    )
    solved = minimise(model, many, settings=SolverSettings())
    scores = model.scores(solved.theta)[inner]
    picked = np.take_along_axis(scores, right[is_train][inner][:, None, None], 1)[:, 0]
    loss = (np.logaddexp.reduce(scores, axis=1) - picked).sum(axis=0)[: len(lambdas)]
    best = int(loss.argmin())
    column = len(lambdas) + best
    test_scores = Concatenated(z[~is_train], n, n_query).scores(solved.theta[:, column : column + 1])[..., 0]
    chosen = Solved(
        *(
            x[..., column : column + 1]
            for x in (solved.theta, solved.objective, solved.gradient, solved.n_iterations, solved.converged)
        )
    )
    return Converged((test_scores.argmax(axis=1) == right[~is_train]).astype(np.float64), chosen, float(lambdas[best]))
