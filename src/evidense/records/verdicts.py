"""Verdict and Check: what a comparison comes to, and what a claim comes to. Both rest on findings, which are their parents."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal

from evidense.boundary.numerals import count, interval, signed
from evidense.boundary.shown import shown_line
from evidense.records.form import Json, Record

About = Literal["comparison", "effect", "literature"]
"""What a claim is about: a system against the baseline, an effect of trained cells, or dense retrievers in general."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Outcome(Record):
    """The fields that a Verdict and a Check share. Only these two are stored."""

    claim: str
    verdict: str
    """The word."""
    system: str
    baseline: str
    collection: str
    measure: str
    effect: Json
    """A number, as are the ends of its interval; all None if there is no evidence or the claim is not testable."""
    low: Json
    high: Json
    n: int
    n_clusters: int
    """Independent groups of queries; where queries share documents in part, as how many independent queries they count."""
    margin: float
    base_mean: Json
    system_mean: Json
    reason: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return the word and what it rests on, on one line; `content()` has every field."""
        effect = f"{signed(self.effect)} {interval(self.low, self.high)} {self.measure}, n {count(self.n)}"
        where = " on ".join(filter(None, (self.system, self.collection)))
        return shown_line(f"<{self.verdict} {where}: {effect if self.effect is not None else self.reason}>")


@dataclass(frozen=True, kw_only=True, repr=False)
class Verdict(Outcome):
    """What a comparison comes to: HELPS, HARMS, SAME, IDENTICAL or UNDECIDED. `claim` names the claim that this word asserts."""

    kind: ClassVar[str] = "verdict"

    def as_check(self, about: "About", **changes: str) -> "Check":
        """Return the check of a claim that rests on the same findings and numbers; `changes` are its claim, word and reason."""
        shared = {field.name: getattr(self, field.name) for field in fields(self)}
        return Check(about=about, **{**shared, **changes})


@dataclass(frozen=True, kw_only=True, repr=False)
class Check(Outcome):
    """What a claim comes to: HOLDS, FAILS, UNDECIDED or NOT_TESTABLE."""

    kind: ClassVar[str] = "check"
    about: About
    """A claim of the literature has no means; its `details` hold code, sentence, source, level, controls and registration.
    """
