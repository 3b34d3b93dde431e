"""Which subjects of a case are compared with which."""

from dataclasses import dataclass
from typing import Literal

from evidense.parts import Case, Subject

FLOOR = "floor"
Floor = Literal["all tunings", "tuned and seed"]
"""all tunings: every two tunings of one recipe; tuned and seed: every seed with every tuned encoder."""


@dataclass(frozen=True)
class Comparison:
    """One subject and what it is compared with."""

    against: Subject
    subject: Subject
    is_floor: bool = False
    """Both are tunings that differ in their seed alone: their difference is the noise floor."""

    @property
    def role(self) -> str:
        """Return the subject's role, or "floor"."""
        return FLOOR if self.is_floor else self.subject.role


def comparisons(case: Case, floor: Floor) -> list[Comparison]:
    """Compare every subject with the base, then the tunings with each other, as `floor` says."""
    pairs = [Comparison(case.base, subject) for subject in case.subjects[1:]]
    if floor == "tuned and seed":
        return pairs + [Comparison(tuned, seed, True) for tuned in case.of("tuned") for seed in case.of("seed")]
    tunings = case.of("tuned", "seed") if case.of("seed") else ()
    return pairs + [Comparison(a, b, True) for i, a in enumerate(tunings) for b in tunings[i + 1 :]]
