"""L-BFGS for many problems at once on one feature matrix; each step of all problems costs two matrix products.

Along a direction the scores are a polynomial of the step length (linear for linear models, quadratic for bilinear ones). So one product
serves a whole line search, and another gives the gradient at its end. Converged problems leave the products.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64

from evidense.dissection.solver.line_search import SearchLine, search
from evidense.dissection.solver.losses import Labels, loss_and_slope

_MEMORY = 10
_STALLED = 10  # if float32 finds no lower point, a gradient up to this many times the tolerance counts as a minimum


class Model(Protocol):
    """Maps parameters to scores; columns (k) are problems that share the features."""

    @property
    def n_parameters(self) -> int:
        """Return the number of parameters per problem."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of examples (n) and of candidates per example (c)."""
        ...

    def scores(self, theta: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "n c k"]:
        """Return the score of each candidate (c) of each example (n)."""
        ...

    def along(
        self, theta: Float32[np.ndarray, "p k"], direction: Float32[np.ndarray, "p k"]
    ) -> tuple[Float32[np.ndarray, "n c k"], Float32[np.ndarray, "n c k"] | None]:
        """Return s₁, s₂ with scores(θ + t·direction) = scores(θ) + t·s₁ + t²·s₂; s₂ is None if it is zero."""
        ...

    def gradient(
        self, theta: Float32[np.ndarray, "p k"], of_scores: Float32[np.ndarray, "n c k"]
    ) -> Float32[np.ndarray, "p k"]:
        """Return the gradient by parameters, from the gradient by scores."""
        ...

    @property
    def penalised(self) -> Float32[np.ndarray, " p"]:
        """Return 1 for penalised parameters and 0 for others (intercepts)."""
        ...

    def conditioner(self, shifts: Float64[np.ndarray, " k"]) -> "Conditioner | None":
        """Return an approximate inverse curvature of each problem at zero, penalised by its shift; None means the identity."""
        ...


class Conditioner(Protocol):
    """An approximate inverse curvature that equalises the dimensions."""

    def apply(self, gradient: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "p k"]:
        """Multiply each gradient by the approximate inverse curvature."""
        ...

    def part(self, keep: Bool[np.ndarray, " k"]) -> "Conditioner":
        """Return the conditioner of some of the problems."""
        ...


@dataclass(frozen=True)
class SolverSettings:
    """When a problem counts as solved."""

    tolerance: float = 1e-4
    """Bound on ‖g‖∞ of the mean loss, in nats per unit of a standardised feature."""
    max_iterations: int = 500


DEFAULT = SolverSettings()


@dataclass(frozen=True)
class Solved:
    """Parameters, and the evidence that they are a minimum."""

    theta: Float32[np.ndarray, "p k"]
    objective: Float64[np.ndarray, " k"]
    gradient: Float64[np.ndarray, " k"]
    """‖g‖∞ at the end."""
    n_iterations: Int64[np.ndarray, " k"]
    converged: Bool[np.ndarray, " k"]
    """‖g‖∞ is within the tolerance, or within ten times the tolerance if float32 finds no lower point."""


@dataclass
class _State:
    """The problems that are not solved yet, one column each."""

    ids: Int64[np.ndarray, " k"]
    labels: Labels
    theta: Float32[np.ndarray, "p k"]
    scores: Float32[np.ndarray, "n c k"]
    objective: Float64[np.ndarray, " k"]
    grad: Float32[np.ndarray, "p k"]
    conditioner: Conditioner | None
    still: Bool[np.ndarray, " k"]
    """Problems whose last step found no lower point."""
    steps: list[Float32[np.ndarray, "p k"]] = field(default_factory=list)
    changes: list[Float32[np.ndarray, "p k"]] = field(default_factory=list)
    curvatures: list[Float64[np.ndarray, " k"]] = field(default_factory=list)

    def keep(self, which: Bool[np.ndarray, " k"]) -> None:
        """Keep only these problems."""
        self.ids, self.labels, self.objective = self.ids[which], self.labels.part(which), self.objective[which]
        self.theta, self.grad, self.scores = (
            np.ascontiguousarray(a[..., which]) for a in (self.theta, self.grad, self.scores)
        )
        self.still = self.still[which]
        self.conditioner = self.conditioner and self.conditioner.part(which)
        for several in (self.steps, self.changes, self.curvatures):
            several[:] = [np.ascontiguousarray(array[..., which]) for array in several]


def minimise(
    model: Model, labels: Labels, start: Float[np.ndarray, "p k"] | None = None, settings: SolverSettings | None = None
) -> Solved:
    """Minimise every problem; `converged` says which ones converged.

    Source: Liu and Nocedal 1989; line search by Wolfe's conditions, Nocedal and Wright 2006, algorithm 3.5.
    """
    limits, k = settings or DEFAULT, labels.right.shape[1]
    theta = np.zeros((model.n_parameters, k), np.float32) if start is None else start.astype(np.float32)
    state = _begin(model, labels, theta)
    out = Solved(theta.copy(), np.zeros(k), np.full(k, np.inf), np.zeros(k, np.int64), np.zeros(k, bool))
    for iteration in range(limits.max_iterations + 1):
        largest = np.abs(state.grad).max(axis=0).astype(np.float64)
        done = largest <= limits.tolerance
        _record(out, state, largest, iteration)
        out.converged[state.ids[done]] = True
        if done.any():
            state.keep(~done)
        if not len(state.ids) or iteration == limits.max_iterations:
            break
        stuck = _step(model, state)
        if stuck.any():
            largest = np.abs(state.grad).max(axis=0)
            _record(out, state, largest, iteration)
            out.converged[state.ids[stuck]] = largest[stuck] <= _STALLED * limits.tolerance
            state.keep(~stuck)
            if not len(state.ids):
                break
    return out


def _begin(model: Model, labels: Labels, theta: Float32[np.ndarray, "p k"]) -> _State:
    scores = model.scores(theta) if theta.any() else np.zeros((*model.shape, theta.shape[1]), np.float32)
    loss, of_scores = loss_and_slope(scores, labels)
    guess = model.conditioner(labels.penalty / labels.weights.sum(axis=0, dtype=np.float64))
    k = theta.shape[1]
    state = _State(np.arange(k), labels, theta, scores, loss, theta, guess, np.zeros(k, bool))
    _renew(model, state, of_scores)
    state.objective = loss + _penalty(model, state)
    return state


def _penalty(model: Model, state: _State) -> Float64[np.ndarray, " k"]:
    weight = state.labels.penalty / state.labels.weights.sum(axis=0, dtype=np.float64)
    penalties: Float64[np.ndarray, " k"] = (
        0.5 * weight * np.einsum("p,pk,pk->k", model.penalised, state.theta, state.theta, dtype=np.float64)
    )
    return penalties


def _renew(model: Model, state: _State, of_scores: Float32[np.ndarray, "n c k"]) -> None:
    weight = (state.labels.penalty / state.labels.weights.sum(axis=0, dtype=np.float64)).astype(np.float32)
    state.grad = model.gradient(state.theta, of_scores) + weight * model.penalised[:, None] * state.theta


def _record(out: Solved, state: _State, largest: Float[np.ndarray, " k"], iteration: int) -> None:
    out.theta[:, state.ids], out.objective[state.ids] = state.theta, state.objective
    out.gradient[state.ids], out.n_iterations[state.ids] = largest, iteration


def _step(model: Model, state: _State) -> Bool[np.ndarray, " k"]:
    """Take one step in every problem; return the problems that are stuck."""
    direction = _direction(state)
    line = _line(model, state, direction)
    result = search(line, _dot(state.grad, direction), state.objective)
    step, before = direction * result.lengths.astype(np.float32), state.grad
    state.theta = state.theta + step
    state.scores, state.objective = line.scores(result.lengths.astype(np.float32)), result.objective
    _renew(model, state, result.of_scores)
    still = result.lengths == 0
    state.grad[:, still] = before[:, still]  # a failed search keeps no slope
    _remember(state, step, state.grad - before)
    stuck: Bool[np.ndarray, " k"] = still & state.still
    state.still = still
    if still.any():
        _forget(state, still)
    return stuck


def _forget(state: _State, which: Bool[np.ndarray, " k"]) -> None:
    """Reset these problems to steepest descent."""
    for inverse in state.curvatures:
        inverse[which] = 0


def _remember(state: _State, step: Float32[np.ndarray, "p k"], change: Float32[np.ndarray, "p k"]) -> None:
    curvature = _dot(step, change)
    good = curvature > 1e-12 * np.maximum(_dot(change, change), 1e-30)
    inverse = np.where(good, 1 / np.where(good, curvature, 1), 0)  # 0 skips this pair in this problem
    for several, new in ((state.steps, step), (state.changes, change), (state.curvatures, inverse)):
        several.append(new)
        del several[:-_MEMORY]


def _dot(a: Float32[np.ndarray, "p k"], b: Float32[np.ndarray, "p k"]) -> Float64[np.ndarray, " k"]:
    products: Float64[np.ndarray, " k"] = np.einsum("pk,pk->k", a, b).astype(np.float64)
    return products


def _direction(state: _State) -> Float32[np.ndarray, "p k"]:
    """Return the direction of the two-loop recursion; minus the gradient if that is not a descent direction."""
    q, taken = state.grad.copy(), []
    history = list(zip(state.steps, state.changes, state.curvatures, strict=True))
    for step, change, inverse in reversed(history):
        a = (inverse * _dot(step, q)).astype(np.float32)
        q -= a * change
        taken.append(a)
    q = _guess(state, q)
    for (step, change, inverse), a in zip(history, reversed(taken), strict=True):
        q += (a - (inverse * _dot(change, q)).astype(np.float32)) * step
    uphill = _dot(q, state.grad) <= 0
    if uphill.any():
        q[:, uphill] = state.grad[:, uphill]
    return -q


def _guess(state: _State, q: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "p k"]:
    """Multiply q by the initial inverse curvature: the model's own, or a scalar from the last good pair."""
    if state.conditioner:
        return state.conditioner.apply(q)
    scale = 1 / np.maximum(np.sqrt(_dot(state.grad, state.grad)), 1e-30)
    for change, inverse in zip(state.changes, state.curvatures, strict=True):
        size = inverse * _dot(change, change)
        scale = np.where(size > 0, 1 / np.where(size > 0, size, 1), scale)
    scaled: Float32[np.ndarray, "p k"] = q * scale.astype(np.float32)
    return scaled


def _line(model: Model, state: _State, direction: Float32[np.ndarray, "p k"]) -> SearchLine:
    first, second = model.along(state.theta, direction)
    weight = state.labels.penalty / state.labels.weights.sum(axis=0, dtype=np.float64)
    free = model.penalised[:, None]
    parts = (
        _dot(free * state.theta, state.theta) / 2,
        _dot(free * state.theta, direction),
        _dot(free * direction, direction) / 2,
    )
    return SearchLine(state.scores, first, second, state.labels, weight * np.stack(parts))
