"""Trainer: one loop for both regimes, from pairs and an objective to trained weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from evidense.parts import Encoder, Objective
from evidense.records import Json, Recipe
from evidense.values import Pairs


@dataclass(frozen=True)
class Job:
    """What is trained, on what, and how."""

    encoder: Encoder
    objective: Objective
    pairs: Pairs
    recipe: Recipe
    folder: Path
    """Where the state of a training in progress lies; a killed one is continued from there."""
    held_out: Pairs | None = None
    """Pairs that early stopping looks at, none of whose groups is trained on."""


@dataclass(frozen=True)
class Watch:
    """Who is told what while it trains."""

    progress: Callable[[int, int, float], None] | None = None
    """Steps done, steps in all, seconds left."""
    diagnostics: Callable[[Mapping[str, Json]], None] | None = None
    """The diagnostics of each step."""


@dataclass(frozen=True)
class Trained:
    """What came of it."""

    encoder: Encoder
    """The same encoder, its weights trained in place; in evaluation mode."""
    diagnostics: list[dict[str, Json]]
    """One mapping a step."""
    n_steps: int
    n_pairs: int
    """Pairs seen, each time counted."""
    n_tokens: int
    n_pixels: int
    flops: float
    stopped: str
    """Empty = all steps were taken."""
    warnings: tuple[str, ...]
    wall_s: float
    temperature: float | None
    """Where it ended; None = the objective has none."""


def run(job: Job, watch: Watch) -> Trained:
    """Train the encoder in place and return it with what was seen on the way."""
    raise NotImplementedError
