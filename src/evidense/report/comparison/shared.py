"""Shared: what is said of collections that ask the same queries, or share what their queries are about."""

from collections.abc import Sequence

from evidense.boundary.numerals import count
from evidense.boundary.shown import shown_line
from evidense.report.contents import Contents
from evidense.stats import MIN_COLLECTIONS

NAMED = 5
"""Collections that a sentence names before it counts."""


def shared_sentences(contents: Contents) -> list[str]:
    """Return a sentence for each family of several collections, and one that says why nothing is said of a new collection, if sharing is why."""
    families = _distinct(contents, "family")
    sentences = [_same(contents, names) for names in _distinct(contents, "same_queries") if len(names) > 1]
    sentences += [
        _family(contents, names) for names in families if len(names) > 1 and list(names) not in _same_queries(contents)
    ]
    n = len(contents.shared)
    if n >= MIN_COLLECTIONS > len(families):
        sentences.append(
            f"nothing is said of a new collection: these {count(n)} are {count(len(families))} independent "
            f"famil{'y' if len(families) == 1 else 'ies'} of collections, and it takes {MIN_COLLECTIONS}"
        )
    left_out = sorted({str(name) for f in contents.new_collections for name in f.details.get("left_out") or ()})
    if left_out:
        sentences.append(f"a new collection: {_named(left_out)} left out, without any difference or a bound of it")
    return sentences


def _distinct(contents: Contents, key: str) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(tuple(f.details.get(key) or (name,)) for name, f in contents.shared.items()))


def _same_queries(contents: Contents) -> list[list[str]]:
    return [list(names) for names in _distinct(contents, "same_queries")]


def _same(contents: Contents, names: Sequence[str]) -> str:
    each = count(contents.shared[names[0]].n)
    counted = "each query counts once in what is said of several collections"
    return f"{count(len(names))} collections hold the same queries ({_named(names)}; {each} queries each): {counted}"


def _family(contents: Contents, names: Sequence[str]) -> str:
    members = [contents.shared[name] for name in names]
    n, distinct = sum(f.n for f in members), int(members[0].details["n_distinct"])
    return (
        f"{count(len(names))} collections share queries, or what their queries are about ({_named(names)}; {count(n)} queries, {count(distinct)} of "
        "them distinct): what they share is resampled together, and they count as one family"
    )


def _named(names: Sequence[str]) -> str:
    shown_names = [shown_line(name) for name in names[: NAMED if len(names) > NAMED + 1 else NAMED + 1]]
    left = len(names) - len(shown_names)
    return ", ".join(shown_names) + (f" and {count(left)} more" if left else "")
