"""Measures: reads all usual spellings of measures, and prints one, that of ir-measures (`nDCG@10`)."""

import math
import re

import ir_measures
from ir_measures.measures import Measure

from evidense.errors import UnknownName, nearest

DEFAULT = ("nDCG@10", "RR@10", "R@100", "Judged@10")
"""Default measures, the primary one first."""

OTHER_NAMES = {
    "nDCG": ("ndcg", "normalized_discounted_cumulative_gain"),
    "AP": ("map", "ap", "average_precision", "mean_average_precision"),
    "RR": ("mrr", "rr", "recip_rank", "reciprocal_rank", "mean_reciprocal_rank"),
    "R": ("recall", "r"),
    "P": ("precision", "p"),
    "Success": ("hit", "hits", "hit_rate", "hitrate", "success", "accuracy", "acc"),
    "Judged": ("judged",),
    "Rprec": ("rprec", "r_prec", "r_precision"),
    "Bpref": ("bpref",),
    "infAP": ("infap",),
    "SetP": ("set_p", "set_precision"),
    "SetR": ("set_recall", "set_r"),
    "SetF": ("set_f",),
    "SetAP": ("set_map", "set_ap"),
    "SetRelP": ("set_relative_p",),
    "IPrec": ("iprec_at_recall", "iprec"),
    "NumRet": ("num_ret",),
    "NumRel": ("num_rel",),
    "NumRelRet": ("num_rel_ret",),
    "ERR": ("err",),
    "RBP": ("rbp",),
}
"""Name of ir-measures → other spellings, of trec_eval, mteb, sentence-transformers, ranx and papers."""

MEANINGS = {
    "nDCG": "how near to the top the relevant documents stand, higher grades first; 1 is the best order",
    "RR": "1 divided by the rank of the first relevant document",
    "R": "share of the relevant documents that are found",
    "P": "share of the first documents that are relevant",
    "AP": "precision at each relevant document, averaged",
    "Success": "share of queries with a relevant document among the first",
    "Judged": "share of the first documents that somebody judged; where it is low, the other measures say little",
}
"""Name of ir-measures → what it says, in plain words."""

_CANONICAL = {other: name for name, others in OTHER_NAMES.items() for other in others}
_SIMILARITY = re.compile(
    r"^(?:.*[-_])?(?:cosine|cos_sim|dot_score|dot|euclidean|manhattan|max)[-_](?=[a-z])", re.IGNORECASE
)
"""Prefix of sentence-transformers: an evaluator's name and a similarity."""
_FORM = re.compile(r"^([a-z](?:[a-z_\- ]*[a-z])?)(?:\s*[@_.\-]?\s*(\d+(?:\.\d+)?))?$", re.IGNORECASE)
"""A name of letters, with a cutoff after '@', '_', '.', '-' or nothing."""
_LONGEST = 100
_MOST = 1_000_000
"""Largest rank, level or other whole number of a measure."""


def meaning(spelling: str) -> str:
    """Return what a measure says, in plain words; an empty text for rarer measures.

    >>> meaning("Judged@10")
    'share of the first documents that somebody judged; where it is low, the other measures say little'
    """
    return MEANINGS.get(re.split(r"[@(]", spelling, maxsplit=1)[0], "")


def parse(spelling: str) -> Measure:
    """Parse a spelling of ir-measures, trec_eval, mteb or sentence-transformers, with '@', '_', '.' or '-'.

    Raises:
        UnknownName: ir-measures knows no such measure.

    >>> [str(parse(s)) for s in ("ndcg_cut.10", "ndcg_at_10", "mrr@10", "recall_100", "dot-NDCG@10", "map")]
    ['nDCG@10', 'nDCG@10', 'RR@10', 'R@100', 'nDCG@10', 'AP']
    """
    text = spelling.strip()
    text = _translated(text) or text
    try:
        if len(text) > _LONGEST:
            raise ValueError("too long")
        measure = ir_measures.parse_measure(text)
        measure.validate_params()
        if measure.params.get("cutoff") == 0 or any(_is_beyond(value) for value in measure.params.values()):
            raise ValueError("a cutoff of 0, or a number that no list reaches")
    except (NameError, ValueError, TypeError, AssertionError, SyntaxError, RecursionError, MemoryError):
        raise _unknown(spelling, text) from None
    return measure


def _translated(text: str) -> str | None:
    """Return ir-measures' spelling of another tool's name and cutoff; None if it is no such name."""
    name, cutoff = _taken_apart(text) or ("", "")
    return f"{_CANONICAL[name]}{cutoff}" if name in _CANONICAL else None


def _taken_apart(text: str) -> tuple[str, str] | None:
    """Split a spelling into a name in lower case with '_', and '@cutoff' or ''; None if it has another form."""
    form = _FORM.match(_SIMILARITY.sub("", text))
    if form is None:
        return None
    name = re.sub(r"[-\s]+", "_", form[1].lower())
    return re.sub("(?:_cut|_at)$", "", name), f"@{form[2]}" if form[2] else ""


def _is_beyond(value: object) -> bool:
    return isinstance(value, int | float) and not abs(value) <= _MOST


def _unknown(spelling: str, text: str) -> UnknownName:
    shown, known = spelling[:_LONGEST], [*DEFAULT, "P@10", "AP", "Success@1"]
    if text in OTHER_NAMES:
        return UnknownName.among("measure", shown, known, f"{text} needs a cutoff: {text}@10.")
    name, cutoff = _taken_apart(text[:_LONGEST]) or (text[:_LONGEST].partition("@")[0].lower(), "")
    names = {name.lower(): name for name in OTHER_NAMES} | _CANONICAL
    closest = None if name in names else nearest(name, names, cutoff=0.7)
    if closest is None:
        return UnknownName.among("measure", shown, known)
    guess = names[closest] + cutoff
    return UnknownName(f"unknown measure '{shown}': did you mean '{guess}'? Known: {', '.join(sorted(known))}.")


def canonical(spelling: str) -> str:
    """Return the spelling that Evidense prints."""
    return str(parse(spelling))


def cutoff(spelling: str) -> int | None:
    """Return the cutoff rank of a measure, or None."""
    value = parse(spelling).params.get("cutoff")
    return int(value) if value is not None else None


def condensed(spelling: str) -> str:
    """Return the measure over judged documents only (the condensed list of Sakai 2007), or itself if that is undefined.

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
    """Say whether a measure is between 0 and 1 by definition, so that intervals stay in that range.

    >>> is_share("nDCG@10"), is_share("NumRet")
    (True, False)
    """
    return parse(spelling).NAME in _SHARES


def limits(spelling: str) -> tuple[float, float]:
    """Return the smallest and the largest value of a measure; counts and gains have no largest.

    >>> limits("nDCG@10"), limits("NumRet")
    ((0.0, 1.0), (0.0, inf))
    """
    return (0.0, 1.0) if is_share(spelling) else (0.0, math.inf)
