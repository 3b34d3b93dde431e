"""Do the neurons that carry scores on one collection also carry them on another? The yardstick is how well two halves of one collection agree.

With few texts even one collection disagrees with itself, so the correlation between collections is divided by the one within them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from evidense.dissection.neurons.concentration import shares
from evidense.dissection.neurons.findings import SideFindings, SubjectAttributions
from evidense.records import Finding
from evidense.stats.jackknife import deal, jackknife
from evidense.stats.weights.streams import stream

ESTIMAND = "agreement of neurons between collections"
LEAST_WITHIN = 0.1
"""If halves of one collection agree less than this, nothing can be said about another collection."""
_N_SPLITS = 10
_SPLIT = 51  # a stream of random numbers of its own


@dataclass(frozen=True, eq=False)
class CollectionStrengths:
    """One module's strengths on the texts of one collection."""

    strengths: Float[np.ndarray, "x f"]
    clusters: Int64[np.ndarray, " x"]


@dataclass(frozen=True)
class CollectionAgreement:
    """How similarly two collections rank the neurons."""

    between: float
    """Mean rank correlation of a half of one with a half of the other."""
    within: float
    """Geometric mean of each collection's correlation of its halves: what `between` would be if the collection made no difference."""

    @property
    def ratio(self) -> float:
        """Return `between` over `within`; 1 means that the other collection is as good as more texts of the same."""
        return self.between / max(self.within, 1e-9)


def agreement(a: CollectionStrengths, b: CollectionStrengths, *, seed: int) -> CollectionAgreement:
    """Compare halves of two collections, over random splits of whole clusters.

    Source: Spearman 1904, the correction for attenuation; the halves give the reliabilities.

    >>> rng = np.random.default_rng(0)
    >>> strengths = np.exp(rng.standard_normal(300)) * rng.exponential(size=(40, 300))
    >>> some, others = CollectionStrengths(strengths[:20], np.arange(20)), CollectionStrengths(strengths[20:], np.arange(20))
    >>> 0.9 < agreement(some, others, seed=0).ratio < 1.1  # the same neurons, other texts
    True
    """
    halves = [_halves(texts, seed + index) for index, texts in enumerate((a, b))]
    return _agreement([_scaled(a), _scaled(b)], halves)


def _agreement(scaled: Sequence[np.ndarray], halves: Sequence[Sequence[Bool[np.ndarray, " x"]]]) -> CollectionAgreement:
    between, within = [], []
    for splits in zip(*halves, strict=True):
        means = [x[rows].mean(axis=0) for x, half in zip(scaled, splits, strict=True) for rows in (half, ~half)]
        r = _correlations(np.stack(means))
        between.append(r[:2, 2:].mean())
        within.append((r[0, 1], r[2, 3]))
    reliabilities = np.maximum(np.mean(within, axis=0), 0)
    return CollectionAgreement(float(np.mean(between)), float(np.sqrt(reliabilities[0] * reliabilities[1])))


def _correlations(rows: Float64[np.ndarray, "4 f"]) -> Float64[np.ndarray, "4 4"]:
    from scipy.stats import rankdata

    return np.asarray(np.corrcoef(rankdata(rows, axis=1)))


def _scaled(texts: CollectionStrengths) -> Float64[np.ndarray, "x f"]:
    return shares(np.abs(texts.strengths))


def _halves(texts: CollectionStrengths, seed: int) -> list[Bool[np.ndarray, " x"]]:
    """Draw random splits of whole clusters into two halves."""
    labels, member = np.unique(texts.clusters, return_inverse=True)
    rng = stream(seed, _SPLIT)
    chosen = [
        np.isin(np.arange(len(labels)), rng.permutation(len(labels))[: len(labels) // 2]) for _ in range(_N_SPLITS)
    ]
    return [half[member] for half in chosen]


def between_collections(
    table: SideFindings,
    attributions: SubjectAttributions,
    other: tuple[str, SubjectAttributions, Int64[np.ndarray, " x"]],
) -> Iterator[Finding]:
    """Yield one finding per module: the subject's neurons on the case's collection compared with those on another collection."""
    name, other_attributions, clusters = other
    for here, there in zip(attributions.modules, other_attributions.modules, strict=True):
        site = {
            "subject": attributions.subject.label,
            "role": attributions.subject.role,
            "layer": here.layer,
            "module": here.kind,
            "beside": name,
        }
        pair = CollectionStrengths(here.weight_path, table.clusters), CollectionStrengths(there.weight_path, clusters)
        yield _finding(table, pair, site)


def _finding(
    table: SideFindings, pair: tuple[CollectionStrengths, CollectionStrengths], site: dict[str, object]
) -> Finding:
    seed = table.case.seed
    counts = [len(np.unique(texts.clusters)) for texts in pair]
    if min(counts) < 4:
        return table.without_value(
            ESTIMAND, site, f"{min(counts)} independent texts on a side; expected at least 4, two a half"
        )
    whole = agreement(*pair, seed=seed)
    if whole.within < LEAST_WITHIN:
        return table.without_value(
            ESTIMAND, site, f"halves of one collection agree at {whole.within:.2f} only; take more queries"
        )
    groups = [deal(texts.clusters, n_groups=10, seed=seed) + 10 * index for index, texts in enumerate(pair)]
    labels, sizes = np.unique(np.concatenate(groups), return_counts=True)
    scaled, halves = (
        [_scaled(texts) for texts in pair],
        [_halves(texts, seed + index) for index, texts in enumerate(pair)],
    )
    dropped = np.array([_without(scaled, halves, [g != label for g in groups]) for label in labels])
    estimate = jackknife(np.array([whole.ratio]), dropped[:, None], sizes, confidence=table.case.confidence, seed=seed)
    finding = table.finding(
        ESTIMAND, site, (estimate.value[0], estimate.low[0], estimate.high[0]), unit="rank correlation / that of halves", p=float(estimate.p[0]),
        test=estimate.test, details={"between": whole.between, "within": whole.within, "n_splits": _N_SPLITS},
    )  # fmt: skip
    return replace(finding, n=sum(len(texts.clusters) for texts in pair), n_clusters=sum(counts))


def _without(
    scaled: Sequence[np.ndarray], halves: Sequence[Sequence[np.ndarray]], rows_left: Sequence[Bool[np.ndarray, " x"]]
) -> float:
    scaled_left = [x[rows] for x, rows in zip(scaled, rows_left, strict=True)]
    return _agreement(
        scaled_left, [[half[rows] for half in splits] for splits, rows in zip(halves, rows_left, strict=True)]
    ).ratio
