"""What the claims about a factorial share: the words about seeds, and simulated score tables with known effects."""

import numpy as np
from jaxtyping import Float
from scipy.special import betaincinv, ndtr

from evidense.parts import Decision, Evidence
from evidense.stats import EFFECTS, FACTORIAL, Seeded, contrasts, logit_contrasts, seeded, too_few

MARGIN = 0.04
"""Margin of the two gains, which N_SEEDS and N_QUERIES can decide. docs/statistics.md shows the power at other sizes."""
INTERACTION_MARGIN = 2 * MARGIN
"""Margin of the interaction. A difference of two gains has twice the standard error of their mean."""
N_SEEDS, N_QUERIES = 5, 200
SEED_SD = 0.01
"""Standard deviation of a cell's true mean between seeds, measured in `multimodal_factorial`: root mean square over cells and collections (0 to .028)."""
QUERY_SD = 0.35
"""Standard deviation of one query's score in one cell and seed, measured on the home collection of that study."""
SHARES = (0.14, 0.34, 0.52)
"""Shares of that variance, measured there too: of the query in all cells, of the query in one cell over all seeds, of the query in one cell and seed."""
_MIDDLE = 0.4


def means(gains: tuple[float, float, float]) -> Float[np.ndarray, "4"]:
    """Return the cells' true means, around 0.4, for a gain by pre-training, one by fine-tuning, and an interaction.

    >>> means((0.0, 0.0, 0.16)).round(2)  # .44 − .36 − .36 + .44 = .16
    array([0.44, 0.36, 0.36, 0.44])
    """
    half = np.array(gains) / (2.0, 2.0, 4.0)
    cells: Float[np.ndarray, 4] = _MIDDLE + half @ np.sign(FACTORIAL)
    return cells


def scores(gains: tuple[float, float, float], seed: int, *, n_queries: int = N_QUERIES) -> Float[np.ndarray, "4 s q"]:
    """Draw a table of scores from 0 to 1, many of them near either end as those of nDCG are, whose true effects are `gains`.

    A query's score is a quantile of a beta distribution whose mean is that of its cell and seed; which quantile depends on
    the query, on the query in that cell, and on chance.
    """
    rng = np.random.default_rng([seed, 3])
    share = means(gains)[:, None, None] + SEED_SD * rng.standard_normal((len(FACTORIAL[0]), N_SEEDS, 1))
    share = np.clip(share, 0.01, 0.99)
    shapes = ((1, 1, n_queries), (4, 1, n_queries), (4, N_SEEDS, n_queries))
    deviate = sum(np.sqrt(part) * rng.standard_normal(shape) for part, shape in zip(SHARES, shapes, strict=True))
    total = _MIDDLE * (1 - _MIDDLE) / QUERY_SD**2 - 1  # the beta's two parameters together
    table: Float[np.ndarray, "4 s q"] = betaincinv(total * share, total * (1 - share), ndtr(deviate))
    return table


def world(gains: tuple[float, float, float], seed: int) -> dict[str, Evidence]:
    """Return effect → evidence of the whole family of three, drawn at this seed and estimated as a study does."""
    table, clusters = scores(gains, seed), np.arange(N_QUERIES)
    on_measure, on_logits = (
        seeded([Seeded(values, clusters)], n_resamples=2000, seed=seed)[0]
        for values in (contrasts(table, FACTORIAL), logit_contrasts(table, FACTORIAL))
    )
    margins = (MARGIN, MARGIN, INTERACTION_MARGIN)
    logits = (None, None, on_logits[2])
    return {
        name: Evidence(estimate, margin, logit)
        for name, estimate, margin, logit in zip(EFFECTS, on_measure, margins, logits, strict=True)
    }


def few_clusters(evidence: Evidence) -> Decision | None:
    """Return UNDECIDED if the estimate rests on fewer than 20 groups of queries; else None."""
    few = too_few(evidence.estimate.n_clusters)
    return Decision("UNDECIDED", few) if few else None


def over(evidence: Evidence) -> str:
    """Return the end of a reason: which seeds the interval covers."""
    n = evidence.estimate.n_seeds
    return f", over {n} seeds and all queries" if n > 1 else "; one seed, which says nothing of other seeds"
