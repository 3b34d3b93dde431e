"""Simulated families of collections: what a moderator does to an effect is known, families stray around it, and each is measured with error."""

import numpy as np
from jaxtyping import Float

TAU = 0.03
"""By how much the true effect of one family strays."""
ERRORS = (0.008, 0.03)
"""Smallest and largest standard error of a family's estimate."""
INTERCEPT, SLOPE = 0.05, 0.04
Design = Float[np.ndarray, "k p"]


def design(k: int, kind: str) -> Design:
    """Return the columns: an intercept alone ("within": differences), or with half of the families on a side, or with a number each."""
    ones = np.ones(k)
    column = {"sides": (np.arange(k) % 2).astype(float), "number": np.linspace(-1, 1, k)}
    return ones[:, None] if kind == "within" else np.column_stack([ones, column[kind]])


def draw(
    columns: Design, seed: int, tau: float = TAU, slope: float = SLOPE
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Return the estimates of one study's families and their standard errors, each known from 60 groups of queries."""
    rng = np.random.default_rng((seed, *columns.shape))
    errors = np.exp(rng.uniform(*np.log(ERRORS), len(columns)))
    truth = columns @ np.array([INTERCEPT, slope])[: columns.shape[1]]
    estimates = truth + tau * rng.standard_normal(len(columns)) + errors * rng.standard_normal(len(columns))
    return estimates, errors * np.sqrt(rng.chisquare(59, len(columns)) / 59)
