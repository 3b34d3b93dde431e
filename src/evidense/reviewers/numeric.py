"""Numbers: whether each number of a statement stands in the passage that it quotes."""

from dataclasses import dataclass

from evidense.reviewers._beside_quotes import has_numbers, missing_numbers
from evidense.reviewers._shares import Counted, share_vote
from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Numeric:
    """Counts statements with numbers, all of which their quotation has, rounded or not."""

    name: str = "numeric"
    dimension: str = "numerical consistency"
    asks: str = "Are the numbers of each statement those of its quotation?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the share of statements with numbers whose numbers are all right."""
        stated = [s for s in synthesis.statements if has_numbers(s.text)]
        counted = [Counted(s.text, float(not missing_numbers(s.text, s.quote))) for s in stated]
        return share_vote(
            self, counted, "statements with numbers have them from their quotation", "no statement gives a number"
        )


PART = Numeric()
