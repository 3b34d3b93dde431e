"""Summary: a search in sentences; the terminal and the page print the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidense.boundary.numerals import plain, short
from evidense.searching.outcome import SearchedSource, SearchOutcome
from evidense.searching.stopping import Recall


@dataclass(frozen=True)
class SearchAnswer:
    """The one box: what it comes to, and its tone."""

    sentence: str
    tone: str
    """helps, undecided, harms."""


def answer(outcome: SearchOutcome) -> SearchAnswer:
    """Return the one sentence of the box."""
    if empty := _why_empty(outcome):
        return SearchAnswer(empty, "harms" if not outcome.n_answered else "undecided")
    n_passed, waiting = outcome.prisma.n_passed, outcome.prisma.waiting
    n_works = len(outcome.found.hits)
    said = f"{n_passed:,} of {count(n_works, 'work')} {'pass' if n_passed != 1 else 'passes'} screening"
    if waiting:
        said += f"; {waiting:,} wait{'s' if waiting == 1 else ''} for a person"
    return SearchAnswer(f"{said}.", "helps" if n_passed else "undecided")


def _why_empty(outcome: SearchOutcome) -> str:
    """Say why there is nothing to screen; "" where there is something."""
    if not outcome.n_answered:
        return "No source answered: nothing is known of the topic."
    if not outcome.found.hits:
        silent = len([s for s in outcome.sources if not s.has_answered])
        more = f" {count(silent, 'source')} did not answer." if silent else ""
        return (
            f"Nothing was found: {count(outcome.n_answered, 'source')} answered, none holds a work on the topic.{more}"
        )
    if all(hit.is_retracted for hit in outcome.found.hits):
        return f"Only retracted works were found ({len(outcome.found.hits):,}): there is nothing to rest on."
    return ""


def lines(outcome: SearchOutcome) -> list[tuple[str, str]]:
    """Return what there is to say, each with its word: asked, joined, removed, excluded, next."""
    flow = outcome.prisma
    facets = " · ".join(f"{facet.name} ({count(len(facet.terms), 'term')})" for facet in outcome.plan.facets)
    said = [("plan", facets or "queries written by hand")]
    for word, has_answered in (("found", True), ("silent", False)):
        if told := [source_words(s) for s in _by_yield(outcome) if s.has_answered == has_answered]:
            said.append((word, " · ".join(told)))
    said.append(
        (
            "joined",
            f"{count(flow.n_identified, 'record')} are {count(len(outcome.found.hits), 'work')}{_doubts(outcome)}",
        )
    )
    if flow.ineligible:
        said.append(
            ("removed", f"{sum(flow.ineligible.values()):,} by their records: {reasons(outcome.reasons('ineligible'))}")
        )
    for by, who in (("automation", "the criteria"), ("person", "people")):
        if flow.screened_out[by]:
            total = sum(flow.screened_out[by].values())
            said.append(("excluded", f"{total:,} by {who}: {reasons(flow.screened_out[by])}"))
    if flow.n_passed:
        said.append(("passed", f"{flow.passed['automation']:,} by the criteria, {flow.passed['person']:,} by people"))
    if outcome.found.hits:
        said.append(("next", next_words(outcome)))
    if outcome.screened.unknown:
        said.append(
            (
                "labels",
                f"{count(len(outcome.screened.unknown), 'label')} of works that were not found: {', '.join(outcome.screened.unknown[:3])}",
            )
        )
    return said


def next_words(outcome: SearchOutcome) -> str:
    """Say what a person does next, and what is known of the recall."""
    following = outcome.screened.following
    known = f" {recall_words(following.recall)}" if following.recall is not None and outcome.n_labels else ""
    if following.kind == "stop":
        return f"enough is screened for a recall of {short(outcome.target)}.{known}"
    if following.kind == "all":
        return "nothing is left to screen."
    works = count(len(following.works), "work")
    if following.kind == "sample":
        return f"label the {works} of random sample {following.sample} in to_screen.csv: they decide whether it is enough.{known}"
    by = outcome.screened.taught_by
    return f"label the {works} in to_screen.csv, the likeliest first (by {by}), and pass it back with --labels.{known}"


def recall_words(recall: Recall) -> str:
    """Say what is known of the recall."""
    return (
        f"Recall at least {plain(recall.least, 2)} (95 % sure over all looks): {recall.n_found:,} relevant found, at most {recall.n_left_most:,} among the "
        f"{recall.n_left:,} that nobody read."
    )


def source_words(source: SearchedSource) -> str:
    """Say how a source answered: "arXiv 12 of 40", "DBLP blocked: …"."""
    if source.has_answered and not source.detail:
        return f"{source.display_name} {source.n_works:,}"
    if source.has_answered:
        return f"{source.display_name} {source.detail}"
    return (
        f"{source.display_name} {source.state}: {source.detail}"
        if source.detail
        else f"{source.display_name} {source.state}"
    )


def silent_words(outcome: SearchOutcome, most: int = 2) -> str:
    """Say of the first sources that did not answer why."""
    silent = [source for source in outcome.sources if not source.has_answered]
    more = f", and {len(silent) - most:,} more on the page" if len(silent) > most else ""
    return f"{'; '.join(source_words(source) for source in silent[:most])}{more}"


def reasons(counts: Mapping[str, int]) -> str:
    """List reasons, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} {reason}" for reason, n in ordered)


def count(n: int, what: str) -> str:
    """Return a number with its noun.

    >>> count(1, "work"), count(2_000, "work")
    ('1 work', '2,000 works')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _by_yield(outcome: SearchOutcome) -> list[SearchedSource]:
    return sorted(outcome.sources, key=lambda source: -source.n_works)


def _doubts(outcome: SearchOutcome) -> str:
    n = len(outcome.found.doubts)
    return f"; {count(n, 'pair')} may be one work and {'is' if n == 1 else 'are'} listed" if n else ""
