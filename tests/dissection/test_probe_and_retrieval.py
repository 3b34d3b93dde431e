"""What the backbone's probe tells of a query, and whether the tuned encoder answers it: worlds where it does and where it does not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from dissection.probe_worlds import collection
from evidense.dissection.probes.retrieval import BEYOND, PLAIN, _findings, _RetrievalTable, partial_rank_correlation
from evidense.parts import Case

N = 400


def table(seed, *, governs, is_easy):
    """Margins of two layers, retrieval and BM25: retrieval follows the second layer, or only what BM25 knows."""
    rng = np.random.default_rng(seed)
    easy, own = rng.standard_normal((2, N))
    margins = np.stack([rng.standard_normal(N), is_easy * easy + own])
    tuned = is_easy * easy + governs * own + 0.5 * rng.standard_normal(N)
    random = is_easy * easy + rng.standard_normal((2, N))
    return _RetrievalTable(
        margins, random, np.round(tuned, 1), np.round(easy + 0.1 * rng.standard_normal(N), 1), np.arange(N) // 2
    )


@pytest.fixture
def case():
    return Case((), collection(n=20, n_documents=40), seed=3)


def test_partial_correlation_equals_correlating_regression_residuals():
    rng = np.random.default_rng(1)
    z = rng.integers(0, 5, N)
    a, b = rng.standard_normal((2, N)) + 0.3 * z
    ranks = [stats.rankdata(x) for x in (a, b, z)]
    left = [x - np.polyval(np.polyfit(ranks[2], x, 1), ranks[2]) for x in ranks[:2]]
    assert partial_rank_correlation(a[None], b, z)[0] == pytest.approx(np.corrcoef(*left)[0, 1], abs=1e-10)


def test_only_the_layer_that_drives_retrieval_correlates_with_it(case):
    sites = [{"subject": "tuned", "layer": layer} for layer in (0, 1)]
    found = list(_findings(case, table(2, governs=1.0, is_easy=0.5), sites))
    assert [f.estimand for f in found] == [PLAIN, PLAIN, BEYOND, BEYOND]
    assert found[0].low < 0.1
    assert found[1].low > 0.5
    assert found[3].low > 0.2
    assert found[1].n_clusters == N // 2


def test_correlation_through_easy_queries_alone_is_removed(case):
    """Backbone, random weights and the tuned encoder all find easy queries easy, and BM25 says which these are."""
    sites = [{"subject": "tuned", "layer": layer} for layer in (0, 1)]
    too_high = 0
    for seed in range(40):
        made = table(100 + seed, governs=0.0, is_easy=1.5)
        assert stats.spearmanr(made.margins[1], made.tuned)[0] > 0.5, "without BM25 it looks like knowledge"
        plain, beyond = (f for f in _findings(replace(case, seed=seed), made, sites) if f.site["layer"] == 1)
        too_high += (plain.low > 0.1) + (beyond.low > 0)
    assert too_high <= 6, "2.5 % of 80 is 2; 2 + 3 standard errors"
