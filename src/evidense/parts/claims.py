"""Claims: sentences that can be decided, with worlds where they are true and false."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from evidense.parts.names import Named
from evidense.records import Json
from evidense.stats import Estimate

ClaimVerdict = Literal["HOLDS", "FAILS", "UNDECIDED", "NOT_TESTABLE"]
Level = Literal["level", "instance", "transfer", "geometry", "cause"]
"""At which a sentence about two encoders can be true: as much is decodable; of the same queries; by the same code; in the same space; and
to the same end. It can be true at one and false at another."""


@dataclass(frozen=True)
class Evidence:
    """What a claim about two systems on one collection is decided from."""

    estimate: Estimate
    margin: float
    logit: Estimate | None = None
    """Of an interaction: the same on logits of the cells' means, whose effect and interval are in logits."""
    failed: tuple[str, ...] = ()
    """Controls that did not pass, each a sentence; with any, nothing is decided."""


@dataclass(frozen=True)
class Decision:
    """A claim's verdict with one sentence that says why."""

    verdict: ClaimVerdict
    reason: str


@runtime_checkable
class Claim(Named, Protocol):
    """A sentence that can be decided. It ships a world where it is true and one where it is false."""

    @property
    def sentence(self) -> str:
        """What is claimed."""
        ...

    @property
    def source(self) -> str:
        """Who claims it."""
        ...

    def decide(self, evidence: Evidence) -> Decision:
        """Decide by the interval against the margin."""
        ...

    def true_world(self, seed: int) -> Evidence:
        """Return evidence from data with an effect of twice the margin (an equivalence claim: with none)."""
        ...

    def false_world(self, seed: int) -> Evidence:
        """Return evidence from data without the effect (an equivalence claim: with twice the margin)."""
        ...


@dataclass(frozen=True)
class Sought:
    """Which findings speak: those with this estimand whose site holds all of `site`; a tuple there means one of its members."""

    estimand: str
    site: Mapping[str, Json] = field(default_factory=dict)
    depth: tuple[float, float] = (0.0, 1.0)
    """Of the layers, those within this part of the depth: 0 the embeddings, 1 the last that the encoder's findings name."""


@dataclass(frozen=True)
class Control:
    """What must hold before a hypothesis is decided: the interval of these findings lies above the least, or below minus it."""

    sentence: str
    sought: Sought
    least: float
    relation: Literal["above", "below"] = "above"
    joined: Literal["every", "any", "mean"] = "any"
    """Which of several layers must show it."""


@dataclass(frozen=True)
class Condition:
    """What the site of a finding must say before a hypothesis is decided by it."""

    key: str
    wanted: Json
    sentence: str


@dataclass(frozen=True)
class MarginRule:
    """How a margin follows from what was measured: the registered one, but at most a share of what training adds, and at least what seeds differ by.

    Both are means over layers, by the ends of their intervals: the least that training may add, the most that two seeds may differ.
    Where seeds differ by more than that share, no margin can be set.
    """

    trained: Sought
    """Random weights minus the backbone."""
    seeds: Sought
    """Another seed of the tuning minus the tuning; where none is there, the margin has no lower bound."""
    share: float = 0.2


@dataclass(frozen=True)
class Hypothesis:
    """A sentence at one level, as it is registered before test data are read."""

    level: Level
    estimand: str
    """What is estimated, in words: formula, unit, over what it is aggregated."""
    comparator: str
    """What it is compared with, and the noise floor: seed against seed where there is one."""
    sought: Sought
    joined: Literal["every", "any", "mean"]
    """How findings of several sites (layers) are one answer: every one must clear the margin (each by its own interval); any one may (by
    intervals that hold together); or their mean."""
    relation: Literal["above", "below", "within", "raises"]
    """The claimed side of the margin: effect > margin, effect < −margin, |effect| < margin; raises: effect > 0, and not all below the margin."""
    margin: float
    """In its worlds, and where it is registered; in a study, that of the study or of `rule`, where the hypothesis says so."""
    margin_reason: str
    family: str
    """Over what the intervals hold together."""
    refuted_by: str
    """What would show it to be false, in words."""
    true_world: Callable[[int], Evidence]
    """Seed → evidence from data where it is true, with twice the margin (a claim of equivalence: with none), at the n it is decided with."""
    false_world: Callable[[int], Evidence]
    """Seed → evidence from data where it is not (a claim of equivalence: with twice the margin)."""
    controls: tuple[Control, ...] = ()
    apart: tuple[str, ...] = ()
    """Keys of the sites at which findings are not joined: one verdict for each of their values, as one for each N."""
    needs: tuple[Condition, ...] = ()
    margin_of: Literal["claim", "study"] = "claim"
    rule: MarginRule | None = None


@runtime_checkable
class LiteratureClaim(Named, Protocol):
    """A sentence of the literature, decided at each of its levels from findings; or not testable, with the reason."""

    @property
    def code(self) -> str:
        """Short name in the ledger, as B1 or L1: `code_order` sorts the ledger by it."""
        ...

    @property
    def sentence(self) -> str:
        """What is claimed, in the authors' words as far as they can be cited."""
        ...

    @property
    def source(self) -> str:
        """Who claims it, and where."""
        ...

    @property
    def about(self) -> tuple[str, ...]:
        """Names of the encoders that the sentence speaks of: a verdict on another one is on an analogue, and says so. () where it names none."""
        ...

    @property
    def untestable(self) -> str:
        """Why no experiment can test it; "" where one can."""
        ...

    @property
    def decided_by(self) -> str:
        """The study or command whose findings would decide it."""
        ...

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """Its levels; () where it is not testable."""
        ...


def code_order(code: str) -> tuple[str, int, str]:
    """Return the sort key of a claim's code: what stands before its first number, the number, the rest. Any text sorts.

    >>> sorted(["A10", "A2b", "L1", "A2", "B1", "", "x"], key=code_order)
    ['', 'A2', 'A2b', 'A10', 'B1', 'L1', 'x']
    """
    before, number, after = re.fullmatch(r"([^0-9]*)([0-9]*)(.*)", code, flags=re.DOTALL).groups()  # type: ignore[union-attr]
    return before, int(number or 0), after
