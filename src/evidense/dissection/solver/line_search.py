"""Line search for many problems at once, on scores alone; a trial costs no matrix product."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from evidense.dissection.solver.losses import Labels, loss_and_slope

_SUFFICIENT, _CURVATURE = 1e-4, 0.5  # Wolfe's conditions; the second is tight, since a trial costs no matrix product
_ROUNDING = 1e-6  # relative rounding error of a float32 loss (Hager and Zhang 2005)
_MOST_TRIALS = 24


@dataclass(frozen=True)
class LineTrial:
    """What a trial of step lengths gives."""

    objective: Float64[np.ndarray, " k"]
    slope: Float64[np.ndarray, " k"]
    of_scores: Float32[np.ndarray, "n c k"]
    """Gradient of the loss by scores."""

    def part(self, keep: Bool[np.ndarray, " k"]) -> "LineTrial":
        """Return the trial of some of the problems."""
        return self if keep.all() else LineTrial(self.objective[keep], self.slope[keep], self.of_scores[..., keep])


@dataclass
class Bracket:
    """Between which step lengths each problem's minimum lies, with the slope at the lower one."""

    low: Float64[np.ndarray, " k"]
    high: Float64[np.ndarray, " k"]
    low_slope: Float64[np.ndarray, " k"]


@dataclass(frozen=True)
class SearchLine:
    """The loss of some problems along their directions."""

    at: Float32[np.ndarray, "n c k"]
    first: Float32[np.ndarray, "n c k"]
    second: Float32[np.ndarray, "n c k"] | None
    labels: Labels
    penalty: Float64[np.ndarray, "3 k"]
    """Coefficients of 1, t and t²."""

    def part(self, keep: Bool[np.ndarray, " k"]) -> "SearchLine":
        """Return some of the problems."""
        second = None if self.second is None else self.second[..., keep]
        return SearchLine(
            self.at[..., keep], self.first[..., keep], second, self.labels.part(keep), self.penalty[:, keep]
        )

    def scores(self, t: Float32[np.ndarray, " k"]) -> Float32[np.ndarray, "n c k"]:
        """Return the scores at these step lengths."""
        values: Float32[np.ndarray, "n c k"] = (
            self.at + t * self.first if self.second is None else self.at + t * (self.first + t * self.second)
        )
        return values

    def whole(
        self, t: Float32[np.ndarray, " k"], scores: Float32[np.ndarray, "n c k"]
    ) -> tuple[Float64[np.ndarray, " k"], Float32[np.ndarray, "n c k"]]:
        """Return the objective, and the gradient of the loss by scores."""
        loss, slope = loss_and_slope(scores, self.labels)
        return loss + self.penalty[0] + t * self.penalty[1] + t.astype(np.float64) ** 2 * self.penalty[2], slope

    def trial(self, t: Float64[np.ndarray, " k"]) -> LineTrial:
        """Return objective, slope and gradient at these step lengths."""
        short = t.astype(np.float32)
        value, of_scores = self.whole(short, self.scores(short))
        way = self.first if self.second is None else self.first + (2 * short) * self.second
        slope = np.einsum("nck,nck->k", of_scores, way).astype(np.float64)
        return LineTrial(value, slope + self.penalty[1] + 2 * t * self.penalty[2], of_scores)


@dataclass
class LineSearchResult:
    """Where a line search ended; a length of 0 means that no step was found."""

    lengths: Float64[np.ndarray, " k"]
    objective: Float64[np.ndarray, " k"]
    of_scores: Float32[np.ndarray, "n c k"]

    def put(self, where: Bool[np.ndarray, " k"], t: Float64[np.ndarray, " o"], trial: LineTrial) -> None:
        """Record a trial of some of the problems."""
        if where.all():
            self.lengths, self.objective, self.of_scores = t, trial.objective, trial.of_scores
        elif where.any():
            self.lengths[where], self.objective[where], self.of_scores[..., where] = t, trial.objective, trial.of_scores


def search(
    line: SearchLine, slope_0: Float64[np.ndarray, " k"], value_0: Float64[np.ndarray, " k"]
) -> LineSearchResult:
    """Find a step for every problem that fulfils Wolfe's conditions, or at least lowers the objective."""
    k = len(value_0)
    result = LineSearchResult(np.zeros(k), value_0.copy(), np.zeros_like(line.at))
    t, is_open = np.ones(k), np.ones(k, bool)
    bracket = Bracket(np.zeros(k), np.full(k, np.inf), slope_0.copy())
    for _ in range(_MOST_TRIALS):
        trial = (line if is_open.all() else line.part(is_open)).trial(t[is_open])
        value, slope = _spread(trial.objective, is_open), _spread(trial.slope, is_open)
        enough = is_open & (value <= value_0 + _SUFFICIENT * t * slope_0 + _ROUNDING * np.abs(value_0))
        flat = np.abs(slope) <= _CURVATURE * np.abs(slope_0)
        short, far = enough & ~flat & (slope < 0), is_open & ~(enough & (flat | (slope < 0)))
        down = enough & (flat | short)  # a step that is too short is kept until a better one is found
        result.put(down, t[down], trial.part(down[is_open]))
        is_open &= ~(enough & flat)
        if not is_open.any():
            break
        t_new = _next(t, slope, bracket, short, far)
        bracket.low[short], bracket.low_slope[short], bracket.high[far] = t[short], slope[short], t[far]
        t = np.where(is_open, t_new, t)
    return result


def _spread(values: Float64[np.ndarray, " o"], where: Bool[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    out = np.zeros(len(where))
    out[where] = values
    return out


def _next(
    t: Float64[np.ndarray, " k"],
    slope: Float64[np.ndarray, " k"],
    bracket: Bracket,
    short: Bool[np.ndarray, " k"],
    far: Bool[np.ndarray, " k"],
) -> Float64[np.ndarray, " k"]:
    """Return the next trial: the zero of the slope's secant, kept inside the bracket, or at most eight times as far."""
    rise = (slope - bracket.low_slope) / np.where(t > bracket.low, t - bracket.low, 1)
    zero = t - slope / np.where(rise > 0, rise, np.inf)
    zero = np.where(rise > 0, zero, np.inf)
    out = t.copy()
    a, b = np.where(short, t, bracket.low), np.where(far, t, bracket.high)
    bounded = np.isfinite(b)
    width = np.where(bounded, b - a, 0)
    inside = np.clip(zero, a + 0.1 * width, b - 0.1 * width) if bounded.any() else zero
    inside = np.where(far & ~(rise > 0), a + 0.3 * width, inside)
    out[bounded] = inside[bounded]
    out[~bounded] = np.clip(zero, 1.2 * t, 8 * t)[~bounded]
    return out
