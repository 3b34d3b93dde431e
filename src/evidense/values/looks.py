"""Look: one use of a collection's queries to compare systems."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Look:
    """One family of comparisons on one collection; repeating the same comparisons is the same look."""

    look_id: str
    """Hash of what was compared: the measure and the per-query values."""
    first: str
    """Time of the first such look, UTC, as ISO 8601."""
    comparisons: tuple[str, ...]
    """One key per pair of systems."""
    error: float
    """With what chance at most one of its intervals on this collection misses."""
    planned: int = 0
    """Number of looks planned when it was made; 0 = no plan."""
    sample: str = ""
    """Checksum of the sample that was looked at: looks at several samples of one collection share its queries. "" = not known."""

    def to_json(self) -> dict[str, Any]:
        """Return the look as JSON values."""
        return {**asdict(self), "comparisons": list(self.comparisons)}

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Look":
        """Read a look from its JSON values."""
        return cls(**{**data, "comparisons": tuple(data["comparisons"])})
