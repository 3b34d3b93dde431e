"""Experiments: which share of the findings was tested here, and not refuted."""

import re
from dataclasses import dataclass

from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, SynthesisStatement, Vote


@dataclass(frozen=True)
class Experiments:
    """Counts findings with an experiment of ours: one that fails them counts nothing, one with an undecided part half."""

    name: str = "experiments"
    dimension: str = "tested by experiment"
    asks: str = "Was each finding put to the test, and what came of it?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share of findings that an experiment upholds."""
        counted = [Counted(s.text, _worth(s)) for s in synthesis.statements if s.kind == "finding"]
        return share_vote(self, counted, "findings are upheld by an experiment", "it states no finding")


def _worth(statement: SynthesisStatement) -> float:
    """Return what experiments make of a statement: one that fails outweighs all; where nothing was tested nothing counts."""
    words = set(re.findall(r"\w+", statement.tested))
    if words & {"FAILS", "REFUTED", "HARMS"} or not words & {"HOLDS", "UNDECIDED"}:
        return 0.0
    return 0.5 if "UNDECIDED" in words else 1.0


PART = Experiments()
