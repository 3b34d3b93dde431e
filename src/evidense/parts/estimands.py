"""Estimands: what findings estimate. Analyses declare them, claims seek them by name, and the page explains each with its sentence.

From a declared estimand others follow by name, and are not declared again: "change of X" and "change in X" (one encoder minus
another), the same "over seeds", and "X beyond seeds" (tuned against base, minus two seeds of the tuning).
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimand:
    """One thing that findings estimate."""

    name: str
    """As findings have it: short, lower case, a variant after a comma."""
    see: str = ""
    """One sentence below the figure: what a value means, and which values are good, bad or none."""
    is_change: bool = False
    """Whether values are differences, to be read against 0."""


_CHANGE = "What one encoder has more of than the other; 0 is no change."
_OVER_SEEDS = "What tuning changed beyond what another seed changes; 0 is no more than a seed does."
_BEYOND_SEEDS = "Tuned against base, minus two seeds of the tuning."


def declared(name: str, estimands: Iterable[Estimand]) -> Estimand | None:
    """Return the estimand of this name: as it is declared, or as it follows from one that is; None where neither is so.

    >>> uniformity = Estimand("uniformity", "Lower is more even.")
    >>> declared("change of uniformity", [uniformity]).see
    'What one encoder has more of than the other; 0 is no change. Lower is more even.'
    >>> declared("uniformity beyond seeds", [uniformity]).is_change, declared("evenness", [uniformity])
    (True, None)
    """
    by_name = {estimand.name: estimand for estimand in estimands}
    if name in by_name:
        own = by_name[name]
        whole = by_name.get(name.partition(",")[0])
        return Estimand(name, own.see or (whole.see if whole else ""), own.is_change)
    bare, lead = _bare(name)
    if bare == name or bare not in by_name:
        return None
    return Estimand(name, f"{lead} {by_name[bare].see}".strip() if lead else "", True)


def _bare(name: str) -> tuple[str, str]:
    """Return the estimand that a derived name rests on, and what its sentence begins with."""
    over_seeds = name.removesuffix(" over seeds")
    for before in ("change of ", "change in "):
        if name.startswith(before):
            return over_seeds.removeprefix(before), _CHANGE if over_seeds == name else _OVER_SEEDS
    if name.endswith(" beyond seeds"):
        return name.removesuffix(" beyond seeds"), _BEYOND_SEEDS
    return over_seeds, ""


ACCURACY = Estimand(
    "accuracy",
    "Share of queries whose relevant document the probe chooses. Look at how far a line lies above its own dotted controls, not only above chance.",
)
CHANGE_IN_ACCURACY = Estimand(
    "change in accuracy", "Accuracy of one encoder minus the base’s, on the same queries.", is_change=True
)

BEYOND_ANALYSES = (
    Estimand("effect", "A gain of training, in the measure, over seeds and queries.", is_change=True),
    ACCURACY,
    CHANGE_IN_ACCURACY,
    Estimand("relative gain in accuracy", "Accuracy as a share of the backbone’s, minus 1.", is_change=True),
    Estimand("change in chance-corrected accuracy", "κ with more passages minus κ with fewer.", is_change=True),
    Estimand("change in discriminability", "d′ with more passages minus d′ with fewer.", is_change=True),
    Estimand("correlation of profiles", "Rank correlation over layers of what tuning changed on two collections."),
)
"""What no analysis estimates: effects of trained cells (`verbs.decide_effects`) and published numbers (`evidense.published`)."""
