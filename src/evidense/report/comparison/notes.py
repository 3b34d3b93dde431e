"""Notes: everything to beware of in a comparison, from its records alone: the terminal and the first screen say the same."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import count, interval, plain, signed
from evidense.compute.comparison.index_part import index_words
from evidense.compute.search.imported_rankings import is_of_strange_queries
from evidense.measures import condensed
from evidense.parts.served import UNSEEN
from evidense.records import Finding, Json, Ranking, Verdict
from evidense.report.contents import At, Contents
from evidense.stats import few_seeds

MANY_LOST = 0.05
"""Share of the relevant documents that the corpus lacks from which on it is noted."""
_LACKS = re.compile(r"that the corpus lacks \(([\d,]+) of ([\d,]+) relevant documents")
MANY_TIED = 0.05
"""Share of the queries with equal scores from which on it is noted."""
SURFACED = 0.05
"""Share of unjudged documents in the top 10 beyond the baseline's that is worth a note."""


@dataclass(frozen=True)
class Note:
    """One thing to beware of: `text` about a system, on some collections (all of them where it does not depend on that).

    What concerns a collection, whoever is compared on it, stands under the name of the collection, and names all.
    """

    system: str
    text: str
    collections: tuple[str, ...]


def notes_on(contents: Contents, system: str) -> list[Note]:
    """Return the notes that concern one comparison; those of the collections, the baseline and the references stand with the first one."""
    is_first = system == contents.systems[0]
    others = [s for s in (contents.baseline, *contents.references) if s != system and is_first]
    notes = [
        Note(c, text, tuple(contents.collections))
        for c in contents.collections
        for text in _of_collection(contents, c)
        if is_first
    ]
    notes += [*_part_of_index(contents, system), *_unseen(contents, system), *_unjudged(contents, system)]
    notes += [*_prompts(contents, system), *_few_seeds(contents, system), *_servers(contents, system)]
    for c in contents.collections:
        of_all = _of_all(contents, c)
        notes += [Note(_all(contents), text, (c,)) for text in of_all if is_first]
        for name in (system, *others):
            notes += [Note(name, text, (c,)) for text in _own(contents, name, c) if text not in of_all]
    return _merged(notes)


def _all(contents: Contents) -> str:
    n = len(contents.everyone)
    return "both systems" if n == 2 else f"all {n} systems"


def _of_all(contents: Contents, collection: str) -> list[str]:
    """Return what was noted of every system on a collection alike."""
    first, *others = ([*_own(contents, name, collection)] for name in contents.everyone)
    return [text for text in first if all(text in texts for texts in others)]


def _merged(notes: Sequence[Note]) -> list[Note]:
    """Say once what holds on several collections."""
    where: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        where.setdefault((note.system, note.text), []).extend(note.collections)
    return [Note(system, text, tuple(dict.fromkeys(names))) for (system, text), names in where.items()]


def _of_collection(contents: Contents, collection: str) -> Iterator[str]:
    """What was noted of its texts, and how much of it stands in the training pairs that were named."""
    mean = contents.means.get((contents.baseline, collection, contents.study.primary))
    yield from (str(text) for text in (mean.details.get("traps") or () if mean is not None else ()))
    yield from _lost(contents, collection)
    overlap = next((findings[0].details for (_, c), findings in contents.unseen.items() if c == collection), None)
    if overlap is not None:
        held = [
            _held(overlap[key], noun)
            for key, noun in (("queries", "queries"), ("documents", "relevant documents"), ("pairs", "pairs"))
        ]
        yield f"among the training pairs ({', '.join(map(str, overlap['trained_on']))}) are {', '.join(held)}"


def _lost(contents: Contents, collection: str) -> Iterator[str]:
    """The note on judged documents that the corpus lacks, where they are many: a shard may be missing."""
    ranking = next((r for (_, c), r in contents.rankings.items() if c == collection), None)
    for text in ranking.collection.get("notes", ()) if ranking is not None else ():
        if (found := _LACKS.search(text)) and _number(found[1]) >= MANY_LOST * _number(found[2]):
            yield f"{text}: is a part of the corpus missing?"


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _held(counts: Sequence[int], noun: str) -> str:
    """Say how many of all equal one, and how many nearly do.

    >>> _held([30, 5, 60], "queries")
    '30 (and nearly 5 more) of 60 queries'
    """
    n_equal, n_near, n = counts
    nearly = f" (and nearly {n_near:,} more)" if n_near else ""
    return f"{n_equal:,}{nearly} of {n:,} {noun}"


def _unseen(contents: Contents, system: str) -> Iterator[Note]:
    """Whether a verdict holds without the queries that were trained on."""
    for verdict in contents.worst_first(system):
        for finding in contents.unseen.get((system, verdict.collection), ()):
            n_gone = verdict.n - finding.n
            if n_gone:
                yield Note(system, _without(verdict, finding, n_gone), (verdict.collection,))


def _without(verdict: Verdict, finding: Finding, n_gone: int) -> str:
    d = finding.details
    gone = f"the {n_gone:,} queries that are {'' if d['left_out'] == 'equal' else 'or nearly are '}among the training pairs"
    if finding.value is None:
        return f"no query is left without {gone}: {verdict.verdict} says nothing of queries that were not trained on"
    remaining = f"{signed(finding.value)} {interval(finding.low, finding.high)}, n {finding.n:,}"
    if d["verdict"] == verdict.verdict:
        return f"{verdict.verdict} holds without {gone} ({remaining})"
    return f"{verdict.verdict} does not hold without {gone}: {d['verdict']} ({remaining})"


def _own(contents: Contents, system: str, collection: str) -> Iterator[str]:
    """What was noted when a system ranked a collection, and when its lists were scored."""
    mean = contents.means.get((system, collection, contents.study.primary))
    is_joined = mean is not None and bool(mean.details.get("joined"))
    if (ranking := contents.rankings.get((system, collection))) is not None:
        texts = (text for text in _warnings(ranking) if not text.startswith(UNSEEN) and not _are_few_ties(text))
        yield from (text for text in texts if not (is_joined and is_of_strange_queries(text)))
        yield from _raised_ef(ranking)
    if (recall := contents.recalls.get((system, collection))) is not None and not _finds_all(recall):
        yield _recall(recall)
    yield from (str(text) for text in (mean.details.get("notes") or () if mean is not None else ()))


_TIES = re.compile(r"([\d,]+) of ([\d,]+) queries of this file have equal scores")


def _are_few_ties(text: str) -> bool:
    """Say whether a note is on equal scores in so few queries that their order hardly matters."""
    found = _TIES.search(text)  # of a system with seeds, after the name of the seed
    return found is not None and _number(found[1]) < MANY_TIED * _number(found[2])


_RAISED = re.compile(r"\bef (\d+(?:,\d+)*)\b.*\(raised from (\d+(?:,\d+)*) to the depth\)")


def _raised_ef(ranking: Ranking) -> Iterator[str]:
    """Say that an HNSW index looked at more candidates than its name says."""
    if raised := _RAISED.search(str(ranking.policies.get("search") or "")):
        used, named = raised.groups()
        yield f"searched with ef={used}, although its name says ef={named}: an index keeps at least as many candidates as the lists are deep"


def _servers(contents: Contents, system: str) -> Iterator[Note]:
    """The note on each server, for all systems and collections that it answers; it stands with the first comparison that it concerns."""
    where: dict[str, list[At]] = {}
    for at, ranking in contents.rankings.items():
        for text in _warnings(ranking):
            if text.startswith(UNSEEN):
                where.setdefault(text, []).append(at)
    for text, places in where.items():
        systems, collections = ({place[i]: None for place in places} for i in (0, 1))
        beside_all = systems.keys() & {contents.baseline, *contents.references}
        if system == next((s for s in contents.systems if beside_all or s in systems), None):
            yield Note(", ".join(systems), text, tuple(collections))


def _warnings(ranking: Ranking) -> list[str]:
    return [str(text) for text in _setup(ranking).get("warnings") or ()]


def _finds_all(recall: Finding) -> bool:
    """Say whether an index found everything on all queries of a collection: there is nothing to beware of."""
    return recall.value == 1 and not recall.details["n_short"] and recall.n == recall.details["n_queries"]


def _recall(finding: Finding) -> str:
    """Say how much of the exact results an index finds."""
    sampled = "" if finding.n == finding.details["n_queries"] else f" of {count(finding.details['n_queries'])}"
    short = (
        f"; {count(finding.details['n_short'])} of them miss some, the worst finds {plain(finding.details['worst'], 2)}"
    )
    return f"its index finds {recall_words(finding)} (n {count(finding.n)}{sampled} queries{short if finding.details['n_short'] else ''})"


def recall_words(finding: Finding) -> str:
    """Return the share of the exact results that an index finds, with its interval."""
    exact = finding.unit.removeprefix("share of the exact ")
    return f"{plain(finding.value)} {interval(finding.low, finding.high, sign=False)} of the exact {exact}"


def _part_of_index(contents: Contents, system: str) -> Iterator[Note]:
    """Say how much of a difference indexes make. The reason of a verdict that they overturned says so itself."""
    for verdict in contents.worst_first(system):
        index = verdict.details.get("index")
        if index and "as_run" not in index and (index["n_changed"] or index["is_sample"]):
            yield Note(system, index_words(verdict.effect, index), (verdict.collection,))


def _unjudged(contents: Contents, system: str) -> Iterator[Note]:
    for verdict in contents.worst_first(system):
        judged = verdict.details.get("judged") or {}
        base_unjudged, unjudged = (1 - judged.get(side, 1.0) for side in ("base", "system"))
        if unjudged - base_unjudged < SURFACED:
            continue
        text = f"{unjudged:.0%} of its top 10 unjudged (baseline {base_unjudged:.0%})"
        beside = contents.differences.get((system, verdict.collection, condensed(verdict.measure)))
        if beside is not None:
            text += f"; over judged documents only {signed(beside.value)} {interval(beside.low, beside.high)}"
        yield Note(system, text, (verdict.collection,))


def _few_seeds(contents: Contents, system: str) -> Iterator[Note]:
    """Say of a verdict over two seeds on how little it rests. The reason of an undecided one says so itself."""
    for verdict in contents.worst_first(system):
        if verdict.verdict != "UNDECIDED" and (few := few_seeds(verdict.details.get("n_seeds", 1))):
            yield Note(system, few, (verdict.collection,))


def _prompts(contents: Contents, system: str) -> Iterator[Note]:
    setups = [_setup(contents.ranking_of(s)) for s in (contents.baseline, system)]
    for field, side in (("query_prompt", "query"), ("document_prompt", "document")):
        base_prompt, prompt = (setup.get(field) or "" for setup in setups)
        if base_prompt != prompt:
            text = f"{side} prompts differ: {quoted(prompt)} vs {quoted(base_prompt)} (baseline)"
            yield Note(system, text, tuple(contents.collections))


def quoted(prompt: str) -> str:
    """Return a prompt in quotes, or the word none.

    >>> quoted("query: "), quoted("")
    ('“query: ”', 'none')
    """
    return f"“{prompt}”" if prompt else "none"


def _setup(ranking: Ranking | None) -> Mapping[str, Json]:
    return ranking.setup if ranking else {}
