"""50,000 records joined to works, against the similarity of all pairs of their titles."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import metadata

from rapidfuzz import fuzz, process

from bench.lines import N_RUNS, Line, alternate
from bench.records import records
from evidense.auditing.duplicates import deduplicate
from evidense.texts.names import Name
from evidense.texts.titles import title_words
from evidense.values import Work

N_RECORDS, N_COMPARED, LIKENESS = 50_000, 5_000, 90


def measure() -> list[Line]:
    """Time ours on all records, and the peer on a tenth of them, a hundredth of the pairs."""
    given = records(N_RECORDS)
    titles = [" ".join(title_words(record.title)) for record in given[:N_COMPARED]]
    times = (N_RECORDS / N_COMPARED) ** 2
    peer_s, ours_s = alternate(lambda: _all_pairs(titles), lambda: _ours(given))
    found = deduplicate(given)
    true = _pairs([record.url for record in given])
    joined = _pairs(number for number, work in enumerate(found.works) for _ in work.records)
    right = _pairs((number, record.url) for number, work in enumerate(found.works) for record in work.records)
    scaled = f"rapidfuzz {metadata.version('rapidfuzz')} ran on {N_COMPARED:,} titles (ratio, cutoff {LIKENESS}), its time × {times:.0f}"
    counted = f"{len(found.works):,} works, {len(found.doubts):,} doubts"
    shares = f"{right / joined:.4f} of the pairs that it joins are right, and {right / true:.4f} of the right ones are joined"
    return [Line(
        job="50,000 records joined to works", peer="rapidfuzz cdist of all pairs of titles", target="≤ 1/10 of its time", bound=0.1,
        sense="ours/peer ≤", peer_value=peer_s * times, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS, notes=(scaled, f"{counted}; {shares}"),
    )]  # fmt: skip


def _all_pairs(titles: Sequence[str]) -> object:
    return process.cdist(titles, titles, scorer=fuzz.ratio, score_cutoff=LIKENESS, workers=1)


def _ours(given: Sequence[Work]) -> object:
    title_words.cache_clear()
    Name.of.cache_clear()
    return deduplicate(given)


def _pairs(labels: Iterable[object]) -> int:
    """Return how many pairs bear one label."""
    counts: dict[object, int] = defaultdict(int)
    for label in labels:
        counts[label] += 1
    return sum(n * (n - 1) // 2 for n in counts.values())
