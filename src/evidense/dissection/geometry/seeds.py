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
    """Return the mean change over k seeds with a prediction interval for one more seed, combined with the items' jackknife interval.

    The half width is √((t · sd · √(1 + 1/k))² + (half width over items)²), where sd is that of the seeds. If the base were itself another
    seed of the tuning, its change would lie inside. A change outside is therefore more than seeds cause; with k = 2 (t = 12.7) that is rare.
    """
    whole, dropped = changes
    k, n_layers = whole.shape
    rows = findings(family, places, whole.mean(axis=0), dropped.mean(axis=0), sample)
    if k < 2:
        return [family.without_value("one seed of the tuning; expected at least two", place) for place in places]
    sd = whole.std(axis=0, ddof=1)
    out = []
    for index, finding in enumerate(rows):
        if finding.value is not None:
            finding = _widened(finding, float(sd[index]) * float(np.sqrt(1 + 1 / k)), k, n_layers)
            finding = replace(finding, details={**finding.details, "n_seeds": k, "sd_seeds": float(sd[index])})
        out.append(finding)
    return out


def beyond_seeds(
    family: FindingFamily,
    places: Sequence[Mapping[str, Json]],
    base_similarities: Sequence[LayerStatistic],
    floors: Mapping[tuple[int, int], LayerStatistic],
    sample: RowSample,
) -> list[Finding]:
    """Return how much less similar the base and k tunings are than two tunings of different seeds: mean of base_similarities − mean of `floors`.

    From three seeds on, the interval covers the case that the base is itself a tuning of another seed. T_i, the mean similarity of tuning i
    to the others, varies (k − 2)/(k − 1) as much as the seeds' effects, so half² = (t · sd(T) · (k − 1)/(k − 2) · √(1 + 1/k))² + (half width
    over items)². Two seeds form a single pair, which shows no variation: the interval is then over items alone, and nothing is called changed.
    """
    k = len(base_similarities)
    whole, dropped = (
        np.mean([x[i] for x in base_similarities], axis=0) - np.mean([x[i] for x in floors.values()], axis=0)
        for i in (0, 1)
    )
    floor = np.mean([x[0] for x in floors.values()], axis=0)
    places_with_floor = [
        {**place, "details": {"floor": float(floor[index]) if np.isfinite(floor[index]) else None, "n_seeds": k}}
        for index, place in enumerate(places)
    ]
    rows = findings(family, places_with_floor, whole, dropped, sample)
    if k < 3:
        words = "over items alone: two seeds show no spread of their floor, so that nothing is called changed"
        return [finding if finding.value is None else _unjudged(finding, words) for finding in rows]
    each = np.stack([np.mean([x[0] for pair, x in floors.items() if i in pair], axis=0) for i in range(k)])
    spread = each.std(axis=0, ddof=1) * (k - 1) / (k - 2) * np.sqrt(1 + 1 / k)
    return [
        finding if finding.value is None else _widened(finding, float(spread[index]), k, len(places))
        for index, finding in enumerate(rows)
    ]


def _unjudged(finding: Finding, words: str) -> Finding:
    return replace(
        finding, p=None, p_adjusted=None, test=f"{finding.test}; {words}", details={**finding.details, "changed": False}
    )


def _widened(finding: Finding, spread: float, k: int, n_layers: int) -> Finding:
    """Widen the interval over items by a standard deviation over seeds with k − 1 degrees of freedom."""
    alpha = 1 - finding.confidence
    alone, together = (float(stdtrit(k - 1, 1 - a / 2)) for a in (alpha, unadjust(alpha, n_layers)))
    half = float(np.hypot(alone * spread, finding.high - finding.value))
    wide = float(np.hypot(together * spread, finding.details["together"][1] - finding.value))
    details = {
        **finding.details,
        "together": [finding.value - wide, finding.value + wide],
        "changed": bool(abs(finding.value) > wide),
    }
    test = f"prediction interval over {k} seeds, with a {finding.test}"
    return replace(
        finding,
        low=finding.value - half,
        high=finding.value + half,
        p=None,
        p_adjusted=None,
        test=test,
        details=details,
    )
