"""L-BFGS of many problems at once on one feature matrix: each step of all of them is two matrix products.

Along a direction the scores are a polynomial of the step's length (straight for linear models, a parabola for bilinear ones), so one
product serves a whole line search, and another the gradient where it ends. A problem that has converged leaves the products.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64

_SUFFICIENT, _CURVATURE = 1e-4, 0.5  # Wolfe's conditions; the second is tight, since a trial costs no matrix product
_ROUNDING = 1e-6  # by so much of itself a loss in float32 may seem to grow where it does not (Hager and Zhang 2005)
_MEMORY, _MOST_TRIALS = 10, 24


class Model(Protocol):
    """How parameters become scores; columns (k) are problems that share the features."""

    @property
    def n_parameters(self) -> int:
        """How many parameters a problem has."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """How many examples (n), of how many candidates (c)."""
        ...

    def scores(self, theta: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "n c k"]:
        """Return what each candidate (c) of each example (n) is given."""
        ...

    def along(
        self, theta: Float32[np.ndarray, "p k"], direction: Float32[np.ndarray, "p k"]
    ) -> tuple[Float32[np.ndarray, "n c k"], Float32[np.ndarray, "n c k"] | None]:
        """Return s₁, s₂ with scores(θ + t·direction) = scores(θ) + t·s₁ + t²·s₂; s₂ is None where it is zero."""
        ...

    def gradient(
        self, theta: Float32[np.ndarray, "p k"], of_scores: Float32[np.ndarray, "n c k"]
    ) -> Float32[np.ndarray, "p k"]:
        """Return the gradient by parameters, from the gradient by scores."""
        ...

    @property
    def penalised(self) -> Float32[np.ndarray, " p"]:
        """1 where a parameter is penalised, 0 where not (intercepts)."""
        ...

    def conditioner(self, shifts: Float64[np.ndarray, " k"]) -> "Conditioner | None":
        """Return what stands for the inverse curvature of each problem at zero, penalised by its shift; None = the identity."""
        ...


class Conditioner(Protocol):
    """A guess of the inverse curvature, that makes dimensions alike."""

    def apply(self, gradient: Float32[np.ndarray, "p k"]) -> Float32[np.ndarray, "p k"]:
        """Return the guess times each gradient."""
        ...

    def part(self, keep: Bool[np.ndarray, " k"]) -> "Conditioner":
        """Return that of some of the problems."""
        ...


@dataclass(frozen=True)
class Labels:
    """Which candidate is right in each example (n) of each problem (k), how much the example counts there, and how θ is penalised.

    The loss of a problem is Σᵢ wᵢ·lossᵢ / Σw + λ‖θ‖² / 2Σw. With one candidate an example the loss is logistic and `right` is 0 or 1.
    """

    right: Int64[np.ndarray, "n k"]
    weights: Float32[np.ndarray, "n k"]
    penalty: Float64[np.ndarray, " k"]

    def part(self, keep: Bool[np.ndarray, " k"]) -> "Labels":
        """Return some of the problems."""
        return Labels(self.right[:, keep], self.weights[:, keep], self.penalty[keep])


@dataclass(frozen=True)
class Settings:
    """When a problem counts as solved."""

    tolerance: float = 1e-4
    """Of the largest entry of the gradient of the mean loss, in nats per unit of a standardised feature."""
    max_iterations: int = 500


DEFAULT = Settings()


@dataclass(frozen=True)
class Solved:
    """Parameters, and the evidence that they are a minimum."""

    theta: Float32[np.ndarray, "p k"]
    objective: Float64[np.ndarray, " k"]
    gradient: Float64[np.ndarray, " k"]
    """‖g‖∞ at the end."""
    n_iterations: Int64[np.ndarray, " k"]
    converged: Bool[np.ndarray, " k"]


@dataclass
class _State:
    """The problems that are not solved yet: a column each."""

    ids: Int64[np.ndarray, " k"]
    labels: Labels
    theta: Float32[np.ndarray, "p k"]
    scores: Float32[np.ndarray, "n c k"]
    objective: Float64[np.ndarray, " k"]
    grad: Float32[np.ndarray, "p k"]
    conditioner: Conditioner | None
    still: Bool[np.ndarray, " k"]
    """Where the last step found no way down."""
    steps: list[Float32[np.ndarray, "p k"]] = field(default_factory=list)
    changes: list[Float32[np.ndarray, "p k"]] = field(default_factory=list)
    curvatures: list[Float64[np.ndarray, " k"]] = field(default_factory=list)

    def keep(self, which: Bool[np.ndarray, " k"]) -> None:
        """Drop the others."""
        self.ids, self.labels, self.objective = self.ids[which], self.labels.part(which), self.objective[which]
        self.theta, self.grad, self.scores = (
            np.ascontiguousarray(a[..., which]) for a in (self.theta, self.grad, self.scores)
        )
        self.still = self.still[which]
        self.conditioner = self.conditioner and self.conditioner.part(which)
        for several in (self.steps, self.changes, self.curvatures):
            several[:] = [np.ascontiguousarray(one[..., which]) for one in several]


def minimise(
    model: Model, labels: Labels, start: Float[np.ndarray, "p k"] | None = None, settings: Settings | None = None
) -> Solved:
    """Return the minimum of every problem; what did not converge says so.

    Source: Liu and Nocedal 1989; line search by Wolfe's conditions, Nocedal and Wright 2006, algorithm 3.5.
    """
    wanted, k = settings or DEFAULT, labels.right.shape[1]
    theta = np.zeros((model.n_parameters, k), np.float32) if start is None else start.astype(np.float32)
    state = _begin(model, labels, theta)
    out = Solved(theta.copy(), np.zeros(k), np.full(k, np.inf), np.zeros(k, np.int64), np.zeros(k, bool))
    for iteration in range(wanted.max_iterations + 1):
        largest = np.abs(state.grad).max(axis=0).astype(np.float64)
        done = largest <= wanted.tolerance
        _record(out, state, largest, iteration)
        out.converged[state.ids[done]] = True
        if done.any():
            state.keep(~done)
        if not len(state.ids) or iteration == wanted.max_iterations:
            break
        stuck = _step(model, state)
        if stuck.any():
            _record(out, state, np.abs(state.grad).max(axis=0), iteration)
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
    return 0.5 * weight * np.einsum("p,pk,pk->k", model.penalised, state.theta, state.theta, dtype=np.float64)


def _renew(model: Model, state: _State, of_scores: Float32[np.ndarray, "n c k"]) -> None:
    weight = (state.labels.penalty / state.labels.weights.sum(axis=0, dtype=np.float64)).astype(np.float32)
    state.grad = model.gradient(state.theta, of_scores) + weight * model.penalised[:, None] * state.theta


def _record(out: Solved, state: _State, largest: Float[np.ndarray, " k"], iteration: int) -> None:
    out.theta[:, state.ids], out.objective[state.ids] = state.theta, state.objective
    out.gradient[state.ids], out.n_iterations[state.ids] = largest, iteration


def _step(model: Model, state: _State) -> Bool[np.ndarray, " k"]:
    """Go one step in every problem; return where no step was found."""
    direction = _direction(state)
    line = _line(model, state, direction)
    found = _search(line, _dot(state.grad, direction), state.objective)
    step, before = direction * found.lengths.astype(np.float32), state.grad
    state.theta = state.theta + step
    state.scores, state.objective = line.scores(found.lengths.astype(np.float32)), found.objective
    _renew(model, state, found.of_scores)
    still = found.lengths == 0
    state.grad[:, still] = before[:, still]  # where nothing was tried with success, no slope was kept
    _remember(state, step, state.grad - before)
    stuck = still & state.still
    state.still = still
    if still.any():
        _forget(state, still)
    return stuck


def _forget(state: _State, which: Bool[np.ndarray, " k"]) -> None:
    """Let these problems go on from the gradient alone."""
    for inverse in state.curvatures:
        inverse[which] = 0


def _remember(state: _State, step: Float32[np.ndarray, "p k"], change: Float32[np.ndarray, "p k"]) -> None:
    curvature = _dot(step, change)
    good = curvature > 1e-12 * np.maximum(_dot(change, change), 1e-30)
    inverse = np.where(good, 1 / np.where(good, curvature, 1), 0)  # 0 = this pair is passed over in this problem
    for several, new in ((state.steps, step), (state.changes, change), (state.curvatures, inverse)):
        several.append(new)
        del several[:-_MEMORY]


def _dot(a: Float32[np.ndarray, "p k"], b: Float32[np.ndarray, "p k"]) -> Float64[np.ndarray, " k"]:
    return np.einsum("pk,pk->k", a, b).astype(np.float64)


def _direction(state: _State) -> Float32[np.ndarray, "p k"]:
    """The two-loop recursion; where it does not go down, the gradient itself."""
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
    """The curvature's first guess times q: the model's own, or a number that agrees with the last good pair."""
    if state.conditioner:
        return state.conditioner.apply(q)
    scale = 1 / np.maximum(np.sqrt(_dot(state.grad, state.grad)), 1e-30)
    for change, inverse in zip(state.changes, state.curvatures, strict=True):
        size = inverse * _dot(change, change)
        scale = np.where(size > 0, 1 / np.where(size > 0, size, 1), scale)
    return q * scale.astype(np.float32)


@dataclass(frozen=True)
class _Line:
    """The loss of some problems along their directions."""

    at: Float32[np.ndarray, "n c k"]
    first: Float32[np.ndarray, "n c k"]
    second: Float32[np.ndarray, "n c k"] | None
    labels: Labels
    penalty: Float64[np.ndarray, "3 k"]
    """Coefficients of 1, t and t²."""

    def part(self, keep: Bool[np.ndarray, " k"]) -> "_Line":
        """Return some of the problems."""
        second = None if self.second is None else self.second[..., keep]
        return _Line(self.at[..., keep], self.first[..., keep], second, self.labels.part(keep), self.penalty[:, keep])

    def scores(self, t: Float32[np.ndarray, " k"]) -> Float32[np.ndarray, "n c k"]:
        """Return the scores at these lengths."""
        return self.at + t * self.first if self.second is None else self.at + t * (self.first + t * self.second)

    def whole(
        self, t: Float32[np.ndarray, " k"], scores: Float32[np.ndarray, "n c k"]
    ) -> tuple[Float64[np.ndarray, " k"], Float32[np.ndarray, "n c k"]]:
        """Return objective, and the loss's gradient by scores."""
        loss, slope = loss_and_slope(scores, self.labels)
        return loss + self.penalty[0] + t * self.penalty[1] + t.astype(np.float64) ** 2 * self.penalty[2], slope

    def trial(
        self, t: Float64[np.ndarray, " k"]
    ) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"], Float32[np.ndarray, "n c k"]]:
        """Return objective and slope at these lengths, and the loss's gradient by scores."""
        short = t.astype(np.float32)
        value, of_scores = self.whole(short, self.scores(short))
        way = self.first if self.second is None else self.first + (2 * short) * self.second
        slope = np.einsum("nck,nck->k", of_scores, way).astype(np.float64)
        return value, slope + self.penalty[1] + 2 * t * self.penalty[2], of_scores


def _line(model: Model, state: _State, direction: Float32[np.ndarray, "p k"]) -> _Line:
    first, second = model.along(state.theta, direction)
    weight = state.labels.penalty / state.labels.weights.sum(axis=0, dtype=np.float64)
    free = model.penalised[:, None]
    parts = (
        _dot(free * state.theta, state.theta) / 2,
        _dot(free * state.theta, direction),
        _dot(free * direction, direction) / 2,
    )
    return _Line(state.scores, first, second, state.labels, weight * np.stack(parts))


@dataclass
class _Found:
    """Where a line search ended; a length of 0 = nowhere."""

    lengths: Float64[np.ndarray, " k"]
    objective: Float64[np.ndarray, " k"]
    of_scores: Float32[np.ndarray, "n c k"]

    def put(self, where: Bool[np.ndarray, " k"], t: Float64[np.ndarray, " o"], seen: tuple[np.ndarray, ...]) -> None:
        """Write a trial of some problems down."""
        if where.all():
            self.lengths, self.objective, self.of_scores = t, seen[0], seen[2]
        elif where.any():
            self.lengths[where], self.objective[where], self.of_scores[..., where] = t, seen[0], seen[2]


def _search(line: _Line, slope_0: Float64[np.ndarray, " k"], value_0: Float64[np.ndarray, " k"]) -> _Found:
    """Find a step of every problem that fulfils Wolfe's conditions, or at least goes down."""
    k = len(value_0)
    found = _Found(np.zeros(k), value_0.copy(), np.zeros_like(line.at))
    t, low, high = np.ones(k), np.zeros(k), np.full(k, np.inf)
    low_slope, open_ = slope_0.copy(), np.ones(k, bool)
    for _ in range(_MOST_TRIALS):
        seen = (line if open_.all() else line.part(open_)).trial(t[open_])
        value, slope = _spread(seen[0], open_), _spread(seen[1], open_)
        enough = open_ & (value <= value_0 + _SUFFICIENT * t * slope_0 + _ROUNDING * np.abs(value_0))
        flat = np.abs(slope) <= _CURVATURE * np.abs(slope_0)
        short, far = enough & ~flat & (slope < 0), open_ & ~(enough & (flat | (slope < 0)))
        down = enough & (flat | short)  # a step that is merely short is kept until a better one comes
        found.put(down, t[down], tuple(x[..., down[open_]] for x in seen) if not down.all() else seen)
        open_ &= ~(enough & flat)
        if not open_.any():
            break
        t_new = _next(t, (low, high, low_slope, slope), short, far)
        low[short], low_slope[short], high[far] = t[short], slope[short], t[far]
        t = np.where(open_, t_new, t)
    return found


def _spread(values: Float64[np.ndarray, " o"], where: Bool[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    out = np.zeros(len(where))
    out[where] = values
    return out


def _next(
    t: Float64[np.ndarray, " k"],
    known: tuple[Float64[np.ndarray, " k"], ...],
    short: Bool[np.ndarray, " k"],
    far: Bool[np.ndarray, " k"],
) -> Float64[np.ndarray, " k"]:
    """The next trial: where the slope's secant is zero, kept well inside the bracket, or up to eight times as far."""
    low, high, low_slope, slope = known
    rise = (slope - low_slope) / np.where(t > low, t - low, 1)
    zero = t - slope / np.where(rise > 0, rise, np.inf)
    zero = np.where(rise > 0, zero, np.inf)
    out = t.copy()
    a, b = np.where(short, t, low), np.where(far, t, high)
    bounded = np.isfinite(b)
    width = np.where(bounded, b - a, 0)
    inside = np.clip(zero, a + 0.1 * width, b - 0.1 * width) if bounded.any() else zero
    inside = np.where(far & ~(rise > 0), a + 0.3 * width, inside)
    out[bounded] = inside[bounded]
    out[~bounded] = np.clip(zero, 1.2 * t, 8 * t)[~bounded]
    return out


def loss_and_slope(
    scores: Float32[np.ndarray, "n c k"], labels: Labels
) -> tuple[Float64[np.ndarray, " k"], Float32[np.ndarray, "n c k"]]:
    """Return the weighted mean loss in nats of every problem, and its gradient by the scores."""
    total = labels.weights.sum(axis=0, dtype=np.float64)
    share = (labels.weights / total).astype(np.float32)
    each, slope = _logistic(scores, labels.right) if scores.shape[1] == 1 else _softmax(scores, labels.right)
    loss = np.einsum("nk,nk->k", each, labels.weights, dtype=np.float64) / total
    slope *= share[:, None]
    return loss, slope


Slopes = Callable[[Float32[np.ndarray, "n c k"], Int64[np.ndarray, "n k"]], tuple[np.ndarray, np.ndarray]]


def _softmax(
    scores: Float32[np.ndarray, "n c k"], right: Int64[np.ndarray, "n k"]
) -> tuple[Float32[np.ndarray, "n k"], Float32[np.ndarray, "n c k"]]:
    top = scores.max(axis=1)
    odds = np.exp(scores - top[:, None])
    total = odds.sum(axis=1)
    place = right[:, None]
    own = np.take_along_axis(scores, place, 1)[:, 0]
    odds /= total[:, None]
    np.put_along_axis(odds, place, np.take_along_axis(odds, place, 1) - 1, 1)
    return np.log(total) + top - own, odds


def _logistic(
    scores: Float32[np.ndarray, "n 1 k"], right: Int64[np.ndarray, "n k"]
) -> tuple[Float32[np.ndarray, "n k"], Float32[np.ndarray, "n 1 k"]]:
    s = scores[:, 0]
    small = np.exp(-np.abs(s))
    likely = np.where(s >= 0, 1, small) / (1 + small)
    return np.maximum(s, 0) - right * s + np.log1p(small), (likely - right)[:, None].astype(np.float32)
