"""Tiers: which tier a synthesis has, by its score, its verified claims and what was reproduced; the thresholds are data."""

from dataclasses import dataclass

from evidense.errors import UnknownName


@dataclass(frozen=True)
class TierThreshold:
    """The least that a tier wants."""

    tier: str
    score: float
    """Of 10."""
    verified: int
    """Claims that an independent work bears out."""
    reproducibility: str = ""
    """Level of the dimension reproducibility_status; "" where any will do."""


THRESHOLDS = (
    TierThreshold("FLAGSHIP_CANDIDATE", 8.5, 5, "HIGH"),
    TierThreshold("DOI_GRADE", 7.5, 1),
    TierThreshold("PUBLIC_RECORD", 5.0, 1),
    TierThreshold("WATCHLIST", 5.0, 0),
    TierThreshold("QUARANTINE_CANDIDATE", 0.0, 0),
)
"""The best first: a synthesis has the first tier whose thresholds it all reaches. So PUBLIC_RECORD and WATCHLIST, whose ranges of scores
overlap in the form that others use, are told apart by a verified claim."""
TIERS = tuple(threshold.tier for threshold in THRESHOLDS)


def tier_of(score: float | None, n_verified: int, reproducibility: str = "") -> str:
    """Return the tier of a synthesis; without a score it is the last.

    >>> tier_of(6.5, 10), tier_of(9.9, 0), tier_of(3.8, 0), tier_of(9.0, 5, "HIGH")
    ('PUBLIC_RECORD', 'WATCHLIST', 'QUARANTINE_CANDIDATE', 'FLAGSHIP_CANDIDATE')
    """
    for threshold in THRESHOLDS:
        is_reproduced = threshold.reproducibility in ("", reproducibility)
        if score is not None and score >= threshold.score and n_verified >= threshold.verified and is_reproduced:
            return threshold.tier
    return TIERS[-1]


def is_at_least(tier: str, wanted: str) -> bool:
    """Say whether a tier is the one that is wanted, or a better one.

    >>> is_at_least("DOI_GRADE", "PUBLIC_RECORD"), is_at_least("WATCHLIST", "PUBLIC_RECORD")
    (True, False)
    """
    return TIERS.index(tier) <= TIERS.index(wanted)


def tier_named(text: str) -> str:
    """Return the tier that somebody writes: "public record", "doi-grade".

    >>> tier_named("public-record")
    'PUBLIC_RECORD'

    Raises:
        UnknownName: there is none of this name.
    """
    name = "_".join(text.upper().replace("-", " ").replace("_", " ").split())
    if name not in TIERS:
        raise UnknownName.among("tier", text, [tier.lower().replace("_", "-") for tier in TIERS])
    return name
