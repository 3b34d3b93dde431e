"""What a job of the bench hands back, and how it is timed."""

import gc
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Literal

N_RUNS = 5


@dataclass(frozen=True)
class Line:
    """One line of the table: medians of a peer and of Evidense, and their ratio against the target."""

    job: str
    peer: str
    target: str
    bound: float
    """The ratio that the target names."""
    sense: Literal["ours/peer ≤", "peer/ours ≥", "ours ≤"]
    peer_value: float | None
    ours_value: float
    unit: str
    n_runs: int
    notes: tuple[str, ...] = field(default=())

    @property
    def ratio(self) -> float:
        """Return the number that the target speaks of."""
        if self.sense == "ours ≤" or self.peer_value is None:
            return self.ours_value
        return self.peer_value / self.ours_value if self.sense.startswith("peer") else self.ours_value / self.peer_value

    @property
    def is_met(self) -> bool:
        """Say whether the target is met."""
        return self.ratio >= self.bound if self.sense.startswith("peer") else self.ratio <= self.bound

    def to_json(self) -> dict[str, object]:
        """Return everything, the derived numbers included."""
        return asdict(self) | {"ratio": self.ratio, "is_met": self.is_met}


def alternate(
    peer: Callable[[], object], ours: Callable[[], object], *, warm_up: bool = True, n_runs: int = N_RUNS
) -> tuple[float, float]:
    """Return the median CPU-seconds of both, taken in turns after one run each to warm up.

    CPU-seconds of one thread, because other work on the machine stretches the clock on the wall; turns, because it also
    changes the speed of caches and memory from minute to minute.
    """
    if warm_up:
        peer(), ours()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(n_runs):
        for work, seen in zip((peer, ours), times, strict=True):
            seen.append(cpu_s(work))
    return median(times[0]), median(times[1])


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU-seconds of one call."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started
