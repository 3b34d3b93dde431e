"""Neurons on two collections: worlds where the collection says nothing, a part, and all of their order."""

import numpy as np
import pytest
from scipy import stats

from evidense.dissection.neurons import agreement as neuron_agreement
from evidense.dissection.neurons.agreement import CollectionStrengths, agreement

F = 600


def texts(mean, n, rng):
    """Strengths whose expectation over texts is `mean`, in clusters of two texts."""
    return CollectionStrengths(mean * rng.exponential(size=(n, len(mean))), np.arange(n) // 2)


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_agreement_corrects_for_few_texts(share):
    rng = np.random.default_rng(int(10 * share))
    common, own = rng.standard_normal((2, F))
    there = share * common + np.sqrt(1 - share**2) * own
    truth = stats.spearmanr(common, there)[0]
    found = agreement(texts(np.exp(0.5 * common), 12, rng), texts(np.exp(0.5 * there), 12, rng), seed=1)
    raw = found.between
    assert found.ratio == pytest.approx(truth, abs=0.1)
    if share:
        assert raw < truth - 0.1, "without the halves few texts hide a part of it"


def test_halves_keep_clusters_whole():
    made = CollectionStrengths(np.ones((11, 3)), np.array([0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 5]))
    for half in neuron_agreement._halves(made, 7):
        for label in np.unique(made.clusters):
            assert len(set(half[made.clusters == label])) == 1
