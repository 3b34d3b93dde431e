"""Kept draws: resamples of each collection of a study, added up for the means over them, so that nothing is drawn twice."""

from dataclasses import dataclass, field

from evidense import stats


@dataclass(frozen=True)
class KeptDraws:
    """Draws of the mean over the collections decided so far; `add` them in the order of the study."""

    differences: stats.MeanDraws = field(default_factory=stats.MeanDraws)
    """Of the systems' differences from the baseline."""
    pairs: stats.MeanDraws = field(default_factory=stats.MeanDraws)
    """Of all pairs of systems and references."""
    means: stats.MeanDraws = field(default_factory=stats.MeanDraws)
    """Of the systems and references themselves."""
