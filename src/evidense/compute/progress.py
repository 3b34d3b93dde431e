"""Estimate the time that encoding takes: before the first batch from the machine's speed, then from the items done."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from evidense.boundary.numerals import count
from evidense.parts import Tower
from evidense.values import Item

Progress = Callable[[int, int, float], None]
"""Called with (items done, items in all, seconds left); the first call comes before the first batch."""

EFFICIENCY = 0.6
"""Share of the matrix-product speed that a forward pass reaches (measured on MiniLM: .55 to .7)."""
_SAMPLE = 64


class EncodingEstimate(NamedTuple):
    """Estimated cost of encoding: time on this machine, and bytes of vectors on disk."""

    seconds: float
    size_bytes: int


def estimate(tower: Tower, items: Sequence[Item]) -> EncodingEstimate:
    """Estimate time and disk space for encoding these items, from the lengths of a sample and the speed of this machine."""
    n = len(items)
    if n == 0:
        return EncodingEstimate(0.0, 0)
    sampled = np.unique(np.linspace(0, n - 1, _SAMPLE).astype(int))
    began = time.perf_counter()
    sizes = tower.prepare([items[int(i)] for i in sampled]).sizes
    reading_s = (time.perf_counter() - began) / len(sampled)
    flops = float(getattr(tower, "flops_per_token", 0.0)) * float(np.mean(sizes))
    computing_s = flops / (EFFICIENCY * flops_per_second()) if flops else 0.0
    return EncodingEstimate(n * (reading_s + computing_s), n * tower.n_dims * 4)


@cache
def flops_per_second() -> float:
    """Measure the speed of float32 matrix products on this machine (about 50 ms, once per process)."""
    import torch

    with torch.inference_mode():
        a, b = torch.ones(1024, 512), torch.ones(512, 512)
        a @ b
        n, began = 0, time.perf_counter()
        while (elapsed_s := time.perf_counter() - began) < 0.05:
            a @ b
            n += 1
    return 2.0 * 1024 * 512 * 512 * n / elapsed_s


@dataclass
class Clock:
    """Estimates the time left: from a first guess, then more and more from the time that the items took."""

    total: int
    first_estimate_s: float
    report: Progress | None
    done: int = 0
    _began: float = field(default_factory=time.perf_counter)
    _skipped: int = 0

    def start(self, done: int) -> None:
        """Report before the first batch. An earlier run did `done` items."""
        self.done = self._skipped = done
        self._began = time.perf_counter()
        self._tell(self.first_estimate_s * (self.total - done) / max(1, self.total))

    def advance(self, n: int) -> None:
        """Count n more items and report. Until a tenth is done, the first estimate still has weight."""
        self.done += n
        fresh = self.done - self._skipped
        measured = (time.perf_counter() - self._began) / max(1, fresh)
        weight = min(1.0, fresh / max(1, 0.1 * (self.total - self._skipped)))
        per_item = weight * measured + (1 - weight) * self.first_estimate_s / max(1, self.total)
        self._tell(per_item * (self.total - self.done))

    def _tell(self, left_s: float) -> None:
        if self.report is not None:
            self.report(self.done, self.total, left_s)


_TRUSTED_FROM = 0.1
"""Share of a run from which on its own pace alone says how long the rest takes; before that, the estimates have weight."""


@dataclass
class WholeRun:
    """Says how far a run of several steps is: which step, the share of all that is done, and the seconds left of all."""

    seconds: Mapping[str, float]
    """Step → its estimated seconds; 0 if it is in the store."""
    line: Callable[[str, float], None]
    """Hears a sentence and the seconds left."""
    _before_s: float = 0.0
    """Estimated seconds of the steps that have begun."""
    _began: float = field(default_factory=time.perf_counter)

    def step(self, key: str, name: str, n_items: int) -> Progress:
        """Begin the step of this key, shown by its name, that encodes this many items in all; return who is told of them."""
        estimated_s = self.seconds.get(key, 0.0)
        step = _StepOfRun(self, name, n_items, self._before_s, estimated_s)
        self._before_s += estimated_s
        self.tell(name, step.before_s, 0.0)
        return step

    def tell(self, words: str, done_s: float, left_of_step_s: float) -> None:
        """Say how far the run is; `done_s` are the estimated seconds of what is done."""
        total_s = sum(self.seconds.values())
        if total_s <= 0:
            self.line(words, left_of_step_s)
            return
        share = done_s / total_s
        weight = min(1.0, share / _TRUSTED_FROM)
        measured = (time.perf_counter() - self._began) / done_s if done_s else 1.0
        pace = weight * measured + (1 - weight)
        self.line(f"{100 * share:.0f} % of the run: {words}", pace * (total_s - done_s))


@dataclass
class _StepOfRun:
    """Counts the items of one step: first those of one side, then those of the other."""

    run: WholeRun
    name: str
    n_items: int
    before_s: float
    estimated_s: float
    _of_earlier_sides: int = 0
    _latest: int = 0

    def __call__(self, done: int, total: int, left_s: float) -> None:
        """Hear that some items of a side are done."""
        if done < self._latest:
            self._of_earlier_sides += self._latest
        self._latest = done
        share = min(1.0, (self._of_earlier_sides + done) / max(1, self.n_items))
        words = f"{self.name}, {count(done)} of {count(total)} items"
        self.run.tell(words, self.before_s + share * self.estimated_s, left_s)
