"""Rule outcomes: how often the verdicts of rules were right where that was measured, and the risk that follows from it, word by word."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from evidense.stats.flat import at_most
from evidense.values import CheckWord

SHIPPED = "rule_outcomes.json"
TAIL = 0.05
"""What the upper end of an interval leaves above it."""


RulesOn = Literal["sentence", "cell"]
"""What rules compare a statement with: a sentence that it copies, or the cell of a table."""


@dataclass(frozen=True)
class RuleOutcomes:
    """Verdicts of rules with one word on one set of data, and how many of them were wrong."""

    word: CheckWord
    data: str
    """What was judged, in words for the page."""
    n: int
    n_wrong: int
    on: RulesOn = "sentence"


@dataclass(frozen=True)
class RuleRisk:
    """What the verdicts of rules with one word rest on."""

    word: CheckWord
    outcomes: tuple[RuleOutcomes, ...]

    @property
    def n(self) -> int:
        """Count the verdicts of all data."""
        return sum(outcome.n for outcome in self.outcomes)

    @property
    def n_wrong(self) -> int:
        """Count the wrong ones."""
        return sum(outcome.n_wrong for outcome in self.outcomes)

    @property
    def upper(self) -> float:
        """Return the largest risk that these counts leave possible, at 95 % (Clopper and Pearson, one-sided).

        >>> round(RuleRisk("QUALIFIED", (RuleOutcomes("QUALIFIED", "written by hand", 59, 0),)).upper, 3)
        0.05
        """
        return at_most(self.n_wrong, self.n, TAIL)

    def is_within(self, risk: float) -> bool:
        """Say whether a verdict may be printed at a target."""
        return self.upper <= risk


def rule_risk(word: CheckWord, on: RulesOn = "sentence") -> RuleRisk:
    """Return what the verdicts of rules with this word rest on; a word that was never measured has the risk 1.

    >>> rule_risk("MIXED").upper
    1.0
    """
    return rule_risks(on).get(word, RuleRisk(word, ()))


@cache
def rule_risks(on: RulesOn = "sentence") -> Mapping[CheckWord, RuleRisk]:
    """Return every word that rules may say of sentences, or of cells, with what it rests on."""
    table = json.loads((files("evidense.checking") / "shipped" / SHIPPED).read_text("utf-8"))
    rows = [RuleOutcomes(row["word"], row["data"], row["n"], row["n_wrong"], row["on"]) for row in table["outcomes"]]
    shipped = [outcome for outcome in rows if outcome.on == on]
    words = dict.fromkeys(outcome.word for outcome in shipped)
    return {word: RuleRisk(word, tuple(o for o in shipped if o.word == word)) for word in words}


def outcomes_json(outcomes: Iterable[RuleOutcomes]) -> str:
    """Return the file that ships."""
    rows = ",\n".join(
        json.dumps({"on": o.on, "word": o.word, "data": o.data, "n": o.n, "n_wrong": o.n_wrong}) for o in outcomes
    )
    return f'{{"outcomes": [\n{rows}\n]}}\n'
