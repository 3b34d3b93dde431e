"""Learning: the loss and the in-batch accuracy of each training, over its steps, as a band over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from evidense.boundary.numerals import plain, short
from evidense.report.factorial.arms import TrainedArm
from evidense.report.factorial.effects import Effects
from evidense.store import Store

WIDTH, HEIGHT, MOST_POINTS = 220.0, 90.0, 80
WHAT = {"loss_nats": "loss", "accuracy": "in-batch accuracy", "held_out": "held-out loss"}


@dataclass(frozen=True)
class LearningPanel:
    """One quantity of one training: the mean over seeds as a line, least to greatest as a band."""

    what: str
    line: str
    band: str
    top: str
    bottom: str
    last: str
    n_steps: int


@dataclass(frozen=True)
class Curves:
    """One training (a stage from one start), its panels."""

    name: str
    n_seeds: int
    panels: tuple[LearningPanel, ...]


def curves(effects: Effects, arms: Sequence[TrainedArm], store: Store) -> list[Curves]:
    """Draw the last stage of every cell and arm that was trained."""
    trainings = []
    for arm in arms:
        logs = [store.json(effects.checkpoints[c].diagnostics) for c in arm.checkpoints]
        logs = [log for log in logs if log]
        panels = tuple(p for key, what in WHAT.items() if (p := _panel(what, [_series(log, key) for log in logs])))
        if panels:
            trainings.append(Curves(arm.name, len(logs), panels))
    return trainings


def _series(log: Sequence[Mapping[str, float]], key: str) -> Float64[np.ndarray, "s 2"]:
    pairs = [(row["step"], row[key]) for row in log if row.get(key) is not None]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _panel(what: str, series: list[Float64[np.ndarray, "s 2"]]) -> LearningPanel | None:
    known = [s for s in series if len(s) > 1]
    if not known or len({len(s) for s in known}) != 1:
        return None
    steps, values = known[0][:, 0], np.stack([s[:, 1] for s in known])
    n = min(MOST_POINTS, len(steps))
    blocks = np.array_split(np.arange(len(steps)), n)
    steps = np.array([steps[b].mean() for b in blocks])
    values = np.stack([values[:, b].mean(axis=1) for b in blocks], axis=1)
    low, high = float(min(0.0, values.min())), float(values.max()) or 1.0
    x = WIDTH * (steps - steps[0]) / max(1e-9, steps[-1] - steps[0])

    def y(row: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        return HEIGHT - HEIGHT * (row - low) / max(1e-12, high - low)

    upper, lower = y(values.max(axis=0)), y(values.min(axis=0))
    band = _points(np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]]))
    mean = values.mean(axis=0)
    return LearningPanel(
        what,
        _points(x, y(mean)),
        band,
        short(round(high, 2)),
        short(round(low, 2)),
        plain(float(mean[-1])),
        int(known[0][-1, 0]),
    )


def _points(x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
