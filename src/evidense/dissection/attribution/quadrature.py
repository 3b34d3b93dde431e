"""Quadrature on [0, 1]: nested rules, so that no point is evaluated twice, and Gauss-Legendre for paths with a step at 0."""

from functools import cache

import numpy as np
from jaxtyping import Float64

NESTED = (7, 15, 31, 63)
"""Numbers of points: Gauss-Legendre, then Kronrod's extension of it, then Patterson's two. They are exact to degree 13, 22, 46 and 94."""
_ADDED = (
    (0.0, 0.405845151377397167, 0.74153118559939444, 0.949107912342758525),
    (0.207784955007898468, 0.58608723546769113, 0.864864423359769073, 0.991455371120812639),
    (0.104528273810780713, 0.308579247910587779, 0.498636786552832004, 0.667348098104300175, 0.807688939172437509,
     0.912204882783262878, 0.97538358820889337, 0.99868710967846673),
    (0.0523446654598305067, 0.156392640336081402, 0.258559618754472474, 0.35771483158603327, 0.452855632849607231,
     0.543082350986701131, 0.627545421382293261, 0.705382409374850309, 0.775673908358334814, 0.837456832560144587,
     0.88980936487494264, 0.931984657380665141, 0.96356495361339617, 0.98463714387564418, 0.996040238625968543,
     0.999809214198043518),
)  # fmt: skip
"""The points that each rule adds on [0, 1] of [−1, 1]; the other half mirrors them."""
_POWER = 3

Rule = tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]


@cache
def added(level: int) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, "l k"]]:
    """Return the points that rule `level` adds to the rule before it, with their weights in this and in every later rule.

    Source: Kronrod 1965; Patterson 1968, The optimum addition of points to quadrature formulae.

    >>> points, weights = added(0)
    >>> len(points), weights.shape[0], round(float(weights[0] @ points**3), 12)   # ∫ x³ dx = 1/4
    (7, 4, 0.25)
    """
    points = _mirrored(_ADDED[level])
    later = [rule(count) for count in NESTED[level:]]
    weights = np.stack([shares[np.searchsorted(nodes, points)] for nodes, shares in later])
    return points, weights


@cache
def rule(count: int) -> Rule:
    """Return points and weights on [0, 1]: of the nested rule with this many points, else of Gauss-Legendre in u with x = u³.

    A norm right after the module (Gemma) makes a step near x = 0; the power places more points there.

    >>> nodes, weights = rule(15)
    >>> round(float(weights @ nodes**20), 12) == round(1 / 21, 12)
    True
    """
    if count not in NESTED:
        u, weights = np.polynomial.legendre.leggauss(count)
        u, weights = (u + 1) / 2, weights / 2
        return u**_POWER, weights * _POWER * u ** (_POWER - 1)
    nodes = np.sort(np.concatenate([_mirrored(points) for points in _ADDED[: NESTED.index(count) + 1]]))
    moments = np.zeros(count)
    moments[0] = 1.0
    return nodes, np.linalg.solve(np.polynomial.legendre.legvander(2 * nodes - 1, count - 1).T, moments)


def _mirrored(points: tuple[float, ...]) -> Float64[np.ndarray, " k"]:
    both = np.array(sorted({*points, *(-x for x in points)}))
    on_unit_interval: Float64[np.ndarray, " k"] = (both + 1) / 2
    return on_unit_interval
