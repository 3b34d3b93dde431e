"""Sensitivity: by how much each reviewer's score falls when a synthesis is made wrong on purpose. One that does not fall has failed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from evidense.parts import Reviewer
from evidense.reviewing.defects import NEUTRAL, Defect, defects_of
from evidense.stats import Agreement, EffectiveRaters, effective_raters, krippendorff_alpha
from evidense.values import Synthesis

MOSTLY = 0.95
"""The least share of seeds in which a planted defect has to lower its reviewer's score."""
_SAME = 1e-9


@dataclass(frozen=True)
class Sensitivity:
    """One defect beside one reviewer that it is meant for."""

    defect: str
    reviewer: str
    n: int
    """Seeds in which the defect could be planted and the reviewer had something to look at; 0 where neither was so."""
    n_fell: int
    fall: float
    """Mean fall of the score over these seeds, from 0 to 10."""

    @property
    def is_noticed(self) -> bool:
        """Say whether the score fell in 95 of 100 seeds."""
        return self.n > 0 and self.n_fell >= MOSTLY * self.n


@dataclass(frozen=True)
class SensitivityTable:
    """Every defect beside its reviewers, and what changed a score and must not."""

    rows: tuple[Sensitivity, ...]
    swayed: tuple[tuple[str, str, int], ...]
    """(praise, length or an order; reviewer; seeds in which its score changed)."""
    untried: tuple[str, ...]
    """Reviewers that no defect is meant for, or that had nothing to look at, here; nothing is known of them."""
    agreement: Agreement
    """Krippendorff's α of reviewers over the defects, each with its mean score: about 0 where they look at different things."""
    effective: EffectiveRaters
    """Kish's number of independent reviewers, over the same. Each defect is made for few reviewers, so it is high unless some are copies."""

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the reviewers that missed a defect which they are for, or were swayed."""
        missed = [row.reviewer for row in self.rows if row.n and not row.is_noticed]
        return tuple(dict.fromkeys([*missed, *(reviewer for _, reviewer, _ in self.swayed)]))


def sensitivity(
    synthesis: Synthesis,
    reviewers: Sequence[Reviewer],
    *,
    share: float = 0.5,
    seeds: Sequence[int] = range(20),
    rejudged: Callable[[Synthesis], Synthesis] = lambda planted: planted,
) -> SensitivityTable:
    """Plant each defect in a share of a synthesis, once a seed, and let all reviewers vote again.

    `rejudged` runs the checks on a planted synthesis anew; without it, what the checks came to stays as each defect leaves it.
    """
    before, defects = _scores(synthesis, reviewers), defects_of(reviewers)
    planted: dict[Defect, tuple[Float64[np.ndarray, "seeds reviewers"], Bool[np.ndarray, " seeds"]]] = {}
    for defect in (*defects, *NEUTRAL):
        versions = [defect.planted(synthesis, share, seed) for seed in seeds]
        after = np.array([_scores(rejudged(version), reviewers) for version in versions]).reshape(-1, len(reviewers))
        planted[defect] = after, np.array([version != synthesis for version in versions], dtype=bool)
    names = {reviewer.name: place for place, reviewer in enumerate(reviewers)}
    rows = tuple(_row(d, name, before[names[name]], _column(planted, d, names[name])) for d in defects for name in d.meant_for if name in names)  # fmt: skip
    tried = {row.reviewer for row in rows if row.n}
    every = np.array([before, *(_means(planted[defect][0]) for defect in defects)]).T
    return SensitivityTable(
        rows, _swayed(planted, names, before), tuple(n for n in names if n not in tried), krippendorff_alpha(every), effective_raters(every)
    )  # fmt: skip


def _scores(synthesis: Synthesis, reviewers: Sequence[Reviewer]) -> Float64[np.ndarray, " reviewers"]:
    scores = [reviewer.vote(synthesis).score for reviewer in reviewers]
    return np.array([np.nan if score is None else score for score in scores], dtype=np.float64)


def _means(scores: Float64[np.ndarray, "seeds reviewers"]) -> Float64[np.ndarray, " reviewers"]:
    """Return each reviewer's mean score over the seeds in which it has one; NaN where it has none."""
    is_given = ~np.isnan(scores)
    sums, counts = np.where(is_given, scores, 0.0).sum(axis=0), is_given.sum(axis=0)
    means: Float64[np.ndarray, " reviewers"] = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return means


def _column(
    planted: Mapping[Defect, tuple[Float64[np.ndarray, "s r"], Bool[np.ndarray, " s"]]], defect: Defect, place: int
) -> Float64[np.ndarray, " seeds"]:
    after, is_planted = planted[defect]
    return np.asarray(after[is_planted, place])


def _row(defect: Defect, reviewer: str, before: float, after: Float64[np.ndarray, " seeds"]) -> Sensitivity:
    """A score that is gone counts as not fallen: what a reviewer cannot see any more it has not noticed."""
    if np.isnan(before) or before <= 0 or not len(after):
        return Sensitivity(defect.name, reviewer, 0, 0, 0.0)
    falls = np.nan_to_num(before - after, nan=0.0)
    return Sensitivity(defect.name, reviewer, len(after), int((falls > _SAME).sum()), float(falls.mean()))


def _swayed(
    planted: Mapping[Defect, tuple[Float64[np.ndarray, "s r"], Bool[np.ndarray, " s"]]],
    names: Mapping[str, int],
    before: Float64[np.ndarray, " reviewers"],
) -> tuple[tuple[str, str, int], ...]:
    found = []
    for defect in NEUTRAL:
        after = planted[defect][0]
        for name, place in names.items():
            is_same = np.isclose(after[:, place], before[place], rtol=0, atol=_SAME, equal_nan=True)
            if not is_same.all():
                found.append((defect.name, name, int((~is_same).sum())))
    return tuple(found)
