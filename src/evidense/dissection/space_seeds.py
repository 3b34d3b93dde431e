"""A change over several seeds of one tuning: is it more than another seed would change?"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtrit

from evidense.dissection.space_findings import Family, absent, findings
from evidense.dissection.space_sample import Sample
from evidense.records import Finding, Json
from evidense.stats.critical import unadjust


def over_seeds(
    family: Family,
    places: Sequence[dict[str, Json]],
    changes: tuple[Float64[np.ndarray, "k s"], Float64[np.ndarray, "k g s"]],
    sample: Sample,
) -> list[Finding]:
    """Return the mean change over k seeds, with the interval of one more seed's: t of the seeds, and the items' jackknife beside it.

    Its half width is √((t · sd · √(1 + 1/k))² + (items')²), sd being that of the seeds: the change of a base that were itself another seed
    of the tuning would lie inside. So what clears it is more than seeds make; k = 2 seldom can, by its t of 12.7.
    """
    whole, dropped = changes
    k, n_layers = whole.shape
    rows = findings(family, places, whole.mean(axis=0), dropped.mean(axis=0), sample)
    if k < 2:
        return [absent(family, place, "one seed of the tuning; expected at least two") for place in places]
    sd = whole.std(axis=0, ddof=1)
    alpha = 1 - family.case.confidence
    alone, together = (float(stdtrit(k - 1, 1 - a / 2)) for a in (alpha, unadjust(alpha, n_layers)))
    out = []
    for at, one in enumerate(rows):
        if one.value is None:
            out.append(one)
            continue
        spread = float(sd[at]) * np.sqrt(1 + 1 / k)
        half = float(np.hypot(alone * spread, one.high - one.value))  # type: ignore[operator]
        wide = float(np.hypot(together * spread, one.details["together"][1] - one.value))
        details = {**one.details, "together": [one.value - wide, one.value + wide], "n_seeds": k, "sd_seeds": float(sd[at]),
                   "changed": bool(abs(one.value) > wide)}  # fmt: skip
        test = f"prediction interval over {k} seeds, with a {one.test}"
        out.append(
            replace(
                one, low=one.value - half, high=one.value + half, p=None, p_adjusted=None, test=test, details=details
            )
        )
    return out
