"""Do the backbone's probe results predict which queries the tuned encoder answers?

It is measured by a partial rank correlation over queries: between the margin of the backbone's probe and the tuned encoder's nDCG@10, given
BM25's nDCG@10, which accounts for queries that are easy for any system. The same correlation with the margin of random weights shows how
much any encoder of the architecture would reach.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64

from evidense.dissection.candidates import margin
from evidense.dissection.findings import without_value
from evidense.dissection.probes.estimates import ANALYSIS, NONE, Probed, Quantity
from evidense.dissection.probes.task import ProbingTask
from evidense.errors import InvalidInput
from evidense.parts import Bench, Case, Encoder, Ranker
from evidense.records import Finding, Json
from evidense.stats.jackknife import Jackknifed, deal, jackknife
from evidense.values import Spelling

MEASURE, DEPTH = "nDCG@10", 10
PROBE = "hadamard"
PLAIN = "partial correlation of backbone and retrieval"
BEYOND = "partial correlation beyond random weights"
_UNIT = "rank correlation"


def partial_rank_correlation(
    a: Float[np.ndarray, "l n"], b: Float[np.ndarray, " n"], control: Float[np.ndarray, " n"]
) -> Float64[np.ndarray, " l"]:
    """Return the partial Spearman correlation of each row of `a` with `b`, given `control`; 0 if `control` explains everything.

    Source: Fieller, Hartley and Pearson 1957; Kendall's partial formula on midranks.

    >>> easy = np.arange(50.0)
    >>> partial_rank_correlation((easy + 0.01)[None], easy % 7, easy).tolist()  # the rows only say how easy a query is
    [0.0]
    """
    from scipy.stats import rankdata

    rows = [rankdata(x, axis=-1) for x in (a, b[None], control[None])]
    centred = [row - row.mean(axis=-1, keepdims=True) for row in rows]
    x, y, z = (row / np.maximum(np.linalg.norm(row, axis=-1, keepdims=True), 1e-300) for row in centred)
    xz, yz = (x @ z.T)[:, 0], float(y[0] @ z[0])
    left = (1 - xz**2) * (1 - yz**2)
    return np.where(left > 1e-12, ((x @ y.T)[:, 0] - xz * yz) / np.sqrt(np.maximum(left, 1e-12)), 0.0)


@dataclass(frozen=True, eq=False)
class _RetrievalTable:
    """Margins of the backbone and of random weights, layer by layer, and retrieval measures per query."""

    margins: Float64[np.ndarray, "l n"]
    random: Float64[np.ndarray, "l n"] | None
    tuned: Float64[np.ndarray, " n"]
    words: Float64[np.ndarray, " n"]
    clusters: Int64[np.ndarray, " n"]

    def estimate(self, case: Case) -> Jackknifed:
        """Return the correlations of every layer, then their differences from random weights."""
        groups = deal(self.clusters, seed=case.seed)
        labels, sizes = np.unique(groups, return_counts=True)
        dropped = np.stack([self._of(groups != label) for label in labels])
        whole = self._of(np.ones(len(groups), bool))
        return jackknife(whole, dropped, sizes, confidence=case.confidence, seed=case.seed)

    def _of(self, rows: np.ndarray) -> Float64[np.ndarray, " s"]:
        y, z = self.tuned[rows], self.words[rows]
        plain = partial_rank_correlation(self.margins[:, rows], y, z)
        if self.random is None:
            return plain
        return np.concatenate([plain, plain - partial_rank_correlation(self.random[:, rows], y, z)])


def governs(case: Case, bench: Bench, probed: Mapping[str, Probed]) -> Iterator[Finding]:
    """Yield the correlation of each tuned encoder's retrieval with the margin of the backbone's probe, at every layer."""
    base = probed.get(case.base.label)
    tuned = [s for s in case.of("tuned") if s.label in probed]
    if base is None or not tuned:
        return
    layers, margins, missing = _margins(base)
    random = next((probed[s.label] for s in case.of("random") if s.label in probed), None)
    random_margins = None if random is None else _beside(random, layers)
    words = _words(case, bench, base.probing)
    for subject in tuned:
        retrieval = _scores(case, bench, base.probing, subject.encoder)
        site = base.probing.site(
            case, ANALYSIS, subject=subject.label, role="tuned", against=case.base.label, pooling=base.pooling, probe=PROBE, control=NONE,
            measure=MEASURE, given="bm25",
        )  # fmt: skip
        if isinstance(words, str):
            yield without_value(PLAIN, site, _UNIT, words)
            continue
        if not layers or np.ptp(retrieval) == 0:
            flat = f"{subject.label} has {MEASURE} {retrieval[0]:g} for every query, so nothing goes with it"
            yield without_value(PLAIN, site, _UNIT, flat if layers else missing)
            continue
        table = _RetrievalTable(margins, random_margins, retrieval, words, base.probing.task.clusters)
        yield from _findings(case, table, [{**site, "layer": layer} for layer in layers])


def _findings(case: Case, table: _RetrievalTable, sites: Sequence[Mapping[str, Json]]) -> Iterator[Finding]:
    estimates = table.estimate(case)
    n, n_clusters = len(table.clusters), len(np.unique(table.clusters))
    for row in range(len(estimates.value)):
        layer, name = row % len(sites), PLAIN if row < len(sites) else BEYOND
        yield Finding(
            estimand=name, site=dict(sites[layer]), value=float(estimates.value[row]), low=float(estimates.low[row]), high=float(estimates.high[row]),
            n=n, n_clusters=n_clusters, unit=_UNIT, confidence=case.confidence, p=float(estimates.p[row]), p_adjusted=float(estimates.p_adjusted[row]),
            test=estimates.test, family=f"partial correlations, {sites[layer]['subject']}",
            details={"together": [float(estimates.together_low[row]), float(estimates.together_high[row])]},
        )  # fmt: skip


def _margins(probed: Probed) -> tuple[list[int], Float64[np.ndarray, "l n"], str]:
    """Return the layers with a converged probe, their margins, and the reason why another layer has none."""
    rows, missing = probed.rows(Quantity("margin", "", lambda layer: margin(layer[PROBE].scores), (PROBE,), {}))
    layers = [layer for layer in range(len(rows)) if layer not in missing]
    return layers, rows[layers], next(iter(missing.values()), "")


def _beside(random: Probed, wanted_layers: Sequence[int]) -> Float64[np.ndarray, "l n"] | None:
    layers, rows, _ = _margins(random)
    return rows[[layers.index(layer) for layer in wanted_layers]] if set(wanted_layers) <= set(layers) else None


def _words(case: Case, bench: Bench, probing: ProbingTask) -> Float64[np.ndarray, " n"] | str:
    """Return BM25's scores, or the reason why it has none (pictures, for example)."""
    try:
        return _scores(case, bench, probing, bench.part("rankers", "bm25").open(Spelling("bm25")))
    except InvalidInput as error:
        return str(error)


def _scores(case: Case, bench: Bench, probing: ProbingTask, system: Encoder | Ranker) -> Float64[np.ndarray, " n"]:
    every = bench.score(bench.rank(system, case.collection, DEPTH), case.collection, MEASURE)
    row_of = {query_id: row for row, query_id in enumerate(case.collection.query_ids)}
    return every[[row_of[query.id] for query in probing.queries]]
