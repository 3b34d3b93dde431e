"""Family: the estimates of a study that hold together, and the draws that are kept for the means over collections."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evidense import stats
from evidense.records import Study


@dataclass(frozen=True)
class KeptDraws:
    """Draws of the mean over the collections decided so far, so that nothing is drawn twice; `add` them in the order of the study."""

    differences: stats.MeanDraws = field(default_factory=stats.MeanDraws)
    """Of the systems' differences from the baseline."""
    pairs: stats.MeanDraws = field(default_factory=stats.MeanDraws)
    """Of all pairs of systems and references."""
    means: stats.MeanDraws = field(default_factory=stats.MeanDraws)
    """Of the systems and references themselves."""


def simultaneous(
    study: Study, differences: stats.Differences, index: int, n_collections: int, kept: stats.MeanDraws | None = None
) -> list[stats.Estimate]:
    """Estimate every system on one collection, or on a part of its queries, within the study's family.

    `index` selects the stream of random numbers; `n_collections` is the size of the family. The draws are added to `kept`.
    """
    (draws,) = stats.resample([differences], n_resamples=study.n_resamples, seed=study.seed, first=index)
    if kept is not None and n_collections > 1:
        kept.add(draws)
    estimates = stats.simultaneous_over_seeds(
        differences, confidence=level_of(study), n_resamples=study.n_resamples, seed=study.seed, draws=draws,
        n_collections=n_collections, first=index,
    )  # fmt: skip
    return stats.over_looks(estimates, study.looks)


def mean_estimates(
    study: Study, family: Sequence[stats.Differences], sharing: stats.Sharing, draws: stats.Draws | None = None
) -> list[stats.Estimate]:
    """Estimate every system's mean over these collections. `draws` are those that were kept of them."""
    estimates = stats.mean_over_seeds(
        family, confidence=level_of(study), n_resamples=study.n_resamples, seed=study.seed, sharing=sharing, draws=draws
    )
    return stats.over_looks(estimates, study.looks)


def level_of(study: Study) -> float:
    """Return the confidence of one look."""
    return stats.level(study.confidence, study.looks)
