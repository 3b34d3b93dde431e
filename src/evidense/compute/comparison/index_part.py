"""Index: how much of the exact results approximate indexes find, and how much of a difference between two systems is theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from evidense import measures, stats
from evidense.boundary.numerals import count, interval, signed
from evidense.compute.comparison.scored import ScoredSystems
from evidense.compute.indexes.recall import recall
from evidense.compute.search.rankings import load_lists
from evidense.compute.search.scoring import judgements, per_query
from evidense.records import Finding, Json, Study
from evidense.stats.critical import unadjust
from evidense.store import Store

Interval = tuple[float, float, float]
"""Mean, low and high."""
_WHOLE = 1 + 1e-9


@dataclass(frozen=True)
class IndexPart:
    """What indexes do to the difference of one system from the baseline."""

    change: Interval
    """Difference by index less difference by exact search."""
    exact: Interval
    """Difference by exact search; it holds together with the others of its family."""
    n: int
    n_clusters: int
    n_changed: int
    """Checked queries whose difference the indexes change."""
    is_sample: bool
    """Whether only a sample of the queries was searched exactly."""

    def allowing(self, estimate: stats.Estimate) -> stats.Estimate:
        """Return the estimate with an interval that also holds the one by exact search."""
        return replace(estimate, low=min(estimate.low, self.exact[1]), high=max(estimate.high, self.exact[2]))


def word_allowing(estimate: stats.Estimate, part: IndexPart | None, margin: float) -> stats.Label:
    """Return the word of the rule; UNDECIDED where exact search could have led to another."""
    word = stats.label(estimate, margin)
    if part is None or word in ("IDENTICAL", "UNDECIDED"):
        return word
    return word if stats.label(part.allowing(estimate), margin) == word else "UNDECIDED"


def index_reason(estimate: stats.Estimate, part: IndexPart | None, word: str) -> str:
    """Say why a word is not said: the index could have done it."""
    if part is None:
        return ""
    words = index_words(estimate.effect, details_of_index(part)["index"])
    return f"could be the index: {words}; as run: {word}"


def index_words(effect: float, index: Mapping[str, Json]) -> str:
    """Say how much of a difference is an index's, and what exact search would show; `index` is what `details_of_index` keeps.

    >>> index = {"change": (-0.05, -0.06, -0.04), "exact": (-0.01, -0.02, 0.005), "n": 300, "n_changed": 40, "is_sample": False}
    >>> index_words(-0.06, index)
    "−.050 [−.060, −.040] of the −.060 is the index's (n 300), and with exact search it would be −.010 [−.020, +.005]"
    >>> index_words(0.02, index)
    'the index changes the difference of +.020 by −.050 [−.060, −.040] (n 300), and with exact search it would be −.010 [−.020, +.005]'
    >>> index_words(-0.01, {**index, "n_changed": 0})
    'the index changes nothing on these 300 queries'
    """
    change, by_exact = (
        f"{signed(mean)} {interval(low, high)}" for mean, low, high in (index["change"], index["exact"])
    )
    n, part = count(index["n"]), index["change"][0]
    if not index["n_changed"]:
        most = f", a sample; up to {change} is possible" if index["is_sample"] else ""
        return f"the index changes nothing on these {n} queries{most}"
    is_share = effect != 0 and 0 < part / effect <= _WHOLE
    done = (
        f"{change} of the {signed(effect)} is the index's"
        if is_share
        else f"the index changes the difference of {signed(effect)} by {change}"
    )
    would_be = f"it would be {by_exact}" if any(index["exact"]) else "there is no difference"
    return f"{done} (n {n}), and with exact search {would_be}"


def details_of_index(part: IndexPart | None, as_run: str = "") -> dict[str, Json]:
    """Return what a record says of an index's part; `as_run` is the word that would be said without it."""
    if part is None:
        return {}
    word = {"as_run": as_run} if as_run else {}
    return {
        "index": {"change": list(part.change), "exact": list(part.exact), "n": part.n, "n_clusters": part.n_clusters, "n_changed": part.n_changed,
                  "is_sample": part.is_sample, **word}
    }  # fmt: skip


def labelled(estimate: stats.Estimate, part: IndexPart | None, margin: float) -> dict[str, Json]:
    """Return the word of the rule, and what indexes do to the difference."""
    word, as_run = word_allowing(estimate, part, margin), stats.label(estimate, margin)
    return {"label": word, **details_of_index(part, "" if word == as_run else as_run)}


@dataclass(frozen=True)
class CheckedQueries:
    """The queries of a collection that were searched exactly too, with the values of every system there, the baseline's first."""

    queries: Int64[np.ndarray, " m"]
    """Numbers of the queries in the collection."""
    n_queries: int
    clusters: stats.Grouping
    """How the checked queries depend on each other."""
    by_index: Float64[np.ndarray, "s m"]
    """As the systems were run."""
    exact: Float64[np.ndarray, "s m"]
    has_index: Bool[np.ndarray, " s"]
    limits: tuple[float, float]
    """Of the measure."""

    @classmethod
    def of(cls, scored: ScoredSystems, measure: str, store: Store) -> "CheckedQueries | None":
        """Return the checked queries of a collection; None if no compared system has an index."""
        has_index = np.array([label in scored.exact for label in scored.labels])
        if not has_index.any():
            return None
        exact: dict[str, np.ndarray] = {}
        mask = np.zeros(0, bool)
        for label in (label for label in scored.labels if label in scored.exact):
            lists = load_lists(scored.exact[label], store)
            mask = _among(scored, lists.query_ids)
            exact[label] = per_query(lists, judgements(scored.collection), [measure])[measure]
        by_index = scored.values(scored.labels, measure, store)[:, mask]
        by_exact = np.stack([exact.get(label, row) for label, row in zip(scored.labels, by_index, strict=True)])
        clusters = _grouped(scored.clusters, mask)
        return cls(np.flatnonzero(mask), len(mask), clusters, by_index, by_exact, has_index, measures.limits(measure))

    @property
    def is_sample(self) -> bool:
        """Whether some queries were not searched exactly."""
        return len(self.queries) < self.n_queries

    def within(self, mask: Bool[np.ndarray, " q"]) -> "CheckedQueries":
        """Return the checked queries among some queries of the collection, numbered anew."""
        there, number_of = mask[self.queries], np.cumsum(mask) - 1
        return replace(
            self, queries=number_of[self.queries[there]], n_queries=int(mask.sum()), clusters=_grouped(self.clusters, there),
            by_index=self.by_index[:, there], exact=self.exact[:, there],
        )  # fmt: skip

    def exact_differences(self) -> stats.Differences:
        """Return the differences from the baseline by exact search."""
        values = self.exact[1:] - self.exact[0]
        bounds = stats.Bounds.differences(self.limits, values.shape)
        return stats.Differences(values, self.clusters, bounds, self.exact[0])

    def changes(self, j: int) -> Float64[np.ndarray, " m"]:
        """Return what the indexes change in the difference of system j on each query."""
        row: Float64[np.ndarray, " m"] = (self.by_index[j + 1] - self.exact[j + 1]) - (self.by_index[0] - self.exact[0])
        return row

    def change(self, study: Study, j: int, size: int) -> Interval | None:
        """Return what the indexes change in the difference of system j, with an interval that holds together with `size` others.

        None if neither system j nor the baseline has an index.
        """
        if not (self.has_index[0] or self.has_index[j + 1]):
            return None
        row = self.changes(j)
        reach = int(self.has_index[[0, j + 1]].sum()) * (self.limits[1] - self.limits[0])
        if not len(row):
            return 0.0, -reach, reach
        confidence = 1 - unadjust(1 - stats.level(study.confidence, study.looks), size)
        return _interval_of(study, row, self.clusters, (-reach, reach), confidence)

    def parts(
        self,
        study: Study,
        estimates: Sequence[stats.Estimate],
        exact: Sequence[stats.Estimate] | None,
        n_families: int,
    ) -> list[IndexPart | None]:
        """Return what indexes do to each difference; None where neither side has one.

        `estimates` are those of the differences as run, `exact` those of `exact_differences`, if all queries were searched exactly.
        """
        size, n_clusters = n_families * len(estimates), stats.effective(self.clusters) if len(self.queries) else 0
        parts: list[IndexPart | None] = []
        for j, estimate in enumerate(estimates):
            change = self.change(study, j, size)
            by_exact = change and (_less(estimate, change) if exact is None else _interval(exact[j]))
            parts.append(
                IndexPart(
                    change,
                    by_exact,
                    len(self.queries),
                    n_clusters,
                    int(np.count_nonzero(self.changes(j))),
                    self.is_sample,
                )
                if change and by_exact
                else None
            )
        return parts


def mean_parts(
    study: Study,
    checked: Sequence[CheckedQueries],
    estimates: Sequence[stats.Estimate],
    exact: Sequence[stats.Estimate] | None,
) -> list[IndexPart | None]:
    """Return what indexes do to each mean over collections; None where neither side has one.

    `exact` are the means by exact search, if all queries were searched exactly. The change has the mean of the collections' ends: that is
    never narrower than the interval of their mean.
    """
    parts: list[IndexPart | None] = []
    for j, estimate in enumerate(estimates):
        changes = [change for c in checked if (change := c.change(study, j, len(estimates))) is not None]
        if not changes:
            parts.append(None)
            continue
        value, low, high = (sum(ends) / len(changes) for ends in zip(*changes, strict=True))
        by_exact = _less(estimate, (value, low, high)) if exact is None else _interval(exact[j])
        n, n_clusters = sum(len(c.queries) for c in checked), sum(stats.effective(c.clusters) for c in checked)
        n_changed = int(sum(np.count_nonzero(c.changes(j)) for c in checked))
        is_sample = any(c.is_sample for c in checked)
        parts.append(IndexPart((value, low, high), by_exact, n, n_clusters, n_changed, is_sample))
    return parts


def recalls(study: Study, scored: ScoredSystems, store: Store) -> list[Finding]:
    """Return how much of the exact results each index finds, with an interval of its own."""
    return [_recall(study, scored, label, store) for label in scored.exact]


def _recall(study: Study, scored: ScoredSystems, label: str, store: Store) -> Finding:
    ranking, exact = scored.rankings[label], scored.exact[label]
    lists, exact_lists = load_lists(ranking, store), load_lists(exact, store)
    values = recall(lists, exact_lists)
    clusters = _grouped(scored.clusters, _among(scored, exact_lists.query_ids))
    mean, low, high = _interval_of(study, values, clusters, (0.0, 1.0), study.confidence)
    unit = f"share of the exact top {ranking.depth}"
    return Finding(
        parents=(ranking.id, exact.id), estimand="recall of an index", value=mean, low=low, high=high, unit=unit, n=len(values),
        n_clusters=stats.effective(clusters), site={"system": label, "collection": scored.collection.name, "measure": unit},
        confidence=study.confidence, test="Gaffke's bound", family="none: one estimate a system",
        details={"n_short": int((values < 1).sum()), "worst": float(values.min()), "n_queries": len(scored.collection.query_ids),
                 "search": ranking.policies["search"]},
    )  # fmt: skip


def _interval_of(
    study: Study,
    values: Float64[np.ndarray, " m"],
    clusters: stats.Grouping,
    limits: tuple[float, float],
    confidence: float,
) -> Interval:
    """Return the mean of values within limits, with its interval; of a measure without limits, by the bootstrap alone."""
    if not np.isfinite(limits).all():
        return stats.mean_interval(
            values, clusters, confidence=confidence, n_resamples=study.n_resamples, seed=study.seed
        )
    row = stats.Differences(values[None], clusters, stats.Bounds.constant(limits, (1, len(values))))
    return stats.bounded_mean_interval(row, confidence=confidence, n_resamples=study.n_resamples, seed=study.seed)


def _among(scored: ScoredSystems, query_ids: Sequence[str]) -> Bool[np.ndarray, " q"]:
    there = set(query_ids)
    return np.array([query_id in there for query_id in scored.collection.query_ids])


def _grouped(clusters: stats.Grouping, mask: Bool[np.ndarray, " q"]) -> stats.Grouping:
    return clusters if mask.all() else stats.part_of(clusters, mask)


def _less(estimate: stats.Estimate, change: Interval) -> Interval:
    """Take a change off a difference. The error of the result is at most the sum of both errors, however they depend on each other."""
    return estimate.effect - change[0], estimate.low - change[2], estimate.high - change[1]


def _interval(estimate: stats.Estimate) -> Interval:
    return estimate.effect, estimate.low, estimate.high
