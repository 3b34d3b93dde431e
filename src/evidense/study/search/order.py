"""Order: what a search is asked to do."""

import os
from dataclasses import dataclass
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.searching.plans import LIMIT
from evidense.searching.screening import TARGET
from evidense.study.audit.order import check_budgets


@dataclass(frozen=True)
class SearchOrder:
    """A question, whom to ask, and how to screen what they find."""

    question: str = ""
    """Empty: that of the plan."""
    sources: tuple[str, ...] = ()
    """Spellings; empty: every index of the shelf that can be searched by topic, and the lists of retractions."""
    criteria: Path | None = None
    plan: Path | None = None
    labels: Path | None = None
    offline: bool = False
    limit: int = LIMIT
    """Works that each source is asked for, where the plan names no other number."""
    recall: float = TARGET
    """Share of the relevant works that are to be found before people stop screening."""
    passes_by_facets: bool = False
    """Without criteria and labels of works that were found, a work passes whose title or abstract holds a term of each facet."""
    max_requests: int | None = None
    max_seconds: float | None = None
    max_usd: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        check_budgets(max_requests=self.max_requests, max_seconds=self.max_seconds, max_usd=self.max_usd)
        if self.limit < 1:
            raise InvalidInput(f"the limit is {self.limit}; expected 1 or more works a source; correct --limit")
        if not 0 < self.recall < 1:
            raise InvalidInput(
                f"the target recall is {self.recall}; expected a share between 0 and 1, as 0.95; correct --recall"
            )
        if os.path.isfile(self.question.strip()):  # Path.is_file raises where a question is too long for a path
            raise InvalidInput(
                f"'{self.question.strip()}' is a file; expected a question in words; give criteria with --criteria, a plan with --plan, labels with "
                "--labels, and works with --sources folder:PATH"
            )
        if not self.question.strip() and self.plan is None:
            raise InvalidInput(
                "the question is empty; expected a topic in words, or --plan FILE; write it in quotation marks"
            )

    @property
    def paths(self) -> list[Path]:
        """Return the files and folders that the search reads."""
        named = (text.partition(":")[2].strip() for text in self.sources)
        given = (path for path in (self.criteria, self.plan, self.labels) if path is not None)
        return [*given, *(Path(path).expanduser() for path in named if path)]
