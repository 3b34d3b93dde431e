"""Contrasts of each tuned model with its backbone at every layer, with the published test and with one that respects clusters.

The study reports how many answers are right, but not which ones. So a difference of two accuracies gets the standard error of two
*independent* shares. Both models answered the same examples and make similar errors, so this is an upper bound. Several examples come from
one question. In the worst case all of them are right or all are wrong, which multiplies the variance by the examples per question.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtr, ndtri, stdtr

from evidense.published.facts import DataSet, Published, PublishedCurve


@dataclass(frozen=True)
class Contrast:
    """Accuracy of a tuned model minus that of its backbone, at every layer."""

    backbone: PublishedCurve
    tuned: PublishedCurve
    dataset: DataSet

    @property
    def design_effect(self) -> float:
        """Return the examples per question: the factor on the variance in the worst case."""
        return self.tuned.n_eval / self.dataset.n_questions

    @cached_property
    def effect(self) -> Float[np.ndarray, " l"]:
        """Return the difference of accuracy at each layer."""
        effect: Float[np.ndarray, " l"] = self.tuned.accuracy - self.backbone.accuracy
        return effect

    @cached_property
    def standard_error(self) -> Float[np.ndarray, " l"]:
        """Return the standard error for two independent samples of n answers each, as in the study."""
        p, q, n = self.tuned.accuracy, self.backbone.accuracy, self.tuned.n_eval
        se: Float[np.ndarray, " l"] = np.sqrt(p * (1 - p) / n + q * (1 - q) / n)
        return se

    @property
    def worst_error(self) -> Float[np.ndarray, " l"]:
        """Return the standard error if all examples of a question are alike."""
        worst: Float[np.ndarray, " l"] = self.standard_error * np.sqrt(self.design_effect)
        return worst

    def p_published(self) -> Float[np.ndarray, " l"]:
        """Return p of `scipy.stats.ttest_ind` on the answers as 0 and 1, times the number of layers.

        It uses the pooled variance with 2n − 2 degrees of freedom.
        """
        n, p, q = self.tuned.n_eval, self.tuned.accuracy, self.backbone.accuracy
        pooled = (p * (1 - p) + q * (1 - q)) * n / (2 * n - 2)
        t = np.divide(self.effect, np.sqrt(pooled * 2 / n))
        return np.asarray(np.minimum(1.0, 2 * stdtr(2 * n - 2, -np.abs(t)) * self.tuned.n_layers))

    def p_worst(self) -> Float[np.ndarray, " l"]:
        """Return the p-values if only questions are independent. t shrinks by the square root of the design effect."""
        z = np.abs(self.effect) / self.worst_error
        return np.asarray(np.minimum(1.0, 2 * ndtr(-z) * self.tuned.n_layers))

    @property
    def stars_recomputed(self) -> Bool[np.ndarray, " l"]:
        """Return True at the layers where the published test gives p < .05."""
        return self.p_published() < 0.05

    @property
    def stars_survive(self) -> Bool[np.ndarray, " l"]:
        """Return True at the layers whose published star survives the worst case of clustering."""
        return np.array(self.tuned.starred) & (self.p_worst() < 0.05)

    def interval(self, confidence: float = 0.95, *, together: bool = False) -> Float[np.ndarray, "2 l"]:
        """Return low and high at each layer in the worst case of clustering. With `together`, they hold over all layers (Bonferroni)."""
        tail = (1 - confidence) / 2 / (self.tuned.n_layers if together else 1)
        half = -float(ndtri(tail)) * self.worst_error
        return np.stack([self.effect - half, self.effect + half])

    def mean_over(self, layers: slice) -> tuple[float, float]:
        """Return the mean effect of some layers, and an upper bound on its standard error under any correlation of the layers."""
        return float(self.effect[layers].mean()), float(self.worst_error[layers].mean())


def contrasts(study: Published) -> list[Contrast]:
    """Return the contrast of every tuned model with its backbone, in every group."""
    return [Contrast(group[0], tuned, study.dataset(tuned.dataset)) for group in study.groups() for tuned in group[1:]]
