"""Hedges: whether a statement keeps the doubt of the passage that it quotes."""

from dataclasses import dataclass

from evidense.auditing.markers import is_hedge
from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Hedges:
    """Counts statements whose quotation doubts, and which doubt as well."""

    name: str = "hedges"
    dimension: str = "uncertainty"
    asks: str = "Where a source doubts, does the statement doubt too?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share of statements from doubting passages that keep a doubt."""
        doubting = [s for s in synthesis.statements if is_hedge(s.quote)]
        counted = [Counted(s.text, float(is_hedge(s.text))) for s in doubting]
        return share_vote(self, counted, "statements keep the doubt of their quotation", "no quotation doubts")


PART = Hedges()
