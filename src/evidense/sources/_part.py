"""Part: what every source has unless it says otherwise: it is named by its name, and holds no full texts."""

from collections.abc import Sequence

from evidense.parts.literature import Offer, Wire
from evidense.values import Answer, Work


class SourcePart:
    """A source of works."""

    name: str
    display_name: str
    covers: str
    offers: frozenset[Offer] = frozenset({"identifiers", "title"})

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return how it is named."""
        return (self.name,)

    def recognises(self, spelling: str) -> bool:
        """Say whether its name was given."""
        return spelling == self.name

    def topic_query(self, facets: Sequence[Sequence[str]]) -> str:
        """Return nothing: it is not searched by topic."""
        return ""

    def by_topic(self, query: str, limit: int, wire: Wire, spelling: str) -> Answer:
        """Say that it is not searched by topic."""
        return Answer(self.name, "not asked", by="topic", detail="it is not searched by topic")

    def full_text(self, work: Work, wire: Wire, spelling: str) -> Answer:
        """Say that it holds no texts."""
        return Answer(self.name, "not asked", detail="it holds no full texts")
