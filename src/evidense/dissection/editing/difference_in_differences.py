"""Difference in differences of retrieval: edited minus unedited copies, on edited facts minus matched facts that were not edited."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from evidense.errors import InvalidInput
from evidense.stats import Estimate, Seeded, seeded


@dataclass(frozen=True)
class FourCells:
    """Values of one measure: [contrast, seed, pair]; row i of edited and of control is one matched pair of facts.

    A contrast is one edited copy under one way of training. The unedited copy was trained in the same way, seed and order.

    Raises:
        InvalidInput: tables of different shapes.
    """

    edited_copy_edited_facts: Float[np.ndarray, "k s p"]
    edited_copy_control_facts: Float[np.ndarray, "k s p"]
    plain_copy_edited_facts: Float[np.ndarray, "k s p"]
    plain_copy_control_facts: Float[np.ndarray, "k s p"]

    def __post_init__(self) -> None:
        shapes = {part.shape for part in self.parts}
        if len(shapes) > 1 or len(next(iter(shapes))) != 3:
            raise InvalidInput(
                f"the four tables have shapes {sorted(shapes)}; expected one shape (contrasts, seeds, pairs of facts); "
                "give every edited fact a control and every contrast the same seeds"
            )

    @property
    def parts(self) -> tuple[Float[np.ndarray, "k s p"], ...]:
        """The four tables."""
        return (
            self.edited_copy_edited_facts,
            self.edited_copy_control_facts,
            self.plain_copy_edited_facts,
            self.plain_copy_control_facts,
        )

    def differences(self) -> Float64[np.ndarray, "k s p"]:
        """Return (edited − plain copy on the edited fact) − (edited − plain copy on its control).

        >>> one = np.ones((1, 1, 1))
        >>> FourCells(0.2 * one, 0.7 * one, 0.9 * one, 0.8 * one).differences().round(9).item()   # (.2 − .9) − (.7 − .8)
        -0.6
        """
        a, b, c, d = (part.astype(np.float64) for part in self.parts)
        difference: Float64[np.ndarray, "k s p"] = (a - c) - (b - d)
        return difference


@dataclass(frozen=True)
class ContrastEffect:
    """One contrast's difference in differences: by itself, and together with the other contrasts."""

    alone: Estimate
    together: Estimate


def effects(table: FourCells, confidence: float, n_resamples: int, seed: int) -> list[ContrastEffect]:
    """Estimate every contrast. Seeds and pairs of facts both count as random.

    The interval of `alone` holds for one contrast, that of `together` for all contrasts at once.

    Raises:
        InvalidInput: as `stats.seeded`.

    Source: seeds × items as Sellam et al. 2022 (MultiBERTs); see `stats.seeded`.
    """
    values = table.differences()
    clusters = np.arange(values.shape[2])

    def estimated(part: Float64[np.ndarray, "k s p"]) -> list[Estimate]:
        return seeded([Seeded(part, clusters)], confidence=confidence, n_resamples=n_resamples, seed=seed)[0]

    together = estimated(values)
    return [ContrastEffect(estimated(values[k : k + 1])[0], together[k]) for k in range(len(values))]
