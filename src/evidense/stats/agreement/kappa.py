"""Shares of right answers among N: their interval, for clustered answers too, and how far they are above chance."""

from functools import cache

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from evidense.errors import InvalidInput


def wilson(
    share: Float[np.ndarray, "..."], n: float, *, confidence: float = 0.95, design_effect: float = 1.0
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Return low and high of each share of n answers; `design_effect` says how many answers tell as much as one that is independent.

    Source: Wilson 1927; the effective n of clustered answers, Kish 1965.

    Raises:
        InvalidInput: a share outside 0 to 1, no answers, or a design effect below 1.

    >>> low, high = wilson(np.array([0.5]), 100)
    >>> (round(float(low[0]), 3), round(float(high[0]), 3))  # ½ ± 1.96·√(.25/100 + 1.96²/(4·100²)) / (1 + 1.96²/100)
    (0.404, 0.596)
    """
    if n < 1 or design_effect < 1 or bool(((share < 0) | (share > 1)).any()):
        raise InvalidInput(
            f"{n} answers with a design effect of {design_effect} and shares {share.min()} to {share.max()} "
            "→ expected answers, a design effect of 1 or more, and shares from 0 to 1 → check the counts"
        )
    effective, z2 = n / design_effect, float(ndtri((1 + confidence) / 2)) ** 2
    middle = (share + z2 / (2 * effective)) / (1 + z2 / effective)
    half = np.sqrt(z2 * share * (1 - share) / effective + z2**2 / (4 * effective**2)) / (1 + z2 / effective)
    return middle - half, middle + half


def above_chance(share: Float[np.ndarray, "..."], n_choices: int) -> Float[np.ndarray, "..."]:
    """Return (share − 1/N) / (1 − 1/N): 0 at chance, 1 where all is right; differences scale by 1 / (1 − 1/N).

    It makes choices among different N comparable.

    Source: Cohen 1960, with the chance of an even choice among N.

    >>> above_chance(np.array([0.601, 0.311]), 2).round(3)[0]  # (.601 − .5) / .5
    np.float64(0.202)
    """
    if n_choices < 2:
        raise InvalidInput(f"a choice among {n_choices} → expected 2 or more → chance is 1 / N")
    kappa: Float[np.ndarray, ...] = (share - 1 / n_choices) / (1 - 1 / n_choices)
    return kappa


def discriminability(share: Float[np.ndarray, "..."], n_choices: int) -> Float[np.ndarray, "..."]:
    """Return d′: by how many standard deviations the right choice's score lies above the others', if all are normal.

    With equal d′ the share of right choices falls as N grows, and κ with it; d′ says whether anything else fell. Shares
    at or below chance give 0 or less; 1 gives the end of the table, 8.

    Source: Green and Swets 1966; Hacker and Ratcliff 1979: P(right) = ∫ φ(x − d′) Φ(x)^(N−1) dx.

    >>> discriminability(np.array([0.6]), 2).round(3)[0]  # √2 · Φ⁻¹(.6)
    np.float64(0.358)
    """
    return np.asarray(np.interp(share, *_right_by_distance(n_choices)))


@cache
def _right_by_distance(n_choices: int) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"]]:
    x, table = np.linspace(-9, 17, 2601), np.linspace(-4, 8, 1201)
    density = np.exp(-((x[None, :] - table[:, None]) ** 2) / 2) / np.sqrt(2 * np.pi)
    return (density * ndtr(x) ** (n_choices - 1)).sum(axis=1) * (x[1] - x[0]), table
