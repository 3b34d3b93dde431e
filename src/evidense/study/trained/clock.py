"""Clock of a study: how much of a study's work is done, and how long the remaining work will take."""

import time
from collections.abc import Sequence

from evidense.study.trained.cells import Watch


class StudyClock:
    """Measures how much work is done, with tasks weighed by the plan's estimates, and estimates the remaining time."""

    def __init__(self, names: Sequence[str], watch: Watch) -> None:
        self.weights = {name: watch.seconds.get(name, 1.0) for name in names}
        self.done: dict[str, float] = {}
        self.watch = watch
        self.began = time.monotonic()
        self.words = ""

    def step(self, name: str, done: int, total: int) -> None:
        """Note how far a training is, and report it; what is no task of the study is only reported."""
        if name not in self.weights:
            self._say(f"{name}, {done:,} of {total:,}")
            return
        cell, _, seed = name.rpartition(" #")
        self.done[name] = self.weights.get(name, 0.0) * done / max(1, total)
        self._say(f"seed {seed}: {cell}, step {done:,} of {total:,}{f' · {self.words}' if self.words else ''}")

    def finish(self, name: str, words: str) -> None:
        """Note that a task is done, and report it."""
        self.done[name], self.words = self.weights.get(name, 0.0), words
        self._say(words)

    def _say(self, words: str) -> None:
        if self.watch.line:
            done, total = sum(self.done.values()), sum(self.weights.values())
            passed = time.monotonic() - self.began
            self.watch.line(words, passed * (total - done) / done if done else 0.0)
