"""Simulated studies whose cells were trained with every budget of a grid: what each budget gives is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from evidense.stats.crossed import Seeded
from evidense.stats.populations.budgets import BudgetCurve, CellTables

PRETRAINING = (0, 1000, 2000, 4000, 8000, 16000)
FINETUNING = (0, 250, 500, 1000, 2000, 4000)
CELLS = [(p, f) for p in PRETRAINING for f in FINETUNING]
SEED_SD, QUERY_SD, REST_SD = 0.012, 0.25, 0.12
"""Of a training stage, of a query in all cells, and of a query in one cell and seed."""


def saturating(pairs: float, half: float, most: float) -> float:
    """Return the gain by some pairs with diminishing returns: half of `most` at `half` pairs."""
    return most * pairs / (pairs + half)


WORLDS: dict[str, Callable[[float, float], float]] = {
    "only pre-training helps": lambda p, f: 0.3 + saturating(p, 3000, 0.3),
    "only fine-tuning helps": lambda p, f: 0.3 + saturating(f, 800, 0.3),
    "both help, less and less": lambda p, f: 0.25 + saturating(p, 4000, 0.25) + saturating(f, 1000, 0.3),
    "curves cross": lambda p, f: 0.25 + 0.04 * np.log2(1 + p / 250) + saturating(f, 150, 0.14),
}


@dataclass(frozen=True)
class BudgetWorld:
    """One simulated study."""

    name: str

    def means(self) -> Float[np.ndarray, " c"]:
        """Return the true mean of each cell."""
        return np.array([WORLDS[self.name](p, f) for p, f in CELLS])

    def draw(self, seed: int, *, n_seeds: int = 5, n_queries: int = 120) -> CellTables:
        """Draw the scores of one study: a checkpoint of pre-training is shared by all cells that go on from it."""
        rng = np.random.default_rng((seed, list(WORLDS).index(self.name)))
        of_pretraining = SEED_SD * rng.standard_normal((len(PRETRAINING), 1, n_seeds))
        of_finetuning = SEED_SD * rng.standard_normal((len(PRETRAINING), len(FINETUNING), n_seeds))
        of_finetuning[:, 0] = 0
        of_pretraining[0] = 0
        by_seed = (of_pretraining + of_finetuning).reshape(len(CELLS), n_seeds, 1)
        queries = QUERY_SD * rng.standard_normal(n_queries)
        rest = REST_SD * rng.standard_normal((len(CELLS), n_seeds, n_queries))
        return CellTables([Seeded(self.means()[:, None, None] + by_seed + queries + rest, np.arange(n_queries))])

    def truth(self) -> CellTables:
        """Return the study without chance: what is found here is true."""
        values = np.broadcast_to(self.means()[:, None, None], (len(CELLS), 2, 2))
        return CellTables([Seeded(values, np.arange(2))])


def along_pretraining(f: float = 0) -> BudgetCurve:
    """Return the curve of pre-training at one budget of fine-tuning."""
    return BudgetCurve(PRETRAINING[1:], [CELLS.index((p, f)) for p in PRETRAINING[1:]], len(CELLS))


def along_finetuning(p: float = 0) -> BudgetCurve:
    """Return the curve of fine-tuning at one budget of pre-training."""
    return BudgetCurve(FINETUNING[1:], [CELLS.index((p, f)) for f in FINETUNING[1:]], len(CELLS))
