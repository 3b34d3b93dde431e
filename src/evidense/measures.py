"""Measures: every spelling that users bring is read, one is printed (that of ir-measures, as `nDCG@10`)."""

import math
import re

import ir_measures
from ir_measures.measures import Measure

from evidense.errors import UnknownName

DEFAULT = ("nDCG@10", "RR@10", "R@100", "Judged@10")
"""Primary first."""

OTHER_NAMES = {
    "nDCG": ("ndcg",),
    "AP": ("map", "ap"),
    "RR": ("mrr", "rr", "recip_rank"),
    "R": ("recall", "r"),
    "P": ("precision", "p"),
    "Success": ("hit", "hits", "hit_rate", "success", "accuracy"),
    "Judged": ("judged",),
    "Rprec": ("rprec",),
    "Bpref": ("bpref",),
}
"""Name of ir-measures → what else people write."""

_CANONICAL = {other: name for name, others in OTHER_NAMES.items() for other in others}
_FORM = re.compile(
    r"^(?:(?:cosine|cos_sim|dot|euclidean|manhattan)_)?([a-z_]+?)(?:_cut)?(?:(?:_at_|[@_])(\d+))?$", re.IGNORECASE
)


def parse(spelling: str) -> Measure:
    """Read any usual spelling of a measure.

    Raises:
        UnknownName: it is none that ir-measures knows.

    >>> [str(parse(s)) for s in ("ndcg_cut_10", "ndcg_at_10", "mrr@10", "recall_100", "nDCG@10", "map")]
    ['nDCG@10', 'nDCG@10', 'RR@10', 'R@100', 'nDCG@10', 'AP']
    """
    text = spelling.strip()
    if (form := _FORM.match(text)) and form[1].lower() in _CANONICAL:
        text = _CANONICAL[form[1].lower()] + (f"@{form[2]}" if form[2] else "")
    try:
        measure = ir_measures.parse_measure(text)
        measure.validate_params()
        if measure.params.get("cutoff") == 0:
            raise ValueError("a cutoff of 0")
    except (NameError, ValueError, TypeError, AssertionError, SyntaxError):
        hint = f"{text} needs a cutoff: {text}@10." if text in OTHER_NAMES else ""
        raise UnknownName.among("measure", spelling, [*DEFAULT, "P@10", "AP", "Success@1"], hint) from None
    return measure


def canonical(spelling: str) -> str:
    """Return the one spelling that we print."""
    return str(parse(spelling))


def cutoff(spelling: str) -> int | None:
    """Return the rank at which a measure stops looking, or None."""
    value = parse(spelling).params.get("cutoff")
    return int(value) if value is not None else None


def condensed(spelling: str) -> str:
    """Return the same measure over judged documents only (the condensed list of Sakai 2007), or itself where that is undefined.

    >>> condensed("nDCG@10")
    'nDCG(judged_only=True)@10'
    """
    measure = parse(spelling)
    if "judged_only" not in measure.SUPPORTED_PARAMS:
        return str(measure)
    return str(measure(judged_only=True))


_SHARES = {
    "nDCG", "RR", "R", "P", "AP", "Success", "Judged", "Rprec", "Bpref", "infAP", "RBP", "ERR", "IPrec", "SetP", "SetR", "SetF", "SetAP",
    "SetRelP", "Accuracy", "BPM", "Compat", "NERR8", "NERR9", "NERR10", "NERR11", "SDCG", "StRecall", "NRBP", "nNRBP", "P_IA", "AP_IA",
    "ERR_IA", "nERR_IA", "alpha_nDCG",
}  # fmt: skip


def is_share(spelling: str) -> bool:
    """Say whether a measure lies between 0 and 1 by definition, so that an interval need not leave that range.

    >>> is_share("nDCG@10"), is_share("NumRet")
    (True, False)
    """
    return parse(spelling).NAME in _SHARES


def limits(spelling: str) -> tuple[float, float]:
    """Return the smallest and the largest value that a measure can have: counts and gains have no largest.

    >>> limits("nDCG@10"), limits("NumRet")
    ((0.0, 1.0), (0.0, inf))
    """
    return (0.0, 1.0) if is_share(spelling) else (0.0, math.inf)
