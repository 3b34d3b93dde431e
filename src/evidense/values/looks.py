"""Look: one use of a collection's queries to compare systems."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Look:
    """One family of comparisons on one collection; the same comparisons again are the same look."""

    look_id: str
    """Of what was compared: measure and per-query values."""
    first: str
    """When it was made for the first time, in UTC, as ISO 8601."""
    comparisons: tuple[str, ...]
    """One key a pair of systems."""
    error: float
    """With what chance at most one of its intervals on this collection misses."""
    planned: int = 0
    """How many looks were planned when it was made; 0 = no plan."""

    def to_json(self) -> dict[str, Any]:
        """Return the look as JSON values."""
        return {**asdict(self), "comparisons": list(self.comparisons)}

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Look":
        """Read a look back."""
        return cls(**{**data, "comparisons": tuple(data["comparisons"])})
