"""Intervals of accuracies: on their scale, and honest where every query is right."""

import numpy as np
import pytest

from dissection.probe_worlds import collection
from evidense.dissection.findings import Series, findings
from evidense.parts import Case


def interval(right):
    series = Series("accuracy", "accuracy", np.asarray([right], float), np.arange(len(right)), [{}], 0.5)
    (found,) = findings(Case((), collection(20, 40), n_resamples=999), series, "one")
    return found.low, found.high


def test_the_interval_of_an_accuracy_near_one_stays_below_one():
    low, high = interval([1.0] * 26 + [0.0] * 4 + [0.5] * 9)
    assert 0.6 < low < 0.85 < high <= 1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_accuracy_of_one_has_an_interval_of_positive_width(value):
    ends = interval([value] * 60)
    assert max(ends) - min(ends) == pytest.approx(1.96**2 / (60 + 1.96**2), abs=1e-3), "Wilson's interval of 60 of 60"
    assert value == pytest.approx(min(ends, key=lambda end: abs(end - value)))
