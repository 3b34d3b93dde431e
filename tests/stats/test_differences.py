import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evidense.errors import InvalidInput
from evidense.stats import Differences
from evidense.stats.differences import cluster_sums, on_grid

FINITE = st.floats(-1, 1, allow_subnormal=False)


def test_a_nan_is_refused_with_its_place() -> None:
    values = np.zeros((2, 5))
    values[1, 3] = np.nan
    with pytest.raises(InvalidInput, match="system 1 on query 3 is nan"):
        Differences(values, np.arange(5))


@pytest.mark.usefixtures("shapes_unchecked")
@pytest.mark.parametrize(("shape", "n_labels"), [((2, 5), 4), ((5,), 5), ((1, 0), 0)])
def test_shapes_that_do_not_fit_are_refused(shape: tuple[int, ...], n_labels: int) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        Differences(np.zeros(shape), np.arange(n_labels))


@given(arrays(np.float64, (37, 2), elements=FINITE), st.randoms(use_true_random=False))
def test_sums_on_the_grid_do_not_depend_on_their_order(values: np.ndarray, random: object) -> None:
    grid = on_grid(values)
    order = np.random.default_rng(random.randrange(2**32)).permutation(37)  # type: ignore[attr-defined]
    forward, shuffled = np.zeros(2), np.zeros(2)
    for i in range(37):
        forward += grid[i]
        shuffled += grid[order[i]]
    assert forward.tobytes() == shuffled.tobytes()
    assert np.abs(grid - values).max() <= np.abs(values).max() * 37 * 2.0**-51


def test_cluster_sums_equal_the_sums_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    values, clusters = rng.normal(size=(3, 50)), rng.integers(0, 9, 50)
    sums = cluster_sums(values, clusters)
    for at, label in enumerate(sorted(set(clusters.tolist()))):
        assert sums.sizes[at] == (clusters == label).sum()
        np.testing.assert_allclose(sums.sums[at], values[:, clusters == label].sum(axis=1), atol=1e-13)
