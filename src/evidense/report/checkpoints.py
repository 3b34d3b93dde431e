"""Checkpoints: the curve over the steps of a training, where the systems of a study are the steps of one."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import interval, plain, signed
from evidense.records import Study
from evidense.report.contents import Contents
from evidense.report.rendering import full_name
from evidense.report.words import WORDS, Word

_STEP = re.compile(r"step-(\d+)|model")
"""A checkpoint by its step; `model` is one whose step the trainer did not say, which is drawn last."""
_EDGE = 4.0
"""Percent of the width and height that stay free on all sides."""


@dataclass(frozen=True)
class DrawnStep:
    """One checkpoint: places in percent of the figure, and what is said of it."""

    label: str
    x: float
    y: float
    top: float
    bottom: float
    value: str
    difference: str
    word: Word | None
    """None of the start itself."""


@dataclass(frozen=True)
class Curve:
    """The checkpoints of a training on one collection, in the order of their steps, the start first."""

    collection: str
    steps: tuple[DrawnStep, ...]
    sentence: str


def is_training(study: Study) -> bool:
    """Say whether all systems but the baseline are steps of a training, as `evidense.evaluator` names them."""
    return len(study.systems) > 1 and all(_STEP.fullmatch(system) for system in study.systems[1:])


def curves(contents: Contents) -> list[Curve]:
    """Return a curve a collection, from two checkpoints on."""
    if not is_training(contents.study) or len(contents.systems) < 2:
        return []
    return [_curve(contents, collection) for collection in contents.collections]


def _curve(contents: Contents, collection: str) -> Curve:
    systems = [contents.baseline, *sorted(contents.systems, key=lambda system: _step(system, sys.maxsize))]
    means = [contents.means[system, collection, contents.study.primary] for system in systems]
    known = [_step(system, 0) for system in systems]
    steps = [
        _step(system, max(known) + max(1, max(known) // len(known))) if n else 0 for n, system in enumerate(systems)
    ]
    lows, highs = (
        [float(getattr(m, end) if getattr(m, end) is not None else m.value) for m in means] for end in ("low", "high")
    )
    across, up = _Axis(0, max(steps)), _Axis(min(lows), max(highs))
    drawn = []
    for n, (system, mean) in enumerate(zip(systems, means, strict=True)):
        verdict = contents.verdicts.get((system, collection))
        drawn.append(
            DrawnStep(
                label=system.replace("-", " "),
                x=across.at(steps[n]),
                y=100 - up.at(mean.value),
                top=100 - up.at(highs[n]),
                bottom=100 - up.at(lows[n]),
                value=f"{plain(mean.value)} {interval(mean.low, mean.high, sign=False)}",
                difference=f"{signed(verdict.effect)} {interval(verdict.low, verdict.high)}" if verdict else "",
                word=WORDS.get(verdict.verdict) if verdict else None,
            )
        )
    return Curve(collection, tuple(drawn), _sentence(drawn[1:], contents.baseline))


@dataclass(frozen=True)
class _Axis:
    least: float
    most: float

    def at(self, x: float) -> float:
        """Return the place of a number, in percent."""
        share = (x - self.least) / (self.most - self.least) if self.most > self.least else 0.5
        return round(_EDGE + (100 - 2 * _EDGE) * share, 2)


def _sentence(steps: Sequence[DrawnStep], baseline: str) -> str:
    """Say since when the difference from the start is decided, by the last run of equal verdicts."""
    last = steps[-1].word
    if last is None or last.word == "UNDECIDED":
        return f"At {steps[-1].label} the difference from {baseline} is not decided."
    since = len(steps) - 1
    while since > 0 and steps[since - 1].word == last:
        since -= 1
    return f"{last.word}, against {baseline}, is decided since {steps[since].label}."


def _step(system: str, otherwise: int) -> int:
    found = _STEP.fullmatch(full_name(system))
    return int(found[1]) if found and found[1] else otherwise
