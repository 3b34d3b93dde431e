"""The effects of a factorial: contrasts of its four cells, on the scale of the measure and on logits."""

import numpy as np
from jaxtyping import Float, Int

from evidense.errors import InvalidInput
from evidense.stats.crossed import Seeded
from evidense.stats.estimates import Estimate
from evidense.stats.populations.seeded import seeded

CELLS = ("neither", "pre-trained", "fine-tuned", "both")
"""The order of the cells that the columns of FACTORIAL stand for."""
EFFECTS = ("pretraining", "finetuning", "interaction")
"""The names of the rows of FACTORIAL."""
FACTORIAL: Float[np.ndarray, "3 4"] = np.array(
    [
        [-0.5, 0.5, -0.5, 0.5],  # the mean gain by pre-training, without and with fine-tuning
        [-0.5, -0.5, 0.5, 0.5],  # the mean gain by fine-tuning, without and with pre-training
        [1.0, -1.0, -1.0, 1.0],  # how much more fine-tuning gains after pre-training than without it
    ]
)


def contrasts(cells: Float[np.ndarray, "c s q"], weights: Float[np.ndarray, "k c"]) -> Float[np.ndarray, "k s q"]:
    """Return the weighted sums of the cells, in each seed on each query.

    Raises:
        InvalidInput: weights for another number of cells.

    >>> cells = np.array([0.1, 0.3, 0.4, 0.9])[:, None, None]  # neither, pre-trained, fine-tuned, both
    >>> contrasts(cells, FACTORIAL).ravel().round(3)  # ½(.2 + .5), ½(.3 + .6), .9 − .3 − .4 + .1
    array([0.35, 0.45, 0.3 ])
    """
    if weights.shape[-1] != len(cells):
        raise InvalidInput(
            f"weights are for {weights.shape[-1]} cells, but there are {len(cells)} → expected one weight a cell "
            "→ give the cells in the order of the weights"
        )
    weighed: Float[np.ndarray, "k s q"] = np.einsum("kc,csq->ksq", weights, cells)
    return weighed


def logit_contrasts(cells: Float[np.ndarray, "c s q"], weights: Float[np.ndarray, "k c"]) -> Float[np.ndarray, "k s q"]:
    """Return contrasts of the logits of the cells' means, spread over seeds and queries by the delta method.

    A query's own score may be 0 and has no logit; a cell's mean over seeds and queries has one, after half a success and
    half a failure are added to its q queries. Each value is that logit plus the slope there times the distance of the
    value from the mean, so that the mean of a contrast is the contrast of logits, and its spread is the delta method's.

    Raises:
        InvalidInput: a value outside [0, 1], which a share cannot have, or weights for another number of cells.

    >>> halves = np.full((4, 1, 50), 0.5)
    >>> float(logit_contrasts(halves, FACTORIAL).mean())  # log(.5/.5) = 0 everywhere
    0.0
    """
    if not ((cells >= 0) & (cells <= 1)).all():
        raise InvalidInput(
            f"values lie in [{cells.min():g}, {cells.max():g}] → expected a measure from 0 to 1, for only a share has odds "
            "→ leave the scale of logits out for this measure"
        )
    n = cells.shape[2]
    mean = cells.mean(axis=(1, 2), keepdims=True)
    share = (n * mean + 0.5) / (n + 1)
    slope = n / (n + 1) / (share * (1 - share))
    return contrasts(np.log(share / (1 - share)) + slope * (cells - mean), weights)


def logit_means(
    cells: Float[np.ndarray, "4 s q"],
    clusters: Int[np.ndarray, " q"],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    seed: int,
) -> list[Estimate]:
    """Estimate the three effects on logits of the cells' means, over seeds × queries; all numbers are in logits.

    For several collections, or a mean over them, give `Seeded(logit_contrasts(cells, FACTORIAL), clusters)` to `seeded`
    and `seeded_mean_over`.

    Raises:
        InvalidInput: as `logit_contrasts` and `seeded`.
    """
    table = Seeded(logit_contrasts(cells, FACTORIAL), clusters)
    return seeded([table], confidence=confidence, n_resamples=n_resamples, seed=seed)[0]
