"""Retractions: which share of the statements and of the sources is free of retracted works."""

from dataclasses import dataclass

from evidense.values import Synthesis, Vote


@dataclass(frozen=True)
class Retractions:
    """Counts sources that are not retracted, and statements that rest on none that is; the smaller share counts."""

    name: str = "retractions"
    dimension: str = "retractions"
    asks: str = "Does anything rest on a retracted work?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score ten times the smaller share."""
        if not synthesis.sources:
            return Vote(self.name, self.dimension, None, "it has no source")
        retracted = {source.key for source in synthesis.sources if source.is_retracted}
        resting = tuple(s.text for s in synthesis.statements if retracted.intersection(s.sources))
        n_listed = sum(source.is_retracted for source in synthesis.sources)
        shares = [n_listed / len(synthesis.sources), len(resting) / max(1, len(synthesis.statements))]
        reason = f"{n_listed} of {len(synthesis.sources)} sources are retracted; {len(resting)} statements rest on them"
        return Vote(self.name, self.dimension, 10 * (1 - max(shares)), reason, (*sorted(retracted), *resting))


PART = Retractions()
