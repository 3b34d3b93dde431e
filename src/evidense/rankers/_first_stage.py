"""First stage: which system finds the documents that a reranker sees, and how many of them: `@first=bm25@depth=100`."""

from collections.abc import Set
from dataclasses import dataclass

from evidense.compute.search.reranking import DEPTH
from evidense.errors import InvalidInput
from evidense.values import Spelling

OPTIONS = frozenset({"first", "depth", "query_prompt", "document_prompt", "prompt", "revision"})
"""Options of every reranker."""
_FIRST = "bm25"
_MOST = 10_000


@dataclass(frozen=True)
class FirstStage:
    """The system whose lists are reranked, and the number of documents of each that a reranker scores."""

    first: str = _FIRST
    depth: int = DEPTH
    prompts: tuple[str, str] = ("", "")
    """Before each query and each document."""

    @classmethod
    def of(cls, spelling: Spelling, known: Set[str]) -> "FirstStage":
        """Return what the options of a reranker say.

        Raises:
            InvalidInput: unknown options, or a depth that is no number of documents; all at once.
        """
        options = spelling.options
        known = known | OPTIONS
        mistakes = [
            f"@{name}={options[name]}: a reranker does not read it; expected {', '.join(sorted(known))}; leave it out"
            for name in sorted(set(options) - known)
        ]
        depth, first = options.get("depth", str(DEPTH)), options.get("first", _FIRST).strip()
        if not (depth.isascii() and depth.isdigit() and len(depth) < 8 and 1 <= int(depth) <= _MOST):
            mistakes.append(f"@depth={depth}: expected the number of documents that are reranked, from 1 to {_MOST:,}")
        if not first:
            mistakes.append("@first= names nothing; expected a system, as @first=bm25 or @first=[MODEL@dim=256]")
        if mistakes:
            raise InvalidInput.all_of(f"'{spelling}'", mistakes)
        of_query, of_document = (
            options.get(f"{side}_prompt", options.get("prompt", "")) for side in ("query", "document")
        )
        return cls(first, int(depth), (of_query, of_document))
