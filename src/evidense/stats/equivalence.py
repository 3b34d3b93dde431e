"""Three-way decisions of an interval against a margin, one site or many, and the smallest margin that would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtri

from evidense.boundary import numerals
from evidense.errors import InvalidInput

Relation = Literal["above", "below", "within", "raises"]
Join = Literal["every", "any", "mean"]
ThreeWay = Literal["HOLDS", "FAILS", "UNDECIDED"]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Sited:
    """An effect at one site, with its own interval and the one that holds together with all other sites'."""

    effect: float
    own: Interval
    together: Interval


@dataclass(frozen=True)
class Joined:
    """What the sites say as one: the word, and the effect and interval that decide it."""

    word: ThreeWay
    effect: float
    low: float
    high: float
    at: int
    """Place of the deciding site; −1 for a mean."""


def three_way(relation: Relation, interval: Interval, margin: float) -> ThreeWay:
    """Decide by the interval against the margin.

    above: HOLDS where low > margin, FAILS where high ≤ margin. below: the same of the negative. within: HOLDS where
    −margin ≤ low and high ≤ margin, FAILS where low > margin or high < −margin. Else UNDECIDED. A negative margin
    asks that a loss stays smaller (non-inferiority); "within" needs 0 or more. raises: superiority over 0, as the rule
    says HELPS: HOLDS where low > 0 < margin < high, FAILS where high ≤ margin (no gain that matters is left).

    Source: two one-sided tests, Schuirmann 1987; here by the 95 % interval, which is stricter than his 90 %.

    Raises:
        InvalidInput: a negative margin of "within".

    >>> three_way("within", (-0.01, 0.015), 0.02), three_way("above", (0.01, 0.04), 0.02), three_way("below", (-0.01, 0.3), 0.02)
    ('HOLDS', 'UNDECIDED', 'FAILS')
    >>> [three_way("raises", interval, 0.02) for interval in ((0.01, 0.04), (-0.01, 0.04), (0.01, 0.02))]
    ['HOLDS', 'UNDECIDED', 'FAILS']
    """
    low, high = interval
    if relation == "raises":
        return "FAILS" if high <= margin else "HOLDS" if low > 0 else "UNDECIDED"
    if relation == "below":
        return three_way("above", (-high, -low), margin)
    if relation == "above":
        return "HOLDS" if low > margin else "FAILS" if high <= margin else "UNDECIDED"
    if margin < 0:
        raise InvalidInput(f"the margin is {margin} → expected 0 or more for a claim of equivalence → give its size")
    if -margin <= low and high <= margin:
        return "HOLDS"
    return "FAILS" if low > margin or high < -margin else "UNDECIDED"


def join(sites: Sequence[Sited], how: Join, relation: Relation, margin: float) -> Joined:
    """Make one answer of several sites.

    every: HOLDS where every site's own interval does (an intersection-union test needs no correction); FAILS where some
    site's interval *together* fails. any: HOLDS where some site's interval together does; FAILS where every own one fails.
    mean: the mean of the effects with the mean of the own ends, which is never too narrow: the standard deviation of a mean
    is at most the mean of the standard deviations, however the sites are correlated.

    Source: Berger 1982, for the intersection; Westfall and Young 1993, for the union.

    Raises:
        InvalidInput: no site.

    >>> a, b = Sited(0.0, (-0.01, 0.01), (-0.015, 0.015)), Sited(0.03, (0.018, 0.04), (0.012, 0.05))
    >>> join([a, b], "every", "within", 0.02).word, join([a, b], "any", "above", 0.01).word
    ('UNDECIDED', 'HOLDS')
    """
    if not sites:
        raise InvalidInput("there is no site to decide on → expected at least one finding → see what the claim seeks")
    if how == "mean":
        effect, low, high = (sum(x) / len(sites) for x in zip(*((s.effect, *s.own) for s in sites), strict=True))
        return Joined(three_way(relation, (low, high), margin), effect, low, high, -1)
    own_words = [three_way(relation, s.own, margin) for s in sites]
    joint_words = [three_way(relation, s.together, margin) for s in sites]
    unlike: ThreeWay = "FAILS" if how == "every" else "HOLDS"
    alike: ThreeWay = "HOLDS" if how == "every" else "FAILS"
    order = sorted(range(len(sites)), key=lambda i: _score(sites[i], relation), reverse=how == "any")
    if unlike in joint_words:
        index = next(i for i in order if joint_words[i] == unlike)
        return _by(sites, index, unlike, sites[index].together)
    if all(word == alike for word in own_words):
        return _by(sites, order[0], alike, sites[order[0]].own)
    index = next(i for i in order if own_words[i] != alike)
    return _by(sites, index, "UNDECIDED", sites[index].together)


def _by(sites: Sequence[Sited], index: int, word: ThreeWay, interval: Interval) -> Joined:
    return Joined(word, sites[index].effect, *interval, index)


def _score(site: Sited, relation: Relation) -> float:
    """Return how strongly a site supports the claim: higher is stronger."""
    return {"within": -abs(site.effect), "below": -site.effect}.get(relation, site.effect)


@dataclass(frozen=True)
class EquivalenceCurve:
    """The verdict of a claim of equivalence against its margin: FAILS below one margin, HOLDS from another on, UNDECIDED between."""

    fails_below: float
    holds_from: float

    def at(self, margin: float) -> ThreeWay:
        """Return the verdict at a margin."""
        return "FAILS" if margin < self.fails_below else "HOLDS" if margin >= self.holds_from else "UNDECIDED"


def equivalence_curve(sites: Sequence[Sited], how: Join) -> EquivalenceCurve:
    """Return the equivalence curve of sites joined by "every" or "mean": what `join` says within every margin.

    >>> equivalence_curve([Sited(0.0, (-0.01, 0.01), (-0.02, 0.02)), Sited(0.03, (0.018, 0.04), (0.012, 0.05))], "every")
    EquivalenceCurve(fails_below=0.012, holds_from=0.04)
    """
    if how == "mean":
        low, high = (sum(ends) / len(sites) for ends in zip(*(site.own for site in sites), strict=True))
        sites = [Sited((low + high) / 2, (low, high), (low, high))]
    beyond = max(max(site.together[0], -site.together[1], 0.0) for site in sites)
    return EquivalenceCurve(beyond, max(abs(end) for site in sites for end in site.own))


def smallest_margin(effect: float, standard_error: float, *, alpha: float = 0.05) -> float:
    """Return the smallest margin at which two one-sided tests at alpha would find equivalence: the far end of the 90 % interval.

    >>> round(smallest_margin(-0.0084, 0.003), 4)  # .0084 + 1.645 · .003
    0.0133
    """
    return abs(effect) + float(-ndtri(alpha)) * standard_error


def said(relation: Relation, interval: Interval, margin: float) -> str:
    """Say in words where the interval lies, as a verdict's reason.

    >>> said("within", (-0.01, 0.03), 0.02)
    'the interval [−.010, +.030] reaches over the margin of ±.02'
    """
    low, high = interval
    shown, word = f"the interval {numerals.interval(low, high)}", three_way(relation, interval, margin)
    if relation == "within":
        lies = {"HOLDS": "lies within", "FAILS": "lies beyond", "UNDECIDED": "reaches over the margin of"}[word]
        return f"{shown} {lies} ±{numerals.short(margin)}"
    if relation == "raises":
        gains = {
            "HOLDS": "lies above 0",
            "FAILS": f"leaves no gain above {numerals.short(margin)}, the margin",
            "UNDECIDED": "leaves gain and no gain possible",
        }
        return f"{shown} {gains[word]}"
    edge, sides = (margin, ("above", "not above")) if relation == "above" else (-margin, ("below", "not below"))
    if word == "UNDECIDED":
        return f"{shown} holds {numerals.short(edge)}, the margin"
    return f"{shown} lies {sides[0] if word == 'HOLDS' else sides[1]} {numerals.short(edge)}, the margin"


def apart(sites: Sequence[Sited], n: int, *, alpha: float = 0.05) -> list[Sited]:
    """Widen own intervals to hold together over n sites (Bonferroni, as if normal), where no joint interval is known.

    >>> round(apart([Sited(0.0, (-1.96, 1.96), (0.0, 0.0))], 2)[0].together[1], 2)  # 1.96 → 2.24 standard errors
    2.24
    """
    factor = float(ndtri(alpha / 2 / n) / ndtri(alpha / 2))
    return [
        Sited(s.effect, s.own, (s.effect - (s.effect - s.own[0]) * factor, s.effect + (s.own[1] - s.effect) * factor))
        for s in sites
    ]
