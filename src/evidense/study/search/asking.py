"""Asking: every source is asked, one failing or not; what they found is a union, never one in place of another."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from evidense.auditing.at_once import at_once
from evidense.auditing.references_of import NamedSource, Tell
from evidense.parts import Wire
from evidense.parts.literature import PaperShelf
from evidense.searching.hits import Hit, Hits
from evidense.searching.outcome import SearchedSource
from evidense.searching.plans import IndexQuery, QueryPlan, spelt_facets
from evidense.study.search.papers import by_topic
from evidense.values import Answer, Reference


def complete(plan: QueryPlan, sources: Sequence[NamedSource], limit: int) -> QueryPlan:
    """Return a plan with a query for each source that is searched: a person's own stays, the others are written from the facets."""
    queries: dict[str, IndexQuery] = {}
    for source in sources:
        if "topic" not in source.part.offers:
            continue
        given = plan.queries.get(source.label)
        if given is not None and given.is_edited:
            queries[source.label] = given
        else:
            text = source.part.topic_query(spelt_facets(plan.facets))
            queries[source.label] = IndexQuery(text, given.limit if given is not None else limit)
    return replace(plan, queries=queries)


def ask_all(
    plan: QueryPlan, sources: Sequence[NamedSource], wire: Wire, tell: Tell, are_together: bool
) -> list[Answer]:
    """Ask each source of a plan for its query; the answers stand in the order of the sources."""

    def ask(source: NamedSource) -> Answer:
        query = plan.queries.get(source.label)
        if query is None:
            return source.marked(source.part.by_topic("", 0, wire, source.spelling))
        tell(f"searching {source.display_name}")
        if isinstance(source.part, PaperShelf) and source.part.papers(source.spelling):
            return source.marked(by_topic(source, source.part, query, tell))
        return source.marked(source.part.by_topic(query.query, query.limit, wire, source.spelling))

    return at_once([partial(ask, source) for source in sources], are_together)


def searched(plan: QueryPlan, source: NamedSource, answer: Answer) -> SearchedSource:
    """Return how a source answered, as it is shown."""
    query = plan.queries.get(source.label)
    return SearchedSource(
        source.label, source.display_name, source.part.covers, answer.state, len(answer.works), answer.total, answer.detail,
        query.query if query else "",
    )  # fmt: skip


def with_notices(found: Hits, sources: Sequence[NamedSource], wire: Wire) -> tuple[Hits, dict[str, Answer]]:
    """Look up the works that were found in the lists of retractions; return them with their notices, and how each list answered."""
    lists = [s for s in sources if "retractions" in s.part.offers and "topic" not in s.part.offers]
    hits, said = list(found.hits), {}
    references = [Reference(hit.name, title=hit.work.title, identifiers=hit.work.identifiers) for hit in hits]
    for source in lists:
        answers = source.part.by_identifiers(references, wire, source.spelling)
        hits = [_noticed(hit, answers.get(i)) for i, hit in enumerate(hits)]
        said[source.label] = _of_list(source, list(answers.values()), bool(references))
    return replace(found, hits=tuple(hits)), said


def _noticed(hit: Hit, answer: Answer | None) -> Hit:
    notices = [notice for work in (answer.works if answer else ()) for notice in work.notices]
    known = tuple(dict.fromkeys([*hit.work.notices, *notices]))
    return replace(hit, work=replace(hit.work, notices=known)) if notices else hit


def _of_list(source: NamedSource, answers: Sequence[Answer], was_asked: bool) -> Answer:
    """Return one answer for a list: it failed, or says how many of the works have a notice."""
    failed = next((answer for answer in answers if not answer.has_answered), None)
    if failed is not None:
        return source.marked(failed)
    if not was_asked:
        return Answer(source.label, "not asked", detail="nothing was found that it could be asked about")
    n = len(answers)
    return Answer(source.label, "found" if n else "not there", detail=f"{n:,} of the works have a notice")
