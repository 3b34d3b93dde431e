"""Plans: a question as one query for each index, to be shown, edited and asked again."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidense.boundary.documents import parsed
from evidense.boundary.files import Budget, plain_name, read_text
from evidense.errors import InvalidInput
from evidense.records import Json, sha256_of
from evidense.searching.questions import SearchFacet, facets_of

SCHEMA = "evidense-plan/1"
LIMIT = 200
"""Works that an index is asked for, the best first."""
_MOST_LIMIT = 10_000
_FORM = 'expected {"question": "…", "facets": [{"name": "…", "terms": ["…"]}], "queries": {"arxiv": {"query": "…", "limit": 200}}}; correct the plan'


@dataclass(frozen=True)
class IndexQuery:
    """What one index is asked."""

    query: str
    limit: int = LIMIT
    is_edited: bool = False
    """A person wrote it: it stays as it is, whatever the facets say."""


@dataclass(frozen=True)
class QueryPlan:
    """A question, its facets, and a query for each index."""

    question: str
    facets: tuple[SearchFacet, ...]
    queries: Mapping[str, IndexQuery]
    """Name of the index → its query."""

    def to_json(self) -> dict[str, Json]:
        """Return the plan as it is written; `written` tells later whether a person has changed a query since."""
        queries = {
            name: {"query": q.query, "limit": q.limit} | ({} if q.is_edited else {"written": _mark(q.query)})
            for name, q in self.queries.items()
        }
        facets = [{"name": facet.name, "terms": list(facet.terms)} for facet in self.facets]
        return {"schema": SCHEMA, "question": self.question, "facets": facets, "queries": queries}


def plan_of(question: str) -> QueryPlan:
    """Return the plan of a question, without queries.

    Raises:
        InvalidInput: the question has no facets, see `facets_of`.
    """
    return QueryPlan(" ".join(question.split()), facets_of(question), {})


def read_plan(path: Path, question: str = "") -> QueryPlan:
    """Read a plan that a person may have edited, JSON or TOML. Its own question counts where none is given.

    Raises:
        InvalidInput: it cannot be read, or is no plan.
    """
    text = read_text(path, "a plan (JSON or TOML)", Budget())
    data = _toml(text, path) if plain_name(path).suffix.lower() == ".toml" else parsed(text, str(path))
    if not isinstance(data, dict):
        raise InvalidInput(f"'{path}' is no plan; {_FORM}")
    facets, queries = data.get("facets", []), data.get("queries", {})
    if not isinstance(facets, list) or not isinstance(queries, dict):
        raise InvalidInput(f"'{path}' has facets or queries of another form; {_FORM}")
    read = QueryPlan(
        " ".join((question or str(data.get("question", ""))).split()),
        tuple(_facet(value, n, path) for n, value in enumerate(facets, 1)),
        {str(name): _query(value, str(name), path) for name, value in queries.items()},
    )
    if not read.facets and not any(q.is_edited for q in read.queries.values()):
        raise InvalidInput(f"'{path}' has neither facets nor queries; {_FORM}")
    return read


def _toml(text: str, path: Path) -> Any:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput(f"'{path}' is not TOML ({str(error)[:120]}); {_FORM}") from None


def _facet(value: Any, number: int, path: Path) -> SearchFacet:
    terms = value.get("terms") if isinstance(value, dict) else None
    if (
        not isinstance(terms, list)
        or not all(isinstance(term, str) for term in terms)
        or not any(t.strip() for t in terms)
    ):
        raise InvalidInput(f"'{path}' facet {number} has no terms; {_FORM}")
    kept = tuple(" ".join(term.split()) for term in terms if term.strip())
    return SearchFacet(str(value.get("name") or kept[0]), kept)


def _query(value: Any, name: str, path: Path) -> IndexQuery:
    query, limit = (value.get("query"), value.get("limit", LIMIT)) if isinstance(value, dict) else (None, LIMIT)
    if not isinstance(query, str):
        raise InvalidInput(f"'{path}' has no query for '{name}'; {_FORM}")
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 < limit <= _MOST_LIMIT:
        raise InvalidInput(f"'{path}' has the limit {limit!r} for '{name}'; expected 1 to {_MOST_LIMIT:,}; correct it")
    return IndexQuery(query, limit, value.get("written") != _mark(query))


def _mark(query: str) -> str:
    return sha256_of(query)[:12]


def spelt_facets(facets: Sequence[SearchFacet]) -> list[list[str]]:
    """Return the terms of each facet, as sources take them."""
    return [list(facet.terms) for facet in facets]
