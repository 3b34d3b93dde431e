"""Counts: whether the numbers of papers and claims that a report states of itself are those that it shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidense.reviewers._shares import Counted, is_grounded, share_vote
from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Counts:
    """Counts stated numbers by how near they are to the real ones: the smaller over the larger."""

    name: str = "counts"
    dimension: str = "stated counts"
    asks: str = "Are there as many papers and claims as it says?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the mean of smaller over larger."""
        real = _real(synthesis)
        counted = [
            Counted(f"{said} {what}, really {real[what]}", _ratio(said, real[what]))
            for what, said in sorted(synthesis.n_claimed.items())
            if what in real
        ]
        return share_vote(self, counted, "counts are right", "it states no count of itself")


def _real(synthesis: Synthesis) -> Mapping[str, int]:
    n_grounded = sum(map(is_grounded, synthesis.statements))
    return {"papers": len(synthesis.sources), "claims": len(synthesis.statements), "verified": n_grounded}


def _ratio(said: int, real: int) -> float:
    return 1.0 if said == real else max(0, min(said, real)) / max(said, real, 1)


PART = Counts()
