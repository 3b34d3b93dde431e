"""A change over several seeds of one tuning: is it more than another seed would change?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtrit

from evidense.dissection.geometry.findings import FindingFamily, LayerStatistic, findings
from evidense.dissection.geometry.sample import RowSample
from evidense.records import Finding, Json
from evidense.stats.critical import unadjust


def over_seeds(
    family: FindingFamily,
    places: Sequence[dict[str, Json]],
    changes: tuple[Float64[np.ndarray, "k s"], Float64[np.ndarray, "k g s"]],
    sample: RowSample,
) -> list[Finding]:
    """Return the mean change over k seeds, with the interval of one more seed's: t of the seeds, and the items' jackknife beside it.

    Its half width is √((t · sd · √(1 + 1/k))² + (items')²), sd being that of the seeds: the change of a base that were itself another seed
    of the tuning would lie inside. So what clears it is more than seeds make; k = 2 seldom can, by its t of 12.7.
    """
    whole, dropped = changes
    k, n_layers = whole.shape
    rows = findings(family, places, whole.mean(axis=0), dropped.mean(axis=0), sample)
    if k < 2:
        return [family.without_value("one seed of the tuning; expected at least two", place) for place in places]
    sd = whole.std(axis=0, ddof=1)
    out = []
    for at, one in enumerate(rows):
        if one.value is not None:
            one = _widened(one, float(sd[at]) * float(np.sqrt(1 + 1 / k)), (k, n_layers))
            one = replace(one, details={**one.details, "n_seeds": k, "sd_seeds": float(sd[at])})
        out.append(one)
    return out


def beyond_seeds(
    family: FindingFamily,
    places: Sequence[Mapping[str, Json]],
    own: Sequence[LayerStatistic],
    floors: Mapping[tuple[int, int], LayerStatistic],
    sample: RowSample,
) -> list[Finding]:
    """Return how much less alike base and k tunings are than two tunings that differ in their seed alone: mean of `own` − mean of `floors`.

    From three seeds on, the interval also holds what another base would make, if it were itself a tuning of another seed: T_i, the mean
    similarity of tuning i to the others, spreads (k − 2)/(k − 1) as much as the effects of seeds, so half² = (t · sd(T) · (k − 1)/(k − 2) ·
    √(1 + 1/k))² + (items')². With two seeds there is one pair of them, and no spread of it: the interval is over items alone, and nothing
    is called changed.
    """
    k = len(own)
    whole, dropped = (
        np.mean([x[i] for x in own], axis=0) - np.mean([x[i] for x in floors.values()], axis=0) for i in (0, 1)
    )
    floor = np.mean([x[0] for x in floors.values()], axis=0)
    told = [
        {**place, "details": {"floor": float(floor[at]) if np.isfinite(floor[at]) else None, "n_seeds": k}}
        for at, place in enumerate(places)
    ]
    rows = findings(family, told, whole, dropped, sample)
    if k < 3:
        words = "over items alone: two seeds show no spread of their floor, so that nothing is called changed"
        return [one if one.value is None else _unjudged(one, words) for one in rows]
    each = np.stack([np.mean([x[0] for pair, x in floors.items() if i in pair], axis=0) for i in range(k)])
    spread = each.std(axis=0, ddof=1) * (k - 1) / (k - 2) * np.sqrt(1 + 1 / k)
    return [
        one if one.value is None else _widened(one, float(spread[at]), (k, len(places))) for at, one in enumerate(rows)
    ]


def _unjudged(one: Finding, words: str) -> Finding:
    return replace(one, p=None, p_adjusted=None, test=f"{one.test}; {words}", details={**one.details, "changed": False})


def _widened(one: Finding, spread: float, counts: tuple[int, int]) -> Finding:
    """The interval with a standard deviation of seeds, of k − 1 degrees of freedom, beside the items'."""
    k, n_layers = counts
    alpha = 1 - one.confidence
    alone, together = (float(stdtrit(k - 1, 1 - a / 2)) for a in (alpha, unadjust(alpha, n_layers)))
    half = float(np.hypot(alone * spread, one.high - one.value))
    wide = float(np.hypot(together * spread, one.details["together"][1] - one.value))
    details = {**one.details, "together": [one.value - wide, one.value + wide], "changed": bool(abs(one.value) > wide)}
    test = f"prediction interval over {k} seeds, with a {one.test}"
    return replace(
        one, low=one.value - half, high=one.value + half, p=None, p_adjusted=None, test=test, details=details
    )
